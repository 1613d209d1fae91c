"""How the cluster fences while a test lasts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab import Lab

_ACTION = ("crm_attribute", "--type", "crm_config", "--name", "stonith-action")


@contextmanager
def fenced_stay_off(lab: Lab) -> Iterator[None]:
    """Whom the cluster fences in the block stays off until the lab gives it its power back.

    A guest boots in 12 s. Meanwhile Pacemaker 2.1 may be waiting, for up to 80 s, for the
    cancellation of a monitor that the lost coordinator had ordered, and then gives the rebooted
    node all of it back.
    """
    lab.nodes[0].run([*_ACTION, "--update", "off"])
    try:
        yield
    finally:
        lab.wait_until("whom the cluster fences boots again", lambda: _forget(lab))


def _forget(lab: Lab) -> bool:
    """Whether any node has done so: one that has just got its power back cannot yet."""
    forget = [*_ACTION, "--delete"]
    return any(node.run(forget, check=False).returncode == 0 for node in lab.running_nodes())

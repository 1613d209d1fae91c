"""Whether SELinux lets the cluster run the agents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ocf_py.doctor.diagnosis import fine, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.doctor.node import Node

_STATE = "/sys/fs/selinux/enforce"
_LAUNCHERS = "/usr/lib/ocf/resource.d/ocfpy"
_LABEL = "security.selinux"
_TYPE = ":bin_t:"  # what the distributions' policies give agents


def check_selinux(node: Node) -> Iterator[Diagnosis]:
    """Its state, and where it enforces, the labels of the launchers."""
    state = (node.read(_STATE) or "").strip()
    if not state:
        yield fine("selinux", "SELinux", "is not active")
        return
    if state == "0":
        yield fine("selinux", "SELinux", "is permissive: it logs, and forbids nothing")
        return
    wrong = [name for name in node.names(_LAUNCHERS) if _TYPE not in _read_label(node, name)]
    if not wrong:
        yield fine("selinux", "SELinux", "enforces; the launchers have their label")
        return
    yield warning(
        "selinux",
        f"{_LAUNCHERS}/{wrong[0]}",
        f"SELinux enforces, and {len(wrong)} launchers lack the label of agents, bin_t",
        "the cluster may not be allowed to run them",
        "restorecon -R /usr/lib/ocf",
    )


def _read_label(node: Node, name: str) -> str:
    try:
        return os.getxattr(node.path(f"{_LAUNCHERS}/{name}"), _LABEL).decode(errors="replace")
    except OSError:
        return ""

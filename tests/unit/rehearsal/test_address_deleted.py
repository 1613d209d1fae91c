"""An address is deleted however the CIB writes it, or the play says that it was not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.errors import LabError
from ocf_py.rehearsal.faults import FAULTS

if TYPE_CHECKING:
    from typing import Any

SHOWN = """1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever
4: eth2    inet 10.77.2.11/24 brd 10.77.2.255 scope global eth2\\       valid_lft forever
4: eth2    inet 10.77.2.1/24 scope global secondary eth2\\       valid_lft forever
4: eth2    inet6 fd00::1/64 scope global \\       valid_lft forever
"""


def strike(ip: str) -> list[list[str]]:
    """What was run on the node after it was asked for its addresses."""
    ran: list[list[str]] = []

    def run(command: list[str]) -> Any:
        ran.append(command)
        return SimpleNamespace(stdout=SHOWN)

    part = SimpleNamespace(id="vip", get=lambda _: ip)
    scene: Any = SimpleNamespace(
        node=SimpleNamespace(run=run), victim="n1", stage=SimpleNamespace(addresses=[part])
    )
    FAULTS["address-deleted"]().strike(scene)
    return ran[1:]


@pytest.mark.parametrize(
    ("ip", "text"),
    [
        ("10.77.2.1", "10.77.2.1/24"),
        ("fd00::1", "fd00::1/64"),
        ("fd00:0::1", "fd00::1/64"),
        ("FD00:0000:0:0:0:0:0:1", "fd00::1/64"),
    ],
)
def test_it_is_deleted_however_it_is_written(ip: str, text: str) -> None:
    assert strike(ip) == [["ip", "address", "delete", text, "dev", "eth2"]]


def test_nothing_deleted_is_no_play() -> None:
    with pytest.raises(LabError, match=r"vip: n1 has no address 10\.77\.2\.9"):
        strike("10.77.2.9")

"""The world an agent's check plays in: one host, a cable to a peer, and the agent to call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Check = Callable[["World"], None]

V4, V6 = "192.0.2.10", "2001:db8::a1"
V24, V32, V64, V128 = f"{V4}/24", f"{V4}/32", f"{V6}/64", f"{V6}/128"
#: What eth0 and eth1 hold to begin with.
BASE4, BASE6, OTHER4 = "192.0.2.1/24", "2001:db8::1/64", "198.51.100.1/24"
BASES = {BASE4, BASE6, OTHER4}
RECURRING = 10_000  # ms


class World(Protocol):
    """One host: lo; eth0 with a cable to the peer; eth1 with one to nobody; all up.

    eth0 has BASE4 and BASE6, eth1 OTHER4. Addresses are written ADDRESS/PREFIX.
    """

    #: The exit reason of the last call.
    reason: str

    def call(
        self,
        action: str,
        *,
        interval: int = 0,
        level: int = 0,
        instance: str = "vip",
        meta: dict[str, str] | None = None,
        kill_after: int | None = None,
        **parameters: Any,
    ) -> int | None:
        """Call the agent; None if it was killed, `kill_after` steps behind its beginning."""

    def steps(self, action: str) -> Sequence[int]:
        """Where to kill an action: as many steps as it takes, or a choice of them."""

    def call_at_once(self, action: str, every: Sequence[dict[str, Any]]) -> list[int | None]:
        """Call one instance for each set of parameters, all of them at the same time."""

    def add(self, link: str, address: str) -> None:
        """Give a link an address, with nobody asked."""

    def remove(self, link: str, address: str) -> None:
        """Take an address from a link."""

    def held(self, link: str) -> set[str]:
        """The addresses of a link without those that the kernel gave it by itself."""

    def labels(self, link: str) -> set[str]:
        """The labels of a link's addresses."""

    def set_link(self, link: str, *, up: bool) -> None:
        """Set a link up or down."""

    def set_carrier(self, link: str, *, on: bool) -> None:
        """Plug the cable of eth1 in or out."""

    def rename(self, link: str, name: str) -> None:
        """Give a link another name."""

    def unplug(self, link: str) -> None:
        """Take a link away."""

    def drop_routes(self) -> None:
        """Empty the main table, for both families."""

    def hold_at_peer(self, address: str) -> None:
        """Let the peer hold an address on its end of eth0's cable."""

    def heard(self) -> list[tuple[str, str]]:
        """What the peer has heard announced since it was last asked: (form, address)."""

    def announcers(self) -> int:
        """How many processes go on announcing."""

    def records(self) -> list[str]:
        """The start records there are."""


CHECKS: list[Check] = []


def check(function: Check) -> Check:
    """Registers a check for every world."""
    CHECKS.append(function)
    return function


def address_of(ip: str) -> dict[str, Any]:
    """Parameters for V4 or V6 that leave nothing to the routes."""
    return {"ip": ip, "nic": "eth0", "cidr_netmask": 64 if ":" in ip else 24}


def ours(world: World) -> set[str]:
    """All that the host holds beside what it began with."""
    found = world.held("lo") | world.held("eth0") | world.held("eth1")
    return found - BASES

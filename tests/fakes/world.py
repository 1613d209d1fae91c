"""The world of IPaddr's checks without a kernel: the runner in here, over a fake network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ocf_py as ocf
from ipaddr import IPaddr
from ocf_py.system import announce, announcer, duplicates
from ocf_py.system.address import Address
from ocf_py.system.processes import ProcessIdentity
from ocf_py.system.records import IFA_F_NODAD
from tests.fakes.mortal import InHere, Mortal
from tests.fakes.network import FakeNetwork
from tests.ipaddr.world import BASE4, BASE6, OTHER4

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import pytest

    from ocf_py.system.records import Link

_MOST_STEPS = 60
_QUESTIONS = frozenset(
    (
        "add_address",
        "flush_route_cache",
        "holders",
        "link",
        "link_by_index",
        "links",
        "remove_address",
        "routes",
        "set_up",
        "watch_addresses",
    )
)
_RIVAL = "02:00:00:00:00:99"


class MortalNetwork(Mortal, FakeNetwork):
    """A fake network that may kill its user."""

    questions = _QUESTIONS


class FakeWorld(InHere):
    """Announcements, rivals and processes are fake too."""

    instance = "vip"

    def __init__(self, directory: Path, patch: pytest.MonkeyPatch) -> None:
        self.network = network = MortalNetwork()
        self._heard: list[tuple[str, str]] = []
        self._announcing: dict[str, tuple[Address, int]] = {}
        network.add_link("eth1")
        for link, address in (("eth0", BASE4), ("eth0", BASE6), ("eth1", OTHER4)):
            self.add(link, address)
        patch.setattr(announce, "announce_once", self._announce)
        patch.setattr(announcer, "announce_once", self._announce)
        patch.setattr(announcer, "start_announcer", self._start_announcer)
        patch.setattr(announcer, "end_announcer", self._end_announcer)
        patch.setattr(duplicates, "find_rival", self._find_rival)

        class Agent(IPaddr):
            """The address

            on a fake network.
            """

            @ocf.seam
            def network(self) -> Any:
                network.is_there = self.network_namespace is None
                return network

        super().__init__("IPaddr", Agent, network, directory / "ocfpy")

    # ------------------------------------------------------------------ what a check does

    def steps(self, action: str) -> Sequence[int]:
        return range(_MOST_STEPS)

    def call_at_once(self, action: str, every: Sequence[dict[str, Any]]) -> list[int | None]:
        return [self.call(action, **one) for one in every]

    def add(self, link: str, address: str) -> None:
        held, _, prefix = address.partition("/")
        flags = IFA_F_NODAD if ":" in held else 0
        self.network.add_address(Address.parse(held), int(prefix), self._index(link), flags=flags)

    def remove(self, link: str, address: str) -> None:
        for held in self.network.addresses(index=self._index(link)):
            if f"{held.address}/{held.prefix}" == address:
                self.network.remove_address(held)

    def held(self, link: str) -> set[str]:
        found = self.network.addresses(index=self._index(link))
        return {f"{held.address}/{held.prefix}" for held in found}

    def labels(self, link: str) -> set[str]:
        return {held.label for held in self.network.addresses(index=self._index(link))}

    def set_link(self, link: str, *, up: bool) -> None:
        self.network.set_link(self._index(link), up=up)

    def set_carrier(self, link: str, *, on: bool) -> None:
        self.network.set_carrier(self._index(link), on=on)

    def rename(self, link: str, name: str) -> None:
        found = self.network.link(link)
        assert found is not None
        found.name = name

    def unplug(self, link: str) -> None:
        self.network.unplug(link)

    def drop_routes(self) -> None:
        self.network.drop_routes()

    def hold_at_peer(self, address: str) -> None:
        self.network.rivals.add(Address.parse(address.partition("/")[0]))

    def heard(self) -> list[tuple[str, str]]:
        heard, self._heard = self._heard, []
        return heard

    def announcers(self) -> int:
        return sum(
            any(held.index == index for held in self.network.holders(address))
            for address, index in self._announcing.values()
        )

    def records(self) -> list[str]:
        return [path.name for path in self._records.glob("[!.]*")]

    # ------------------------------------------------------------------ what the agent meets

    def _index(self, link: str) -> int:
        found = self.network.link(link)
        assert found is not None, link
        return found.index

    def _announce(self, _network: object, address: Address, _link: Link, _targets: object) -> None:
        forms = ("request", "reply") if address.version == 4 else ("advertisement",)
        self._heard += [(form, str(address)) for form in forms]

    def _start_announcer(
        self,
        address: Address,
        link: Link,
        _count: int,
        _interval: float,
        _targets: object,
        admit: Callable[[ProcessIdentity], None],
    ) -> ProcessIdentity:
        identity = ProcessIdentity(4000 + len(self._announcing), 1)
        admit(identity)
        self._announcing[str(identity)] = (address, link.index)
        return identity

    def _end_announcer(self, known: str) -> None:
        self._announcing.pop(known, None)

    def _find_rival(self, _network: object, address: Address, link: Link) -> str:
        return _RIVAL if link.name == "eth0" and address in self.network.rivals else ""

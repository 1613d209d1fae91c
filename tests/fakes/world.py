"""The world of IPaddr's checks without a kernel: the runner in here, over a fake network."""

from __future__ import annotations

import contextlib
import io
import signal
from typing import TYPE_CHECKING, Any

import ocf_py as ocf
from ipaddr import IPaddr
from ocf_py.environment import Environment
from ocf_py.runner import run
from ocf_py.start_record import RecordFile
from ocf_py.system import announce, announcer, duplicates
from ocf_py.system.address import Address
from ocf_py.system.processes import ProcessIdentity
from ocf_py.system.records import IFA_F_NODAD
from tests.fakes.network import FakeNetwork
from tests.ipaddr.world import BASE4, BASE6, OTHER4

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from ocf_py.system.records import Link

_MOST_STEPS = 60
_STEPS = frozenset(
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


class Killed(BaseException):
    """SIGKILL, as far as this process can play it."""


class MortalNetwork(FakeNetwork):
    """Kills its user before or after its Nth question, and answers the dead no more."""

    steps_left: int | None = None

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name not in _STEPS or super().__getattribute__("steps_left") is None:
            return found

        def mortal(*words: Any, **named: Any) -> Any:
            self._pass_step()
            result = found(*words, **named)
            self._pass_step()
            return result

        return mortal

    def _pass_step(self) -> None:
        if self.steps_left is not None:
            if self.steps_left <= 0:
                raise Killed
            self.steps_left -= 1


class FakeWorld:
    """Announcements, rivals and processes are fake too."""

    def __init__(self, directory: Path, patch: pytest.MonkeyPatch) -> None:
        self.reason = ""
        self.network = network = MortalNetwork()
        self._records = directory / "ocfpy"
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

        self._agent = Agent

    # ------------------------------------------------------------------ what a check does

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
        variables = {
            "OCF_RESOURCE_INSTANCE": instance,
            "HA_LOGFACILITY": "none",
            "OCF_CHECK_LEVEL": str(level),
            "OCF_RESKEY_CRM_meta_timeout": "20000",
            "OCF_RESKEY_CRM_meta_interval": str(interval),
            **{f"OCF_RESKEY_CRM_meta_{name}": text for name, text in (meta or {}).items()},
            **{f"OCF_RESKEY_{name}": str(value) for name, value in parameters.items()},
        }
        file = RecordFile("IPaddr", instance, str(self._records), boot="this")
        said = io.StringIO()
        self.network.steps_left = kill_after
        try:
            with contextlib.redirect_stderr(said):
                return run(self._agent, [action], Environment(variables), file)
        except Killed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            return None
        finally:
            self.network.steps_left = None
            self.reason = said.getvalue().strip().removeprefix("ocf-exit-reason:")

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
        self, address: Address, link: Link, _count: int, _interval: float, _targets: object
    ) -> ProcessIdentity:
        identity = ProcessIdentity(4000 + len(self._announcing), 1)
        self._announcing[str(identity)] = (address, link.index)
        return identity

    def _end_announcer(self, known: str) -> None:
        self._announcing.pop(known, None)

    def _find_rival(self, _network: object, address: Address, link: Link) -> str:
        return _RIVAL if link.name == "eth0" and address in self.network.rivals else ""

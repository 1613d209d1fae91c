"""The world of IPaddr's checks on a real kernel: the installed agent, called as Pacemaker does."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from tests.ipaddr.world import BASE4, BASE6, OTHER4
from tests.kernel.calling import Installed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox
    from tests.kernel.ear import Ear

_SILENCE_SECONDS = 5.0
# System calls behind the moment at which the runner has armed its deadline; a start takes about 650
# from there, a stop 480, the others 200.
_STEPS = {"start": range(0, 680, 37), "stop": range(0, 490, 31)}
_OTHER_STEPS = range(0, 230, 23)
# What the kernel gives a link by itself: link-local addresses, and those of lo.
_BY_ITSELF = ("fe80:", "::1/128", "127.0.0.1/8")
_ANNOUNCER = "ocf_py.system.announcer"


class KernelWorld(Installed):
    """The sandbox is the host, the other end of its cable the peer; `ear` listens there."""

    instance = "vip"

    def __init__(self, sandbox: Sandbox, peer: Sandbox, ear: Ear, agents: Path) -> None:
        self._peer = peer
        self._ear = ear
        super().__init__(sandbox, agents, "IPaddr")
        self.ip("link", "add", "eth1", "type", "veth", "peer", "name", "far1")
        self.ip("link", "set", "far1", "up")
        self.ip("link", "set", "eth1", "up")
        for link, address in (("eth0", BASE4), ("eth0", BASE6), ("eth1", OTHER4)):
            self.add(link, address)

    def close(self) -> None:
        self.caller.close()

    def ip(self, *words: str) -> str:
        """Run ip(8) on the host."""
        return self.caller.run(("ip", *words), expect=(0,)).stdout

    # ------------------------------------------------------------------ what a check does

    def steps(self, action: str) -> Sequence[int]:
        return _STEPS.get(action, _OTHER_STEPS)

    def call_at_once(self, action: str, every: Sequence[dict[str, Any]]) -> list[int | None]:
        """The caller knows one at a time: these come each from a process of its own."""

        def one(number: int) -> int:
            parameters = dict(every[number])
            instance = parameters.pop("instance")
            environment = self.as_pacemaker(action, parameters, instance=instance, timeout=60)
            answer = self.sandbox.run([self.agent, action], env=environment, timeout=60)
            assert "Traceback" not in answer.stderr
            return answer.returncode

        with ThreadPoolExecutor(len(every)) as pool:
            return list(pool.map(one, range(len(every))))

    def add(self, link: str, address: str) -> None:
        self.ip("address", "add", address, "dev", link, *(["nodad"] if ":" in address else []))

    def remove(self, link: str, address: str) -> None:
        self.ip("address", "delete", address, "dev", link)

    def addresses(self, link: str) -> dict[str, dict[str, Any]]:
        """ADDRESS/PREFIX → all that ip(8) says of it."""
        (shown,) = json.loads(self.ip("-j", "-d", "address", "show", "dev", link)) or [{}]
        return {f"{one['local']}/{one['prefixlen']}": one for one in shown.get("addr_info", ())}

    def held(self, link: str) -> set[str]:
        return {one for one in self.addresses(link) if not one.startswith(_BY_ITSELF)}

    def labels(self, link: str) -> set[str]:
        return {one["label"] for one in self.addresses(link).values() if "label" in one}

    def set_link(self, link: str, *, up: bool) -> None:
        self.ip("link", "set", link, "up" if up else "down")

    def set_carrier(self, link: str, *, on: bool) -> None:
        assert link == "eth1", "its other end is here"
        self.set_link("far1", up=on)
        self._await(lambda: ("LOWER_UP" in self._flags(link)) is on, f"{link} hears of its cable")

    def rename(self, link: str, name: str) -> None:
        self.ip("link", "set", link, "name", name)

    def unplug(self, link: str) -> None:
        self.ip("link", "delete", link)

    def drop_routes(self) -> None:
        for family in ("-4", "-6"):
            self.ip(family, "route", "flush", "table", "main")

    def hold_at_peer(self, address: str) -> None:
        nodad = ["nodad"] if ":" in address else []
        words = ["ip", "address", "add", address, "dev", "eth0", *nodad]
        self._peer.run(words, check=True)

    def heard(self) -> list[tuple[str, str]]:
        return [_name(frame) for frame in self._ear.frames(0.1)]

    def announcers(self) -> int:
        """Wait for those whose address has gone: they end by themselves at their next turn."""

        def count() -> tuple[int, int]:
            held = {name.partition("/")[0] for link in self._links() for name in self.held(link)}
            shown = self.caller.run(("ps", "-eo", "args"), expect=(0,)).stdout
            lines = [line for line in shown.splitlines() if _ANNOUNCER in line]
            every = [line.split(_ANNOUNCER)[1].split()[0] for line in lines]
            return len(every), sum(address not in held for address in every)

        self._await(lambda: count()[1] == 0, "an announcer outlives its address")
        return count()[0]

    def records(self) -> list[str]:
        return [path.name for path in (self.sandbox.root / "run/ocfpy").glob("[!.]*")]

    # ------------------------------------------------------------------ its ways

    def _links(self) -> list[str]:
        return [one["ifname"] for one in json.loads(self.ip("-j", "link"))]

    def _flags(self, link: str) -> list[str]:
        (shown,) = json.loads(self.ip("-j", "link", "show", "dev", link))
        return list(shown["flags"])

    @staticmethod
    def _await(holds: Any, what: str) -> None:
        end = time.monotonic() + _SILENCE_SECONDS
        while not holds():
            assert time.monotonic() < end, what
            time.sleep(0.02)


def _name(frame: bytes) -> tuple[str, str]:
    """Say what an announcement is, decoded without our own code."""
    if frame[12:14] == b"\x08\x06":
        form = {1: "request", 2: "reply"}[int.from_bytes(frame[20:22], "big")]
        return form, socket.inet_ntop(socket.AF_INET, frame[28:32])
    return "advertisement", socket.inet_ntop(socket.AF_INET6, frame[62:78])

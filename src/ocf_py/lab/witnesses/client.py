"""A client in the service network that asks addresses again and again, and notes who answers."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import time
from typing import TYPE_CHECKING

from ocf_py.lab.networks import SERVICE
from ocf_py.lab.witnesses.answers import Answer, Outage, find_first_answer, find_longest_outage
from ocf_py.lab.witnesses.echo import PROTOCOLS
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterable

    from ocf_py.lab.lab import Lab
    from ocf_py.lab.witnesses.echo import Echo

INTERVAL = 0.02  # seconds between two questions
_PACKET_HOST = 0  # include/uapi/linux/if_packet.h
_SEQUENCES = 1 << 16


class AddressesClient(Watching):
    """Sends ICMP echo requests from the switch, as any host in the network would.

    Every `interval` seconds it asks all addresses, from one thread; `heard` has the answers of
    each, by the text that `ipaddress` writes. Its kernel resolves the addresses like everybody's,
    by ARP or neighbour discovery, so a takeover that is not announced is an outage here too. Which
    node answered is read from the frame's source, a fixed MAC.
    """

    def __init__(self, lab: Lab, addresses: Iterable[str], interval: float = INTERVAL) -> None:
        asked = [ipaddress.ip_address(address) for address in addresses]
        self.heard: dict[str, list[Answer]] = {str(address): [] for address in asked}
        super().__init__(f"client of {', '.join(self.heard)}")
        self._interval = interval
        daemon = int(lab.describe()["daemon"])
        self._nodes = {
            bytes.fromhex(SERVICE.mac(node.number).replace(":", "")): node.name
            for node in lab.nodes
        }
        self._askers: dict[int, socket.socket] = {}
        self._ears: dict[socket.socket, Echo] = {}
        with contextlib.ExitStack() as stack:
            for version in {address.version for address in asked}:
                protocol = PROTOCOLS[version]
                self._askers[version] = stack.enter_context(protocol.open_asker(daemon))
                ear = stack.enter_context(protocol.open_ear(daemon))
                ear.bind((SERVICE.bridge, protocol.frame_type))
                self._ears[ear] = protocol
            self._sockets = stack.pop_all()
        self._versions = {str(address): address.version for address in asked}
        self._identity = os.getpid() & 0xFFFF
        self._asked: dict[tuple[str, int], float] = {}

    def watch(self) -> None:
        """Ask and listen until the end."""
        sequence, due = 0, time.monotonic()
        self.ready.set()
        with self._sockets:
            while not self.ended.is_set():
                now = time.monotonic()
                if now >= due:
                    sequence = (sequence + 1) % _SEQUENCES
                    self._ask_all(sequence)
                    due = max(due + self._interval, now)
                wait = max(0.0, due - time.monotonic())
                for ear in select.select(list(self._ears), [], [], wait)[0]:
                    self._hear(ear)

    def _ask_all(self, sequence: int) -> None:
        requests = {
            version: PROTOCOLS[version].request(self._identity, sequence)
            for version in self._askers
        }
        for address, version in self._versions.items():
            self._asked[address, sequence] = time.monotonic()
            # Nobody resolves the address: a question without an answer.
            with contextlib.suppress(OSError):
                self._askers[version].sendto(requests[version], (address, 0))

    def _hear(self, ear: socket.socket) -> None:
        packet, source = ear.recvfrom(2048)
        now = time.monotonic()
        reply = self._ears[ear].read_reply(packet) if source[2] == _PACKET_HOST else None
        if reply is None or reply.identity != self._identity:
            return
        asked = self._asked.pop((reply.address, reply.sequence), None)
        if asked is not None:
            node = self._nodes.get(source[4], f"a stranger, {source[4].hex(':')}")
            self.heard[reply.address].append(Answer(asked, now, node))


class Client(AddressesClient):
    """The same for one address."""

    def __init__(self, lab: Lab, address: str) -> None:
        super().__init__(lab, [address])
        ((self.address, self.answers),) = self.heard.items()

    def longest_outage(self, since: float = 0.0) -> Outage | None:
        """The longest time between two answers of which the second came after `since`."""
        return find_longest_outage(list(self.answers), since)

    def first_answer(self, node: str, since: float = 0.0) -> Answer | None:
        """The first question asked after `since` that a node has answered."""
        return find_first_answer(list(self.answers), node, since)

"""A client in the service network that asks addresses again and again, and notes who answers."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import socket
import struct
import time
from typing import TYPE_CHECKING

from ocf_py.lab.namespaces import open_socket_in
from ocf_py.lab.networks import SERVICE
from ocf_py.lab.witnesses.answers import Answer, Outage, find_first_answer, find_longest_outage
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocf_py.lab.lab import Lab

INTERVAL = 0.02  # seconds between two questions
_ETH_P_IP = 0x0800  # include/uapi/linux/if_ether.h
_PACKET_HOST = 0  # include/uapi/linux/if_packet.h
_ICMP = 1
_ECHO_REQUEST, _ECHO_REPLY = 8, 0  # RFC 792
_ECHO = struct.Struct("!BBHHH")
_SEQUENCES = 1 << 16


class AddressesClient(Watching):
    """Sends ICMP echo requests (IPv4) from the switch, as any host in the network would.

    Every `interval` seconds it asks all addresses, from one thread; `heard` has the answers of
    each. Its kernel resolves the addresses like everybody's, so a takeover that is not announced
    is an outage here too. Which node answered is read from the frame's source, a fixed MAC.
    """

    def __init__(self, lab: Lab, addresses: Iterable[str], interval: float = INTERVAL) -> None:
        self.heard: dict[str, list[Answer]] = {
            str(ipaddress.IPv4Address(address)): [] for address in addresses
        }
        super().__init__(f"client of {', '.join(self.heard)}")
        self._interval = interval
        daemon = int(lab.describe()["daemon"])
        self._nodes = {
            bytes.fromhex(SERVICE.mac(node.number).replace(":", "")): node.name
            for node in lab.nodes
        }
        self._asking = open_socket_in(daemon, socket.AF_INET, socket.SOCK_RAW, _ICMP)
        self._hearing = open_socket_in(
            daemon, socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP)
        )
        self._hearing.bind((SERVICE.bridge, _ETH_P_IP))
        for its in (self._asking, self._hearing):
            its.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._identity = os.getpid() & 0xFFFF
        self._asked: dict[tuple[str, int], float] = {}

    def watch(self) -> None:
        """Ask and listen until the end."""
        sequence, due = 0, time.monotonic()
        self.ready.set()
        with self._asking, self._hearing:
            while not self.ended.is_set():
                now = time.monotonic()
                if now >= due:
                    sequence = (sequence + 1) % _SEQUENCES
                    self._ask_all(sequence)
                    due = max(due + self._interval, now)
                wait = max(0.0, due - time.monotonic())
                if select.select([self._hearing], [], [], wait)[0]:
                    self._hear()

    def _ask_all(self, sequence: int) -> None:
        header = _ECHO.pack(_ECHO_REQUEST, 0, 0, self._identity, sequence)
        checked = _ECHO.pack(_ECHO_REQUEST, 0, _checksum(header), self._identity, sequence)
        for address in self.heard:
            self._asked[address, sequence] = time.monotonic()
            # Nobody resolves the address: a question without an answer.
            with contextlib.suppress(OSError):
                self._asking.sendto(checked, (address, 0))

    def _hear(self) -> None:
        packet, source = self._hearing.recvfrom(2048)
        now = time.monotonic()
        header = (packet[0] & 0x0F) * 4
        if source[2] != _PACKET_HOST or packet[9] != _ICMP or len(packet) < header + _ECHO.size:
            return
        kind, _, _, identity, sequence = _ECHO.unpack_from(packet, header)
        if kind != _ECHO_REPLY or identity != self._identity:
            return
        address = socket.inet_ntoa(packet[12:16])
        asked = self._asked.pop((address, sequence), None)
        if asked is not None:
            node = self._nodes.get(source[4], f"a stranger, {source[4].hex(':')}")
            self.heard[address].append(Answer(asked, now, node))


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


def _checksum(message: bytes) -> int:
    """Internet checksum of a message of even length, RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF

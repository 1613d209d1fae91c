"""A client in the service network that asks an address every 20 ms, and notes who answers."""

from __future__ import annotations

import ipaddress
import os
import select
import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.lab.namespaces import open_socket_in
from ocf_py.lab.networks import SERVICE
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab

INTERVAL = 0.02  # seconds between two questions
_ETH_P_IP = 0x0800  # include/uapi/linux/if_ether.h
_PACKET_HOST = 0  # include/uapi/linux/if_packet.h
_ICMP = 1
_ECHO_REQUEST, _ECHO_REPLY = 8, 0  # RFC 792
_ECHO = struct.Struct("!BBHHH")
_SEQUENCES = 1 << 16


@dataclass(frozen=True)
class Answer:
    """One answered question; times are CLOCK_MONOTONIC in seconds."""

    asked: float
    answered: float
    node: str


@dataclass(frozen=True)
class Outage:
    """The time between two answers that follow each other."""

    last_answer: Answer
    first_answer: Answer

    @property
    def milliseconds(self) -> float:
        """How long nobody answered."""
        return (self.first_answer.answered - self.last_answer.answered) * 1000


class Client(Watching):
    """Sends ICMP echo requests (IPv4) from the switch, as any host in the network would.

    Its kernel resolves the address like everybody's, so a takeover that is not announced is an
    outage here too. Which node answered is read from the frame's source, a fixed MAC.
    """

    def __init__(self, lab: Lab, address: str) -> None:
        super().__init__(f"client of {address}")
        self.address = str(ipaddress.IPv4Address(address))
        self.answers: list[Answer] = []
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
        self._asking.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._identity = os.getpid() & 0xFFFF
        self._asked: dict[int, float] = {}

    def watch(self) -> None:
        """Ask and listen until the end."""
        sequence, due = 0, time.monotonic()
        self.ready.set()
        with self._asking, self._hearing:
            while not self.ended.is_set():
                now = time.monotonic()
                if now >= due:
                    sequence = (sequence + 1) % _SEQUENCES
                    self._ask(sequence)
                    due = max(due + INTERVAL, now)
                wait = max(0.0, due - time.monotonic())
                if select.select([self._hearing], [], [], wait)[0]:
                    self._hear()

    def _ask(self, sequence: int) -> None:
        header = _ECHO.pack(_ECHO_REQUEST, 0, 0, self._identity, sequence)
        checked = _ECHO.pack(_ECHO_REQUEST, 0, _checksum(header), self._identity, sequence)
        self._asked[sequence] = time.monotonic()
        try:
            self._asking.sendto(checked, (self.address, 0))
        except OSError:  # nobody resolves the address: a question without an answer
            return

    def _hear(self) -> None:
        packet, source = self._hearing.recvfrom(2048)
        now = time.monotonic()
        header = (packet[0] & 0x0F) * 4
        if (
            source[2] != _PACKET_HOST
            or packet[9] != _ICMP
            or socket.inet_ntoa(packet[12:16]) != self.address
            or len(packet) < header + _ECHO.size
        ):
            return
        kind, _, _, identity, sequence = _ECHO.unpack_from(packet, header)
        asked = self._asked.pop(sequence, None)
        if kind == _ECHO_REPLY and identity == self._identity and asked is not None:
            node = self._nodes.get(source[4], f"a stranger, {source[4].hex(':')}")
            self.answers.append(Answer(asked, now, node))

    def longest_outage(self, since: float = 0.0) -> Outage | None:
        """The longest time between two answers of which the second came after `since`."""
        answers = list(self.answers)
        outages = [
            Outage(before, after)
            for before, after in zip(answers, answers[1:])
            if after.answered >= since
        ]
        return max(outages, key=lambda outage: outage.milliseconds, default=None)

    def first_answer(self, node: str, since: float = 0.0) -> Answer | None:
        """The first question asked after `since` that a node has answered."""
        return next((a for a in list(self.answers) if a.node == node and a.asked >= since), None)


def _checksum(message: bytes) -> int:
    """Internet checksum of a message of even length, RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF

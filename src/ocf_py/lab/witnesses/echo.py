"""The question that any host answers, and its answer: ICMP's echo, of IPv4 and of IPv6."""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import NamedTuple

from ocf_py.lab.namespaces import open_socket_in

_ECHO = struct.Struct("!BBHHH")  # RFC 792, RFC 4443 4.1: type, code, checksum, identity, sequence

_LEAST_HEADER, _HEADER6 = 20, 40  # bytes, RFC 791 3.1, RFC 8200 3


class Reply(NamedTuple):
    """Who says to have answered which question; `address` as `ipaddress` writes it."""

    address: str
    identity: int
    sequence: int


class Echo:
    """Of IPv4, RFC 792."""

    family: int = socket.AF_INET
    protocol: int = socket.IPPROTO_ICMP
    frame_type: int = 0x0800  # include/uapi/linux/if_ether.h
    _kinds = (8, 0)  # of a request, and of the reply

    def open_asker(self, pid: int) -> socket.socket:
        """Open what sends requests from the network namespace of process `pid`; OSError."""
        return _unblocked(open_socket_in(pid, self.family, socket.SOCK_RAW, self.protocol))

    def open_ear(self, pid: int) -> socket.socket:
        """Open what hears frames there, for a packet(7) address; without their headers. OSError."""
        frame_type = socket.htons(self.frame_type)
        return _unblocked(open_socket_in(pid, socket.AF_PACKET, socket.SOCK_DGRAM, frame_type))

    def request(self, identity: int, sequence: int) -> bytes:
        """Build a request without any data."""
        header = self._pack(0, identity, sequence)
        return self._pack(_checksum(header), identity, sequence)

    def read_reply(self, packet: bytes) -> Reply | None:
        """Read a reply from what came without the frame's header; None: it is something else."""
        if len(packet) < _LEAST_HEADER:
            return None
        length = (packet[0] & 0x0F) * 4
        return self._read(packet, packet[9], packet[12:16], length)

    def _pack(self, checksum: int, identity: int, sequence: int) -> bytes:
        return _ECHO.pack(self._kinds[0], 0, checksum, identity, sequence)

    def _read(self, packet: bytes, protocol: int, source: bytes, length: int) -> Reply | None:
        if protocol != self.protocol or len(packet) < length + _ECHO.size:
            return None
        kind, _, _, identity, sequence = _ECHO.unpack_from(packet, length)
        if kind != self._kinds[1]:
            return None
        return Reply(str(ipaddress.ip_address(source)), identity, sequence)


class Echo6(Echo):
    """Of IPv6, RFC 4443; no host has a reason to put anything before its header."""

    family: int = socket.AF_INET6
    protocol: int = socket.IPPROTO_ICMPV6
    frame_type: int = 0x86DD
    _kinds = (128, 129)

    def request(self, identity: int, sequence: int) -> bytes:
        """Build a request whose checksum is the kernel's to fill in, RFC 3542 3.1."""
        return self._pack(0, identity, sequence)

    def read_reply(self, packet: bytes) -> Reply | None:
        """Read a reply, likewise."""
        if len(packet) < _HEADER6:
            return None
        return self._read(packet, packet[6], packet[8:24], _HEADER6)


#: By the version of IP.
PROTOCOLS: dict[int, Echo] = {4: Echo(), 6: Echo6()}


def _unblocked(its: socket.socket) -> socket.socket:
    its.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return its


def _checksum(message: bytes) -> int:
    """Internet checksum of a message of even length, RFC 1071."""
    total: int = sum(struct.unpack(f"!{len(message) // 2}H", message))
    total = (total & 0xFFFF) + (total >> 16)
    return ~(total + (total >> 16)) & 0xFFFF

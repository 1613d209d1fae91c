"""ICMP's echo: the answers that a client in the lab hears are told from all else on the network."""

from __future__ import annotations

import struct

import pytest

from ocf_py.lab.witnesses.echo import PROTOCOLS, Echo, Reply

IPV4 = bytes.fromhex("45000038 12340000 4001ffff") + bytes([10, 77, 2, 100]) + bytes(4)
WITH_OPTIONS = bytes([0x46]) + IPV4[1:] + bytes(4)
IPV6 = bytes.fromhex("60000000 00083aff fd77 0000 0000 0002 0000 0000 0000 0100") + bytes(16)
ANSWER = struct.pack("!BBHHH", 0, 0, 0xFFFF, 7, 300)
ANSWER6 = struct.pack("!BBHHH", 129, 0, 0xFFFF, 7, 300)


@pytest.mark.parametrize(
    ("protocol", "packet", "address"),
    [
        (PROTOCOLS[4], IPV4 + ANSWER, "10.77.2.100"),
        (PROTOCOLS[4], WITH_OPTIONS + ANSWER, "10.77.2.100"),
        (PROTOCOLS[6], IPV6 + ANSWER6 + b"more", "fd77:0:0:2::100"),
    ],
)
def test_a_reply_says_who_answers_what(protocol: Echo, packet: bytes, address: str) -> None:
    assert protocol.read_reply(packet) == Reply(address, 7, 300)


@pytest.mark.parametrize(
    ("protocol", "packet"),
    [
        (PROTOCOLS[4], IPV4 + PROTOCOLS[4].request(7, 300)),
        (PROTOCOLS[4], IPV4 + ANSWER[:-1]),
        (PROTOCOLS[4], IPV4[:9] + bytes([17]) + IPV4[10:] + ANSWER),
        (PROTOCOLS[6], IPV6 + PROTOCOLS[6].request(7, 300)),
        (PROTOCOLS[6], IPV6 + ANSWER6[:-1]),
        (PROTOCOLS[6], IPV6[:6] + bytes([17]) + IPV6[7:] + ANSWER6),
        (PROTOCOLS[4], b""),
        (PROTOCOLS[4], IPV4[:-1]),
        (PROTOCOLS[6], b""),
        (PROTOCOLS[6], IPV6[:-1]),
    ],
)
def test_all_else_is_no_reply(protocol: Echo, packet: bytes) -> None:
    assert protocol.read_reply(packet) is None


def test_a_request_of_ipv4_carries_its_checksum() -> None:
    words = struct.unpack("!4H", PROTOCOLS[4].request(0xFEDC, 0xBA98))
    total = sum(words)
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF  # RFC 1071 1

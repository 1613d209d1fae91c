"""The packets that announce, field by field as the RFCs draw them."""

from __future__ import annotations

import pytest

from ocf_py.system import packets
from ocf_py.system.address import Address
from ocf_py.system.announce import NotEthernet, announce_once
from ocf_py.system.network import Network
from ocf_py.system.packets import arp_announcement as arp
from ocf_py.system.packets import neighbour_advertisement as advertisement
from ocf_py.system.records import Link

_MAC = bytes.fromhex("020000000a01")
_V4 = bytes((192, 0, 2, 10))
_V6 = bytes.fromhex("20010db80000000000000000000000a1")


def test_an_arp_request_is_that_of_rfc_826_and_5227() -> None:
    assert arp(_V4, _MAC).hex() == (
        "ffffffffffff"  # to all
        "020000000a01"
        "0806"
        "0001"  # Ethernet
        "0800"  # IPv4
        "06"
        "04"
        "0001"  # request
        "020000000a01"
        "c000020a"
        "000000000000"
        "c000020a"
    )


def test_an_arp_reply_differs_in_operation_and_target() -> None:
    request, reply = arp(_V4, _MAC), arp(_V4, _MAC, reply=True)
    assert reply[20:22] == b"\0\2"
    assert reply[32:38] == _MAC
    assert request[:20] + request[22:32] + request[38:] == reply[:20] + reply[22:32] + reply[38:]


def test_an_advertisement_is_that_of_rfc_4861() -> None:
    assert advertisement(_V6, _MAC).hex() == (
        "88"  # neighbour advertisement
        "00"
        "0000"  # the kernel's checksum
        "20000000"  # Override
        "20010db80000000000000000000000a1"
        "02"  # target link-layer address
        "01"  # 8 bytes
        "020000000a01"
    )


def test_a_router_says_that_it_is_one() -> None:
    assert advertisement(_V6, _MAC, router=True)[4:8] == b"\xa0\0\0\0"


def test_a_question_names_its_target_and_tells_who_asks() -> None:
    frame = packets.arp_question(_V4, _MAC, bytes((192, 0, 2, 1)), to=b"\2\0\0\0\0\7")
    assert frame[:6] == b"\2\0\0\0\0\7"
    assert (frame[28:32], frame[38:42]) == (_V4, bytes((192, 0, 2, 1)))
    assert packets.read_arp_sender(frame) == (_V4, _MAC)


def test_a_probe_claims_nothing() -> None:
    frame = packets.arp_probe(_V4, _MAC)
    assert packets.read_arp_sender(frame) == (b"\0" * 4, _MAC)
    assert frame[38:42] == _V4


def test_a_solicitation_is_that_of_rfc_4862_with_a_checksum_that_adds_up() -> None:
    frame = packets.solicitation_frame(_V6, _MAC)
    assert frame[:14].hex() == "3333ff0000a1" + "020000000a01" + "86dd"
    assert frame[14:22].hex() == "60000000" + "0018" + "3a" + "ff"
    assert frame[22:38] == b"\0" * 16
    assert frame[38:54].hex() == "ff0200000000000000000001ff0000a1"
    assert frame[54:58] + frame[58:62] == b"\x87\0" + frame[56:58] + b"\0" * 4
    assert frame[62:] == _V6
    pseudo = frame[22:54] + bytes((0, 0, 0, 24, 0, 0, 0, 58)) + frame[54:]
    total = sum(int.from_bytes(pseudo[at : at + 2], "big") for at in range(0, len(pseudo), 2))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF


@pytest.mark.parametrize(
    "frame",
    [b"", b"\0" * 42, arp(_V4, _MAC)[:41], arp(_V4, _MAC)[:14] + b"\0\6" + arp(_V4, _MAC)[16:]],
)
def test_what_is_no_arp_is_nobodys_claim(frame: bytes) -> None:
    assert packets.read_arp_sender(frame) is None


def test_an_advertiser_is_read_behind_other_options() -> None:
    nonce = b"\x0e\1" + b"\0" * 6
    said = advertisement(_V6, _MAC)
    assert packets.read_advertiser(said) == (_V6, _MAC)
    assert packets.read_advertiser(said[:24] + nonce + said[24:]) == (_V6, _MAC)
    for torn in (b"", said[:20], said[:24], said[:24] + b"\2\0" + b"\0" * 6, b"\x87" + said[1:]):
        assert packets.read_advertiser(torn) is None


@pytest.mark.parametrize("address", ["192.0.2.10", "2001:db8::a1"])
def test_other_links_than_ethernet_are_refused_before_anything_is_sent(address: str) -> None:
    infiniband = Link(5, "ib0", 1, b"\0" * 20, 32, 2044)
    with pytest.raises(NotEthernet, match=r"ib0 is no Ethernet link \(hardware type 32\)"):
        announce_once(Network(), Address.parse(address), infiniband)

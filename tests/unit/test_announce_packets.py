"""The packets that announce, field by field as the RFCs draw them."""

from __future__ import annotations

import pytest

from ocf_py.system.address import Address
from ocf_py.system.announce import NotEthernet, announce_once
from ocf_py.system.announce import arp_announcement as arp
from ocf_py.system.announce import neighbour_advertisement as advertisement
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


@pytest.mark.parametrize("address", ["192.0.2.10", "2001:db8::a1"])
def test_other_links_than_ethernet_are_refused_before_anything_is_sent(address: str) -> None:
    infiniband = Link(5, "ib0", 1, b"\0" * 20, 32, 2044)
    with pytest.raises(NotEthernet, match=r"ib0 is no Ethernet link \(hardware type 32\)"):
        announce_once(Address.parse(address), infiniband)

"""What the neighbour at the other end of the cable hears, decoded without our own code."""

from __future__ import annotations

import errno
import os
import socket
import struct
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.system import announce, announcer
from ocf_py.system.address import Address
from ocf_py.system.network import Link, Network
from ocf_py.system.processes import terminate
from ocf_py.system.records import IFA_F_NODAD
from tests.kernel.inside import inside

if TYPE_CHECKING:
    from ocf_py.conformance.sandbox import Sandbox
    from tests.kernel.ear import Ear

_V4 = Address.parse("192.0.2.10")
_V6 = Address.parse("2001:db8::a1")


def _eth0() -> Link:
    link = Network().link("eth0")
    assert link is not None
    return link


def _hold() -> Link:
    link = _eth0()
    network = Network()
    network.add_address(_V4, 24, link.index)
    network.add_address(_V6, 64, link.index, flags=IFA_F_NODAD)
    return link


def test_gratuitous_arp_is_heard_as_request_and_as_reply(sandbox: Sandbox, ear: Ear) -> None:
    def body() -> bytes:
        link = _eth0()
        announce.announce_once(Network(), _V4, link)
        return link.mac

    mac = inside(sandbox, body)
    heard = ear.frames(10, enough=2)
    assert len(heard) == 2
    for frame, (operation, target) in zip(heard, ((1, b"\0" * 6), (2, mac))):
        assert frame[:6] == b"\xff" * 6
        assert frame[6:12] == mac
        assert struct.unpack("!HHBBH", frame[14:22]) == (1, 0x0800, 6, 4, operation)
        assert frame[22:28] == mac
        assert socket.inet_ntoa(frame[28:32]) == socket.inet_ntoa(frame[38:42]) == "192.0.2.10"
        assert frame[32:38] == target


@pytest.mark.parametrize("forwarding", ["0", "1"])
def test_the_neighbour_advertisement_is_heard(sandbox: Sandbox, ear: Ear, forwarding: str) -> None:
    sandbox.run(["sysctl", "-qw", f"net.ipv6.conf.eth0.forwarding={forwarding}"], check=True)

    def body() -> bytes:
        link = _hold()
        announce.announce_once(Network(), _V6, link)
        return link.mac

    mac = inside(sandbox, body)
    (frame,) = ear.frames(10, enough=1)
    assert frame[:6] == b"\x33\x33\0\0\0\1"
    assert frame[6:12] == mac
    assert frame[21] == 255  # hop limit
    assert socket.inet_ntop(socket.AF_INET6, frame[22:38]) == "2001:db8::a1"
    assert socket.inet_ntop(socket.AF_INET6, frame[38:54]) == "ff02::1"
    message = frame[54:]
    assert message[4] & 0x20, "the Override flag is set"
    assert not message[4] & 0x40, "the Solicited flag is not"
    assert bool(message[4] & 0x80) == (forwarding == "1"), "the Router flag is the node's"
    assert socket.inet_ntop(socket.AF_INET6, message[8:24]) == "2001:db8::a1"
    assert message[24:26] == b"\x02\x01"
    assert message[26:32] == mac
    # The checksum over pseudo header and message comes out as all ones (RFC 4443 section 2.3).
    covered = frame[22:54] + struct.pack("!IHBB", len(message), 0, 0, 58) + message
    total = sum(struct.unpack(f"!{len(covered) // 2}H", covered))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    assert total == 0xFFFF


def test_the_neighbours_table_is_corrected(sandbox: Sandbox, peer: Sandbox) -> None:
    """What it is all for: the peer believed the address elsewhere, and is put right."""
    peer.run(["ip", "addr", "add", "192.0.2.1/24", "dev", "eth0"], check=True)
    peer.run(["ip", "addr", "add", "2001:db8::1/64", "dev", "eth0", "nodad"], check=True)
    for address in ("192.0.2.10", "2001:db8::a1"):
        words = f"neigh replace {address} lladdr 02:00:00:00:00:99 dev eth0 nud stale"
        peer.run(["ip", *words.split()], check=True)

    def body() -> str:
        link = _hold()
        # Linux ignores an ARP update within a second of the last one (locktime).
        time.sleep(1.1)
        announce.announce_once(Network(), _V4, link)
        announce.announce_once(Network(), _V6, link)
        return link.mac.hex(":")

    mac = inside(sandbox, body)
    for address in ("192.0.2.10", "2001:db8::a1"):
        end = time.monotonic() + 10
        table = ""
        while mac not in table and time.monotonic() < end:
            table = peer.run(["ip", "neigh", "show", address], check=True).stdout
            time.sleep(0.05)
        assert mac in table, table


def test_an_ipv6_address_that_is_not_held_cannot_be_announced(sandbox: Sandbox) -> None:
    def body() -> None:
        with pytest.raises(OSError, match="Cannot assign") as caught:
            announce.announce_once(Network(), _V6, _eth0())
        assert caught.value.errno == errno.EADDRNOTAVAIL

    inside(sandbox, body)


def test_a_link_that_is_no_ethernet_is_refused_by_name(sandbox: Sandbox) -> None:
    def body() -> None:
        loopback = Network().link("lo")
        assert loopback is not None
        with pytest.raises(announce.NotEthernet, match="lo is no Ethernet link"):
            announce.announce_once(Network(), _V4, loopback)

    inside(sandbox, body)


@pytest.mark.parametrize("address", [_V4, _V6], ids=["ipv4", "ipv6"])
def test_the_background_announcer_repeats_and_ends(
    sandbox: Sandbox, ear: Ear, address: Address
) -> None:
    def body() -> bool:
        link = _hold()
        identity = announcer.start_announcer(address, link, 3, 0.1)
        end = time.monotonic() + 20
        while identity.is_alive() and time.monotonic() < end:
            time.sleep(0.02)
        return identity.is_alive()

    assert inside(sandbox, body) is False
    assert len(ear.frames(1)) == 3 * (2 if address is _V4 else 1)


def test_the_announcer_falls_silent_once_the_address_has_gone(sandbox: Sandbox, ear: Ear) -> None:
    def body() -> None:
        link = _hold()
        network = Network()
        announcers = [
            announcer.start_announcer(address, link, 1000, 0.05) for address in (_V4, _V6)
        ]
        time.sleep(2)  # on a busy machine an interpreter starts slowly
        for address in (_V4, _V6):
            (held,) = network.holders(address)
            assert network.remove_address(held)
        end = time.monotonic() + 20
        while any(one.is_alive() for one in announcers) and time.monotonic() < end:
            time.sleep(0.02)
        assert not any(one.is_alive() for one in announcers)

    inside(sandbox, body)
    assert len(ear.frames(1)) >= 4


def test_the_announcer_ends_when_its_link_is_taken_away(sandbox: Sandbox) -> None:
    def body() -> None:
        identity = announcer.start_announcer(_V4, _hold(), 1000, 0.05)
        os.system("ip link del eth0")  # noqa: S605
        end = time.monotonic() + 20
        while identity.is_alive() and time.monotonic() < end:
            time.sleep(0.02)
        assert not identity.is_alive()

    inside(sandbox, body)


def test_a_stopped_announcer_is_not_heard_again(sandbox: Sandbox, ear: Ear) -> None:
    def body() -> None:
        identity = announcer.start_announcer(_V4, _hold(), 1000, 0.05)
        time.sleep(0.3)
        assert terminate(identity, 1)
        assert not identity.is_alive()

    inside(sandbox, body)
    ear.frames(0.2)
    assert ear.frames(0.5) == []

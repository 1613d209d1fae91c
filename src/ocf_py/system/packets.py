"""The packets by which neighbours learn, and are asked, who has an address.

Sources: RFC 826 and 5227 (ARP for IPv4), RFC 4861 and 4443 (neighbour discovery for IPv6).
"""

from __future__ import annotations

from _struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ETH_P_ARP = 0x0806
ETH_P_IPV6 = 0x86DD
BROADCAST = b"\xff" * 6
_NOBODY = b"\0" * 6
_ETHERNET = Struct("!6s6sH")
_ARP = Struct("!HHBBH6s4s6s4s")
_ETHERNET_ARP = (1, 0x0800, 6, 4)  # hardware Ethernet, protocol IPv4, the lengths of both
_REQUEST, _REPLY = 1, 2

ND_NEIGHBOUR_ADVERT = 136
_ND_NEIGHBOUR_SOLICIT = 135
_ADVERTISEMENT = Struct("!BBHI16s")  # solicitations are drawn alike, without the flags
_FLAG_ROUTER, _FLAG_OVERRIDE = 0x80000000, 0x20000000
_OPTION_TARGET_LINK_ADDRESS = 2
HOP_LIMIT = 255  # RFC 4861 section 7.1.2: a router in between would have lowered it
_IPV6 = Struct("!IHBB16s16s")
_ICMPV6 = 58
_SOLICITED_NODE = bytes.fromhex("ff0200000000000000000001ff")  # RFC 4291 section 2.7.1


def arp_announcement(
    address: bytes, mac: bytes, *, reply: bool = False, to: bytes = BROADCAST
) -> bytes:
    """Build the Ethernet frame of a gratuitous ARP: sender and target are both ``address``.

    ``address`` is 4 bytes, ``mac`` and ``to`` are 6. As a request (RFC 5227) its target hardware
    address is zero; as a reply (RFC 5944 section 4.6), for hosts that learn from replies alone,
    our own.
    """
    if reply:
        return _arp(_REPLY, mac, address, mac, address, to)
    return _arp(_REQUEST, mac, address, _NOBODY, address, to)


def arp_question(address: bytes, mac: bytes, target: bytes, *, to: bytes = BROADCAST) -> bytes:
    """Build the frame that asks who has ``target``, and so tells it who has ``address``.

    The one that is asked notes the sender, also where it ignores what is announced (RFC 826).
    """
    return _arp(_REQUEST, mac, address, _NOBODY, target, to)


def arp_probe(address: bytes, mac: bytes) -> bytes:
    """Build the frame that asks who has ``address`` and claims nothing (RFC 5227 section 1.1)."""
    return _arp(_REQUEST, mac, b"\0" * 4, _NOBODY, address, BROADCAST)


def read_arp_sender(frame: bytes) -> tuple[bytes, bytes] | None:
    """Read who says to have what from an Ethernet frame: (address, mac); None if it is no ARP."""
    if len(frame) < _ETHERNET.size + _ARP.size:
        return None
    if _ETHERNET.unpack_from(frame)[2] != ETH_P_ARP:
        return None
    fields: tuple[Any, ...] = _ARP.unpack_from(frame, _ETHERNET.size)
    operation, mac, address = fields[4:7]
    if fields[:4] != _ETHERNET_ARP or operation not in (_REQUEST, _REPLY):
        return None
    return address, mac


def neighbour_advertisement(address: bytes, mac: bytes, *, router: bool = False) -> bytes:
    """Build the ICMPv6 message of an unsolicited neighbour advertisement.

    ``address`` is 16 bytes, ``mac`` 6. Override is set and Solicited is not; the checksum is left
    0 for the kernel (RFC 3542 section 3.1). ``router`` must be true on a forwarding node, or its
    neighbours drop it as a default router (RFC 4861 section 7.2.5).
    """
    flags = _FLAG_OVERRIDE | (_FLAG_ROUTER if router else 0)
    option = bytes((_OPTION_TARGET_LINK_ADDRESS, 1)) + mac  # its length in units of 8 bytes
    return _ADVERTISEMENT.pack(ND_NEIGHBOUR_ADVERT, 0, 0, flags, address) + option


def read_advertiser(message: bytes) -> tuple[bytes, bytes] | None:
    """Read who says to have what from an ICMPv6 message: (address, mac).

    None if it is no neighbour advertisement, or one that leaves its link-layer address away.
    """
    if len(message) < _ADVERTISEMENT.size or message[:2] != bytes((ND_NEIGHBOUR_ADVERT, 0)):
        return None
    address = message[8 : _ADVERTISEMENT.size]
    offset = _ADVERTISEMENT.size
    while offset + 8 <= len(message):
        length = message[offset + 1] * 8
        if length == 0:
            return None
        if message[offset] == _OPTION_TARGET_LINK_ADDRESS:
            return address, message[offset + 2 : offset + 8]
        offset += length
    return None


def solicitation_frame(address: bytes, mac: bytes) -> bytes:
    """Build the Ethernet frame that asks who has ``address`` and claims nothing.

    That of duplicate address detection (RFC 4862 section 5.4.2): from the unspecified address,
    so that the answer goes to all nodes.
    """
    group = _SOLICITED_NODE + address[13:]
    message = bytearray(_ADVERTISEMENT.pack(_ND_NEIGHBOUR_SOLICIT, 0, 0, 0, address))
    source = b"\0" * 16
    pseudo = source + group + Struct("!IHBB").pack(len(message), 0, 0, _ICMPV6)
    message[2:4] = _checksum(pseudo + message)
    header = _IPV6.pack(6 << 28, len(message), _ICMPV6, HOP_LIMIT, source, group)
    return _ETHERNET.pack(b"\x33\x33" + group[12:], mac, ETH_P_IPV6) + header + message


def _arp(
    operation: int, mac: bytes, address: bytes, target_mac: bytes, target: bytes, to: bytes
) -> bytes:
    return _ETHERNET.pack(to, mac, ETH_P_ARP) + _ARP.pack(
        *_ETHERNET_ARP, operation, mac, address, target_mac, target
    )


def _checksum(data: bytes) -> bytes:
    """The Internet checksum (RFC 1071) of an even number of bytes."""
    total = sum(Struct(f"!{len(data) // 2}H").unpack(data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return bytes(divmod(~total & 0xFFFF, 256))

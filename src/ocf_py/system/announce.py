"""Announcing an address, so that neighbours send to its new place at once.

IPv4: gratuitous ARP (RFC 826, the announcement of RFC 5227 section 3). IPv6: unsolicited neighbour
advertisement (RFC 4861 section 7.2.6). Run through `background`, it sends the repetitions.
"""

from __future__ import annotations

import errno
from struct import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .address import Address
    from .network import Network
    from .processes import ProcessIdentity
    from .records import Link

_ETH_P_ARP = 0x0806
_ETH_BROADCAST = b"\xff" * 6
_ETHERNET = Struct("!6s6sH")
_ARP = Struct("!HHBBH6s4s6s4s")
_ARP_HARDWARE_ETHERNET, _ARP_PROTOCOL_IPV4 = 1, 0x0800
_ARP_REQUEST, _ARP_REPLY = 1, 2

_ND_NEIGHBOR_ADVERT = 136
_FLAG_ROUTER, _FLAG_OVERRIDE = 0x80000000, 0x20000000
_OPTION_TARGET_LINK_ADDRESS = 2
_ADVERTISEMENT = Struct("!BBHI16s")
_ALL_NODES = "ff02::1"
_HOP_LIMIT = 255  # RFC 4861 section 7.1.2: a router in between would have lowered it

# What says that the address or its link has gone meanwhile.
_GONE = (errno.EADDRNOTAVAIL, errno.ENODEV, errno.ENXIO, errno.ENETDOWN)


class NotEthernet(OSError):  # noqa: N818 - says what is
    """The link does not speak Ethernet ARP or neighbour discovery; the message names it."""


def arp_announcement(address: bytes, mac: bytes, *, reply: bool = False) -> bytes:
    """Build the Ethernet frame of a gratuitous ARP: sender and target are both ``address``.

    ``address`` is 4 bytes, ``mac`` 6. As a request (RFC 5227) its target hardware address is
    zero; as a reply (RFC 5944 section 4.6), for hosts that learn from replies alone, our own.
    """
    operation, target = (_ARP_REPLY, mac) if reply else (_ARP_REQUEST, b"\0" * 6)
    return _ETHERNET.pack(_ETH_BROADCAST, mac, _ETH_P_ARP) + _ARP.pack(
        _ARP_HARDWARE_ETHERNET,
        _ARP_PROTOCOL_IPV4,
        len(mac),
        len(address),
        operation,
        mac,
        address,
        target,
        address,
    )


def neighbour_advertisement(address: bytes, mac: bytes, *, router: bool = False) -> bytes:
    """Build the ICMPv6 message of an unsolicited neighbour advertisement.

    ``address`` is 16 bytes, ``mac`` 6. Override is set and Solicited is not; the checksum is left
    0 for the kernel (RFC 3542 section 3.1). ``router`` must be true on a forwarding node, or its
    neighbours drop it as a default router (RFC 4861 section 7.2.5).
    """
    flags = _FLAG_OVERRIDE | (_FLAG_ROUTER if router else 0)
    option = bytes((_OPTION_TARGET_LINK_ADDRESS, 1)) + mac  # its length in units of 8 bytes
    return _ADVERTISEMENT.pack(_ND_NEIGHBOR_ADVERT, 0, 0, flags, address) + option


def announce_once(address: Address, link: Link, *, reply: bool = False) -> None:
    """Send one announcement of ``address`` from ``link``; ``reply`` chooses the form of the ARP.

    Raises NotEthernet on links of another kind, OSError as the kernel says; for IPv6 that is
    EADDRNOTAVAIL where this node does not hold the address.
    """
    if not link.is_ethernet:
        raise NotEthernet(
            errno.EPROTONOSUPPORT,
            f"{link.name} is no Ethernet link (hardware type {link.arp_type}), "
            f"{address} cannot be announced on it",
        )
    if address.version == 4:  # noqa: PLR2004 - IPv4
        _send_arp(arp_announcement(address.packed, link.mac, reply=reply), link)
    else:
        _send_advertisement(address, link)


def _send_arp(frame: bytes, link: Link) -> None:
    import _socket

    # Protocol 0: this socket hears nothing.
    sender = _socket.socket(_socket.AF_PACKET, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, 0)
    try:
        sender.sendto(frame, (link.name, _ETH_P_ARP))
    finally:
        sender.close()


def _send_advertisement(address: Address, link: Link) -> None:
    import _socket

    message = neighbour_advertisement(address.packed, link.mac, router=_forwards(link))
    sender = _socket.socket(
        _socket.AF_INET6, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, _socket.IPPROTO_ICMPV6
    )
    try:
        sender.setsockopt(_socket.IPPROTO_IPV6, _socket.IPV6_MULTICAST_HOPS, _HOP_LIMIT)
        sender.setsockopt(_socket.IPPROTO_IPV6, _socket.IPV6_MULTICAST_IF, link.index)
        # The source is the address itself: the kernel refuses what this node does not hold.
        sender.bind((str(address), 0, 0, link.index))
        sender.sendto(message, (_ALL_NODES, 0, 0, link.index))
    finally:
        sender.close()


def _forwards(link: Link) -> bool:
    from . import read_file

    try:
        setting = read_file(f"/proc/sys/net/ipv6/conf/{link.name}/forwarding")
    except OSError:
        return False
    return setting.strip() not in (b"0", b"")


def announce_repeatedly(
    network: Network, address: Address, index: int, count: int, interval: float
) -> int:
    """Announce ``count`` times, each after ``interval`` seconds; returns how often it did.

    Ends early, and never announces again, once the link does not hold the address: another node
    may have it by then. The link is looked up each time, since a bond changes its MAC.
    """
    from time import sleep

    for sent in range(count):
        sleep(interval)
        link = network.link_by_index(index)
        held = any(
            found.index == index and not found.is_dadfailed for found in network.holders(address)
        )
        if link is None or not held:
            return sent
        try:
            announce_once(address, link)
        except OSError as error:
            if error.errno in _GONE:
                return sent
            raise
    return count


def start_announcer(address: Address, link: Link, count: int, interval: float) -> ProcessIdentity:
    """Announce in the background ``count`` times, the first after ``interval`` seconds."""
    from . import background

    arguments = [str(address), str(link.index), str(count), str(interval)]
    return background.start(__name__, arguments)


def main(argv: list[str]) -> None:
    """Announce in the background: ADDRESS LINK-INDEX COUNT INTERVAL-SECONDS."""
    from .address import Address
    from .network import Network

    address, index, count, interval = argv
    announce_repeatedly(Network(), Address.parse(address), int(index), int(count), float(interval))

"""Asking whether another host answers for an address.

IPv4 by ARP probes (RFC 5227 section 2.1.1): three, 0.2 s apart, where the RFC takes up to seven
seconds, since a failover waits for the answer. IPv6 by the solicitation of duplicate address
detection (RFC 4862 section 5.4.2), for an address that this node may hold: the kernel asks only
when it is added.
"""

from __future__ import annotations

import _socket
import errno
from _struct import Struct
from time import monotonic

from .packets import (
    ETH_P_ARP,
    HOP_LIMIT,
    ND_NEIGHBOUR_ADVERT,
    arp_probe,
    read_advertiser,
    read_arp_sender,
    solicitation_frame,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .address import Address
    from .network import Network
    from .records import Link

    Claim = Callable[[bytes], "tuple[bytes, bytes] | None"]

PROBES = 3
SPACING = 0.2  # seconds between two probes, and of listening after the last

_SO_BINDTODEVICE = 25  # asm-generic/socket.h
_ICMP6_FILTER = 1  # linux/icmpv6.h; a set bit blocks its type (RFC 3542 section 3.2)
_LONGEST = 1500
_ANCILLARY = 64
_HOPS = Struct("=i")
_WORD = Struct("=I")


def find_rival(network: Network, address: Address, link: Link) -> str:
    """The link-layer address of another host that answers for ``address`` on ``link``; or "".

    Every interface of this machine counts as ours: Linux answers on one for what another has.
    Takes PROBES times SPACING seconds when nobody answers. Raises OSError as the kernel says.
    """
    ours = {other.mac for other in network.links()}
    if address.version == 4:  # noqa: PLR2004 - IPv4
        # Protocol 0: it hears nothing of other links before it is bound to this one.
        kind, protocol = _socket.AF_PACKET, 0
        probe = arp_probe(address.packed, link.mac)
        read: Claim = read_arp_sender
    else:
        kind, protocol = _socket.AF_INET6, _socket.IPPROTO_ICMPV6
        probe = solicitation_frame(address.packed, link.mac)
        read = read_advertiser
    listener = _socket.socket(kind, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, protocol)
    # Protocol 0: this one hears nothing.
    sender = _socket.socket(_socket.AF_PACKET, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, 0)
    try:
        if kind == _socket.AF_PACKET:
            listener.bind((link.name, ETH_P_ARP))
        else:
            _hear_advertisements(listener, link)
        for _ in range(PROBES):
            try:
                sender.sendto(probe, (link.name, 0))
            except OSError as error:
                if error.errno != errno.ENOBUFS:  # the link is busy: one probe is lost
                    raise
            rival = _listen(listener, read, address.packed, ours)
            if rival:
                return rival.hex(":")
        return ""
    finally:
        sender.close()
        listener.close()


def _hear_advertisements(listener: _socket.socket, link: Link) -> None:
    blocked = bytearray(b"\xff" * 32)
    _WORD.pack_into(
        blocked, ND_NEIGHBOUR_ADVERT // 32 * 4, 0xFFFFFFFF & ~(1 << ND_NEIGHBOUR_ADVERT % 32)
    )
    listener.setsockopt(_socket.IPPROTO_ICMPV6, _ICMP6_FILTER, bytes(blocked))
    listener.setsockopt(_socket.IPPROTO_IPV6, _socket.IPV6_RECVHOPLIMIT, 1)
    listener.setsockopt(
        _socket.SOL_SOCKET, _SO_BINDTODEVICE, link.name.encode("utf-8", "surrogateescape")
    )
    listener.settimeout(0)
    try:
        while listener.recv(_LONGEST):  # what came from other links before it was bound
            pass
    except BlockingIOError:
        pass


def _listen(listener: _socket.socket, read: Claim, address: bytes, ours: set[bytes]) -> bytes:
    """Listen for SPACING seconds; the link-layer address of a rival, or b""."""
    end = monotonic() + SPACING
    while True:
        left = end - monotonic()
        if left <= 0:
            return b""
        listener.settimeout(left)
        try:
            said, about, _flags, _sender = listener.recvmsg(_LONGEST, _ANCILLARY)
        except (_socket.timeout, BlockingIOError):
            return b""
        claim = read(said)
        # From beyond a router, anybody could say anything (RFC 4861 section 7.1.2).
        is_near = all(_HOPS.unpack(data)[0] == HOP_LIMIT for _, _, data in about)
        if is_near and claim is not None and claim[0] == address and claim[1] not in ours:
            return claim[1]

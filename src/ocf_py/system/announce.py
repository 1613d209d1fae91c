"""Announcing an address, so that neighbours send to its new place at once.

IPv4: gratuitous ARP, as request and as reply, since some hosts learn from the one alone and some
from the other. IPv6: unsolicited neighbour advertisement (RFC 4861 section 7.2.6).
"""

from __future__ import annotations

import errno

from .packets import (
    ETH_P_ARP,
    HOP_LIMIT,
    arp_announcement,
    arp_question,
    neighbour_advertisement,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .address import Address
    from .network import Network
    from .records import Link

_ALL_NODES = "ff02::1"
_MOST_TARGETS = 64
_kept: list[int] = []


class NotEthernet(OSError):  # noqa: N818 - says what is
    """The link does not speak Ethernet ARP or neighbour discovery; the message names it."""


def parse_targets(text: str, family: int) -> list[Address]:
    """Read the addresses to be told directly, separated by blanks or commas.

    Raises ValueError, a phrase to follow the parameter's name.
    """
    from .address import Address

    texts = text.replace(",", " ").split()
    if len(texts) > _MOST_TARGETS:
        raise ValueError(f"names {len(texts)} addresses, at most {_MOST_TARGETS} fit")
    targets = []
    for one in texts:
        try:
            target = Address.parse(one)
        except ValueError as error:
            raise ValueError(f"{one!r} {error}") from error
        if target.family != family:
            raise ValueError(f"{one!r} is of the other family of addresses")
        targets.append(target)
    return targets


def announce_once(
    network: Network, address: Address, link: Link, targets: Sequence[Address] = ()
) -> None:
    """Announce ``address`` from ``link`` once: to all neighbours, and to each of ``targets``.

    Raises NotEthernet on links of another kind, OSError as the kernel says; for IPv6 that is
    EADDRNOTAVAIL where this node does not hold the address. A target that cannot be told does not
    keep the others from being told; the first such error is raised at the end.
    """
    if not link.is_ethernet:
        raise NotEthernet(
            errno.EPROTONOSUPPORT,
            f"{link.name} is no Ethernet link (hardware type {link.arp_type}), "
            f"{address} cannot be announced on it",
        )
    if address.version == 4:  # noqa: PLR2004 - IPv4
        _announce_by_arp(network, address, link, targets)
    else:
        _announce_by_advertisement(address, link, targets)


def arp_sender() -> int:
    """The descriptor of this process's one packet socket, opened when first asked.

    It is not closed: the kernel then waits until no processor can still be using it, some ten
    milliseconds in which a start would stand still. It can be handed on to who goes on announcing.
    """
    import _socket

    if not _kept:
        # Protocol 0: this socket hears nothing.
        made = _socket.socket(_socket.AF_PACKET, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, 0)
        _kept.append(made.detach())
    return _kept[0]


def keep_sender(descriptor: int) -> None:
    """Announce through a packet socket that was opened by somebody else."""
    _kept[:] = [descriptor]


def _announce_by_arp(
    network: Network, address: Address, link: Link, targets: Sequence[Address]
) -> None:
    import _socket

    frames = [arp_announcement(address.packed, link.mac, reply=reply) for reply in (False, True)]
    if targets:
        from .neighbours import link_addresses

        known = link_addresses(network, link.index)
        for target in targets:
            # By broadcast in any case: what is known of it may be out of date.
            frames.append(arp_question(address.packed, link.mac, target.packed))
            mac = known.get(target)
            if mac is not None:
                frames += (
                    arp_question(address.packed, link.mac, target.packed, to=mac),
                    arp_announcement(address.packed, link.mac, reply=True, to=mac),
                )
    sender = _socket.socket(fileno=arp_sender())
    try:
        for frame in frames:
            sender.sendto(frame, (link.name, ETH_P_ARP))
    finally:
        sender.detach()


def _announce_by_advertisement(address: Address, link: Link, targets: Sequence[Address]) -> None:
    import _socket

    message = neighbour_advertisement(address.packed, link.mac, router=_forwards(link))
    sender = _socket.socket(
        _socket.AF_INET6, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, _socket.IPPROTO_ICMPV6
    )
    problem: OSError | None = None
    try:
        for option in (_socket.IPV6_MULTICAST_HOPS, _socket.IPV6_UNICAST_HOPS):
            sender.setsockopt(_socket.IPPROTO_IPV6, option, HOP_LIMIT)
        sender.setsockopt(_socket.IPPROTO_IPV6, _socket.IPV6_MULTICAST_IF, link.index)
        # The source is the address itself: the kernel refuses what this node does not hold.
        sender.bind((str(address), 0, 0, link.index))
        for target in (_ALL_NODES, *map(str, targets)):
            try:
                sender.sendto(message, (target, 0, 0, link.index))
            except OSError as error:
                problem = problem or error
    finally:
        sender.close()
    if problem is not None:
        raise problem


def _forwards(link: Link) -> bool:
    from . import read_file

    try:
        setting = read_file(f"/proc/sys/net/ipv6/conf/{link.name}/forwarding")
    except OSError:
        return False
    return setting.strip() not in (b"0", b"")

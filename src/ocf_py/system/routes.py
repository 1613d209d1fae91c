"""Routes as the kernel's tables hold them, and which interface they put an address on.

Source: linux/rtnetlink.h.
"""

from __future__ import annotations

from _socket import AF_INET
from _struct import Struct

from .address import Address
from .netlink import RT_TABLE_MAIN, attributes
from .records import read_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .records import Link

ROUTE_BODY = Struct("=BBBBBBBBI")  # struct rtmsg: family, dst_len ... table, protocol, scope, type
RTA_TABLE = 15
_RTA_DST, _RTA_OIF, _RTA_GATEWAY, _RTA_PRIORITY, _RTA_MULTIPATH, _RTA_VIA = 1, 4, 5, 6, 9, 18
_RTN_UNICAST = 1
_RTM_F_CLONED = 0x200
_NEXT_HOP = Struct("=HBBi")  # struct rtnexthop: length, flags, weight, index
_FAMILY = Struct("=H")


class Route:
    """One next hop of one route; ``index`` is 0 where it leads to no link (blackhole and such)."""

    __slots__ = (
        "destination",
        "gateway",
        "index",
        "kind",
        "metric",
        "prefix",
        "protocol",
        "scope",
        "table",
    )

    def __init__(  # noqa: PLR0913 - a route is this many things
        self,
        destination: Address,
        prefix: int,
        index: int,
        *,
        gateway: Address | None = None,
        metric: int = 0,
        scope: int = 0,
        protocol: int = 0,
        kind: int = _RTN_UNICAST,
        table: int = RT_TABLE_MAIN,
    ) -> None:
        self.destination = destination
        self.prefix = prefix
        self.index = index
        self.gateway = gateway
        self.metric = metric
        self.scope = scope
        self.protocol = protocol
        self.kind = kind
        self.table = table

    @classmethod
    def decode(cls, body: bytes) -> Iterator[Route]:
        """Read the body of RTM_NEWROUTE: one Route a next hop; nothing for a cached copy."""
        family, prefix, _src, _tos, table, protocol, scope, kind, flags = ROUTE_BODY.unpack_from(
            body
        )
        if flags & _RTM_F_CLONED:
            return
        found = attributes(body, ROUTE_BODY.size)
        zeros = b"\0" * (4 if family == AF_INET else 16)
        destination = Address(family, found.get(_RTA_DST, zeros))
        hops = list(_next_hops(found.get(_RTA_MULTIPATH, b"")))
        for index, way in hops or [(read_number(found, _RTA_OIF), found)]:
            yield cls(
                destination,
                prefix,
                index,
                gateway=_gateway(family, way),
                metric=read_number(found, _RTA_PRIORITY),
                scope=scope,
                protocol=protocol,
                kind=kind,
                table=read_number(found, RTA_TABLE, table),
            )

    def __repr__(self) -> str:
        return f"<Route {self.destination}/{self.prefix} link {self.index} metric {self.metric}>"


def _next_hops(data: bytes) -> Iterator[tuple[int, dict[int, bytes]]]:
    offset = 0
    while offset + _NEXT_HOP.size <= len(data):
        length, _flags, _weight, index = _NEXT_HOP.unpack_from(data, offset)
        if length < _NEXT_HOP.size:
            return
        yield index, attributes(data[offset : offset + length], _NEXT_HOP.size)
        offset += (length + 3) & ~3


def _gateway(family: int, found: dict[int, bytes]) -> Address | None:
    if _RTA_GATEWAY in found:
        return Address(family, found[_RTA_GATEWAY])
    via = found.get(_RTA_VIA)  # struct rtvia: a gateway of another family
    return Address(_FAMILY.unpack_from(via)[0], via[_FAMILY.size :]) if via else None


class NoInterface(LookupError):  # noqa: N818 - says what is
    """No connected route covers the address; the message names the subnets there are."""


class AmbiguousInterface(LookupError):  # noqa: N818 - says what is
    """Several interfaces fit alike; the message names them."""


class Choice:
    """The interface an address belongs on, and the prefix length of the subnet it is part of."""

    __slots__ = ("link", "prefix")

    def __init__(self, link: Link, prefix: int) -> None:
        self.link = link
        self.prefix = prefix


def choose_interface(
    address: Address,
    routes: Iterable[Route],
    links: Iterable[Link],
    protocol: int | None = None,
) -> Choice:
    """Choose by the most specific connected route that covers ``address``, then its metric.

    Connected is a unicast route without a gateway that is neither the default nor leads to
    loopback. ``links`` limits the choice: give one link alone to learn its prefix length.
    ``protocol`` limits it to the routes of one origin. Raises NoInterface or AmbiguousInterface,
    both LookupError with one line for the operator.
    """
    by_index = {link.index: link for link in links if not link.is_loopback}
    connected = [
        route
        for route in routes
        if route.kind == _RTN_UNICAST
        and route.gateway is None
        and route.prefix > 0
        and route.index in by_index
        and route.destination.family == address.family
        and protocol in (None, route.protocol)
    ]
    fitting = [route for route in connected if address.is_within(route.destination, route.prefix)]
    if not fitting:
        raise NoInterface(
            f"no directly connected subnet covers {address}: {_describe(connected, by_index)}"
        )
    best = min((-route.prefix, route.metric) for route in fitting)
    chosen = [route for route in fitting if (-route.prefix, route.metric) == best]
    if len({route.index for route in chosen}) > 1:
        names = ", ".join(sorted({by_index[route.index].name for route in chosen}))
        subnet = f"{chosen[0].destination}/{chosen[0].prefix}"
        raise AmbiguousInterface(
            f"{address} fits several interfaces alike, through {subnet}: {names}"
        )
    return Choice(by_index[chosen[0].index], chosen[0].prefix)


def _describe(connected: list[Route], by_index: dict[int, Link]) -> str:
    if connected:
        subnets = sorted(
            {
                f"{route.destination}/{route.prefix} on {by_index[route.index].name}"
                for route in connected
            }
        )
        return "there are " + ", ".join(subnets)
    if by_index:
        names = ", ".join(sorted(link.name for link in by_index.values()))
        return f"no subnet is connected to {names}"
    return "there is no interface but loopback"

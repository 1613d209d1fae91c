"""Which interface an address belongs on: a decision over structured routes, without the kernel."""

from __future__ import annotations

from .records import RTN_UNICAST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .address import Address
    from .records import Link, Route


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


def choose_interface(address: Address, routes: Iterable[Route], links: Iterable[Link]) -> Choice:
    """Choose by the most specific connected route that covers ``address``, then its metric.

    Connected is a unicast route without a gateway that is neither the default nor leads to
    loopback. ``links`` limits the choice: give one link alone to learn its prefix length. Raises
    NoInterface or AmbiguousInterface, both LookupError with one line for the operator.
    """
    by_index = {link.index: link for link in links if not link.is_loopback}
    connected = [
        route
        for route in routes
        if route.kind == RTN_UNICAST
        and route.gateway is None
        and route.prefix > 0
        and route.index in by_index
        and route.destination.family == address.family
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

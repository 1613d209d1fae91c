"""Which interface an address belongs on: the table of decisions."""

from __future__ import annotations

import pytest

from ocf_py.system.address import Address
from ocf_py.system.records import ARPHRD_ETHER, IFF_UP, Link
from ocf_py.system.routes import AmbiguousInterface, NoInterface, Route, choose_interface

_LO = Link(1, "lo", IFF_UP | 0x8, b"\0" * 6, 772, 65536)
_ETH0, _ETH1, _BOND = (
    Link(index, name, IFF_UP, b"\2\0\0\0\0\0", ARPHRD_ETHER, 1500)
    for index, name in ((2, "eth0"), (3, "eth1"), (4, "bond0.17"))
)
_LINKS = [_LO, _ETH0, _ETH1, _BOND]


def _route(subnet: str, index: int, *, gateway: str = "", metric: int = 0, kind: int = 1) -> Route:
    text, _, prefix = subnet.partition("/")
    way = Address.parse(gateway) if gateway else None
    return Route(Address.parse(text), int(prefix), index, gateway=way, metric=metric, kind=kind)


@pytest.mark.parametrize(
    ("address", "routes", "name", "prefix"),
    [
        ("192.0.2.9", [_route("192.0.2.0/24", 2)], "eth0", 24),
        ("192.0.2.9", [_route("192.0.2.0/24", 2), _route("192.0.0.0/16", 3)], "eth0", 24),
        ("192.0.2.9", [_route("192.0.0.0/16", 3), _route("192.0.2.8/29", 2)], "eth0", 29),
        (
            "192.0.2.9",
            [_route("192.0.2.0/24", 2, metric=100), _route("192.0.2.0/24", 3, metric=50)],
            "eth1",
            24,
        ),
        # The most specific route wins over a better metric, as the kernel has it.
        (
            "192.0.2.9",
            [_route("192.0.2.0/24", 2, metric=100), _route("192.0.0.0/16", 3, metric=1)],
            "eth0",
            24,
        ),
        # Two routes of one interface are no ambiguity.
        ("192.0.2.9", [_route("192.0.2.0/24", 2), _route("192.0.2.0/24", 2)], "eth0", 24),
        ("192.0.2.9", [_route("192.0.2.0/24", 4), _route("10.0.0.0/8", 2)], "bond0.17", 24),
        ("2001:db8::9", [_route("2001:db8::/64", 3), _route("192.0.2.0/24", 2)], "eth1", 64),
    ],
)
def test_the_most_specific_connected_route_decides(
    address: str, routes: list[Route], name: str, prefix: int
) -> None:
    choice = choose_interface(Address.parse(address), routes, _LINKS)
    assert (choice.link.name, choice.prefix) == (name, prefix)


@pytest.mark.parametrize(
    "route",
    [
        _route("0.0.0.0/0", 2),
        _route("192.0.2.0/24", 2, gateway="192.0.2.254"),
        _route("192.0.2.0/24", 1),
        _route("192.0.2.0/24", 99),
        _route("192.0.2.0/24", 2, kind=6),
        _route("::/1", 2),
        _route("192.0.3.0/24", 2),
    ],
    ids=["default", "gateway", "loopback", "unknown-link", "blackhole", "family", "elsewhere"],
)
def test_what_is_not_connected_does_not_count(route: Route) -> None:
    with pytest.raises(NoInterface, match=r"no directly connected subnet covers 192\.0\.2\.9"):
        choose_interface(Address.parse("192.0.2.9"), [route], _LINKS)


def test_a_tie_names_the_candidates() -> None:
    routes = [_route("192.0.2.0/24", 3), _route("192.0.2.0/24", 2), _route("192.0.0.0/16", 4)]
    with pytest.raises(AmbiguousInterface) as caught:
        choose_interface(Address.parse("192.0.2.9"), routes, _LINKS)
    assert str(caught.value) == (
        "192.0.2.9 fits several interfaces alike, through 192.0.2.0/24: eth0, eth1"
    )


def test_a_tie_is_resolved_by_naming_one_link() -> None:
    routes = [_route("192.0.2.0/24", 3), _route("192.0.2.0/24", 2)]
    assert choose_interface(Address.parse("192.0.2.9"), routes, [_ETH1]).link is _ETH1


@pytest.mark.parametrize(
    ("routes", "links", "phrase"),
    [
        (
            [_route("10.1.0.0/16", 3), _route("10.0.0.0/16", 2), _route("0.0.0.0/0", 2)],
            _LINKS,
            "there are 10.0.0.0/16 on eth0, 10.1.0.0/16 on eth1",
        ),
        ([], [_LO, _ETH1, _ETH0], "no subnet is connected to eth0, eth1"),
        ([], [_LO], "there is no interface but loopback"),
    ],
)
def test_without_a_fit_the_message_says_what_there_is(
    routes: list[Route], links: list[Link], phrase: str
) -> None:
    with pytest.raises(NoInterface) as caught:
        choose_interface(Address.parse("192.0.2.9"), routes, links)
    assert str(caught.value) == f"no directly connected subnet covers 192.0.2.9: {phrase}"

"""The network seam against a real kernel, with pyroute2 as the witness of what it holds."""

from __future__ import annotations

import errno
from socket import AF_INET, AF_INET6
from typing import TYPE_CHECKING

import pytest
from pyroute2 import IPRoute

from ocf_py.system.address import Address
from ocf_py.system.network import Link, Network
from ocf_py.system.records import IFA_F_NODAD, IFA_F_NOPREFIXROUTE
from tests.kernel.inside import inside, witness

if TYPE_CHECKING:
    from ocf_py.conformance.sandbox import Sandbox

_V4 = Address.parse("192.0.2.10")
_V6 = Address.parse("2001:db8::a1")


def _link(network: Network, name: str = "eth0") -> Link:
    link = network.link(name)
    assert link is not None
    return link


def test_links_are_the_kernels(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        with IPRoute() as kernel:
            seen = {one["index"]: one for one in kernel.get_links()}
        assert {link.index for link in network.links()} == set(seen)
        for link in network.links():
            assert link.name == seen[link.index].get_attr("IFLA_IFNAME")
            assert link.mac.hex(":") == seen[link.index].get_attr("IFLA_ADDRESS")
            assert link.mtu == seen[link.index].get_attr("IFLA_MTU")
        eth0 = _link(network)
        assert (eth0.is_up, eth0.has_carrier, eth0.is_loopback, eth0.is_ethernet) == (
            (True, True, False, True)
        )
        loopback = _link(network, "lo")
        assert loopback.is_loopback
        assert not loopback.is_ethernet

    inside(sandbox, body)


def test_a_link_is_found_by_index_and_by_alternative_name(sandbox: Sandbox) -> None:
    long = "a-name-longer-than-fifteen-letters"

    def body() -> None:
        network = Network()
        eth0 = _link(network)
        with IPRoute() as kernel:
            kernel.link("property_add", index=eth0.index, altname=long)
        assert _link(network, long).index == eth0.index
        by_index = network.link_by_index(eth0.index)
        assert by_index is not None
        assert by_index.name == "eth0"
        assert network.link_name(eth0.index) == "eth0"

    inside(sandbox, body)


def test_a_link_that_is_not_there_is_none(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        for name in ("nonesuch", "", "x" * 15, "x" * 16, "x" * 500, "a\0b", "\udcff", "eth0 "):
            assert network.link(name) is None, name
        for index in (0, -1, 9999):
            assert network.link_by_index(index) is None
        assert network.link_name(9999) == "link 9999"

    inside(sandbox, body)


def test_setting_up_is_seen_and_repeatable(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        with IPRoute() as kernel:
            kernel.link("set", index=_link(network).index, state="down")
            assert not _link(network).is_up
            network.set_up(_link(network).index)
            network.set_up(_link(network).index)
            assert kernel.get_links(ifname="eth0")[0]["flags"] & 1
        assert _link(network).is_up

    inside(sandbox, body)


def test_an_ipv4_address_is_added_as_asked(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        index = _link(network).index
        assert network.add_address(
            _V4, 24, index, broadcast=_V4.broadcast(24), label="eth0:vip", preferred=0
        )
        seen = witness("eth0")["192.0.2.10/24"]
        assert seen["label"] == "eth0:vip"
        assert seen["broadcast"] == "192.0.2.255"
        (held,) = network.holders(_V4)
        assert (held.index, held.prefix, held.label) == (index, 24, "eth0:vip")
        assert held.broadcast == Address.parse("192.0.2.255")
        assert held.is_deprecated
        assert held.peer is None

    inside(sandbox, body)


def test_adding_twice_is_said_and_changes_nothing(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        index = _link(network).index
        for address, prefix in ((_V4, 24), (_V6, 64)):
            assert network.add_address(address, prefix, index)
            before = witness("eth0", address.family)
            assert not network.add_address(address, prefix, index)
            assert set(witness("eth0", address.family)) == set(before)

    inside(sandbox, body)


def test_removal_takes_exactly_one_and_is_repeatable(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        index = _link(network).index
        network.add_address(_V4, 24, index)
        network.add_address(_V4, 32, index)
        longer = next(held for held in network.holders(_V4) if held.prefix == 32)
        assert network.remove_address(longer)
        assert set(witness("eth0")) == {"192.0.2.10/24"}
        assert not network.remove_address(longer)
        assert set(witness("eth0")) == {"192.0.2.10/24"}

    inside(sandbox, body)


def test_removal_respects_the_label(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        network.add_address(_V4, 24, _link(network).index, label="eth0:one")
        (held,) = network.holders(_V4)
        held.label = "eth0:two"
        assert not network.remove_address(held)
        assert set(witness("eth0")) == {"192.0.2.10/24"}

    inside(sandbox, body)


def test_a_point_to_point_address_is_found_by_its_own_end_and_removed(sandbox: Sandbox) -> None:
    far = {_V4: "192.0.2.99", _V6: "2001:db8::99"}
    for address, remote in far.items():
        words = ["addr", "add", str(address), "peer", remote, "dev", "eth0"]
        sandbox.run(["ip", *words], check=True)

    def body() -> None:
        network = Network()
        for address, remote in far.items():
            (held,) = network.holders(address)
            assert str(held.peer) == remote
            assert held.prefix == address.bits
            assert network.remove_address(held)
            assert network.holders(address) == []

    inside(sandbox, body)


def test_holders_finds_the_address_on_every_link(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        with IPRoute() as kernel:
            kernel.link("add", ifname="d0", kind="veth", peer="d1")
        for name, prefix in (("eth0", 24), ("d0", 32), ("lo", 32)):
            network.add_address(_V4, prefix, _link(network, name).index)
            network.add_address(Address.parse("192.0.2.11"), prefix, _link(network, name).index)
        found = {(network.link_name(held.index), held.prefix) for held in network.holders(_V4)}
        assert found == {("eth0", 24), ("d0", 32), ("lo", 32)}

    inside(sandbox, body)


def test_a_dump_can_be_limited_to_a_link_and_a_family(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        index = _link(network).index
        network.add_address(_V4, 24, index)
        network.add_address(_V6, 64, index)
        assert [held.address for held in network.addresses(AF_INET, index)] == [_V4]
        assert _V6 in [held.address for held in network.addresses(AF_INET6, index)]
        assert {held.index for held in network.addresses(index=index)} == {index}
        assert len({held.index for held in network.addresses()}) == 2

    inside(sandbox, body)


def test_a_thousand_addresses_are_read_whole(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        index = _link(network).index
        wanted = {f"10.1.{number // 250}.{number % 250 + 1}" for number in range(1000)}
        for text in sorted(wanted):
            assert network.add_address(Address.parse(text), 16, index)
        assert {str(held.address) for held in network.addresses(AF_INET, index)} == wanted
        for text in sorted(wanted)[::97]:
            assert [held.index for held in network.holders(Address.parse(text))] == [index]

    inside(sandbox, body)


def test_the_flags_of_ipv6_reach_the_kernel(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        index = _link(network).index
        network.add_address(_V6, 64, index, flags=IFA_F_NODAD | IFA_F_NOPREFIXROUTE, preferred=0)
        (held,) = network.holders(_V6)
        assert not held.is_tentative
        assert held.is_deprecated
        seen = witness("eth0", AF_INET6)["2001:db8::a1/64"]["flags"]
        assert isinstance(seen, int)
        assert seen & IFA_F_NOPREFIXROUTE
        assert not [
            route
            for route in network.routes(AF_INET6)
            if route.prefix == 64 and str(route.destination) == "2001:db8::"
        ]

    inside(sandbox, body)


def test_what_the_kernel_refuses_is_said_in_its_words(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        with pytest.raises(OSError, match="No such device") as caught:
            network.add_address(_V4, 24, 9999)
        assert caught.value.errno == errno.ENODEV
        with pytest.raises(OSError, match="Invalid prefix length"):
            network.add_address(_V4, 33, _link(network).index)
        with pytest.raises(OSError, match="No such device"):
            network.set_up(9999)

    inside(sandbox, body)


def test_an_address_whose_link_has_gone_is_gone(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        with IPRoute() as kernel:
            kernel.link("add", ifname="d0", kind="veth", peer="d1")
            index = _link(network, "d0").index
            network.add_address(_V4, 24, index)
            network.add_address(_V6, 64, index)
            held = [*network.holders(_V4), *network.holders(_V6)]
            kernel.link("del", index=index)
        assert [network.remove_address(one) for one in held] == [False, False]

    inside(sandbox, body)


def test_routes_are_the_kernels(sandbox: Sandbox) -> None:
    for words in (
        "addr add 192.0.2.1/24 dev eth0",
        "addr add 2001:db8::1/64 dev eth0 nodad",
        "route add default via 192.0.2.254 metric 50",
        "route add 198.51.100.0/24 nexthop via 192.0.2.2 dev eth0 nexthop via 192.0.2.3 dev eth0",
        "route add blackhole 203.0.113.0/24",
        "route add 10.9.0.0/16 dev eth0 table 1000 metric 7",
        "-6 route add 2001:db8:9::/48 nexthop via 2001:db8::2 nexthop via 2001:db8::3",
        "route add 10.8.0.0/16 via inet6 2001:db8::9 dev eth0",
    ):
        sandbox.run(["ip", *words.split()], check=True)

    def body() -> None:
        network = Network()
        index = _link(network).index
        v4 = {
            (str(route.destination), route.prefix, str(route.gateway), route.index, route.metric)
            for route in network.routes(AF_INET)
        }
        assert v4 == {
            ("0.0.0.0", 0, "192.0.2.254", index, 50),  # noqa: S104 - the default route
            ("192.0.2.0", 24, "None", index, 0),
            ("198.51.100.0", 24, "192.0.2.2", index, 0),
            ("198.51.100.0", 24, "192.0.2.3", index, 0),
            ("203.0.113.0", 24, "None", 0, 0),
            ("10.8.0.0", 16, "2001:db8::9", index, 0),
        }
        (blackhole,) = [route for route in network.routes(AF_INET) if route.index == 0]
        assert blackhole.kind == 6
        gateways = {str(one.gateway) for one in network.routes(AF_INET6) if one.prefix == 48}
        assert gateways == {"2001:db8::2", "2001:db8::3"}
        (other,) = network.routes(AF_INET, table=1000)
        assert (str(other.destination), other.metric, other.table) == ("10.9.0.0", 7, 1000)
        assert network.routes(AF_INET, table=77) == []

    inside(sandbox, body)

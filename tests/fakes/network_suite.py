"""What every network does, the kernel's and the fake one: the same checks run over both.

Each check gets a network whose ``eth0`` is up, with a carrier and without addresses of IPv4.
"""

from __future__ import annotations

import errno
from socket import AF_INET, AF_INET6
from typing import TYPE_CHECKING, Union

import pytest

from ocf_py.system.address import Address
from ocf_py.system.records import IFA_F_NODAD, Held

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.system.network import Network
    from tests.fakes.network import FakeNetwork

    AnyNetwork = Union[Network, FakeNetwork]
    AnyNetworkCheck = Callable[[AnyNetwork], None]

_V4 = Address.parse("192.0.2.10")
_V6 = Address.parse("2001:db8::a1")


def adding_twice_changes_nothing(network: AnyNetwork) -> None:
    index = _eth0(network)
    for address, prefix in ((_V4, 24), (_V6, 64)):
        assert network.add_address(address, prefix, index, flags=_nodad(address))
        assert not network.add_address(address, prefix, index, flags=_nodad(address))
        assert len(network.holders(address)) == 1


def ipv4_may_be_held_in_two_prefix_lengths_and_ipv6_not(network: AnyNetwork) -> None:
    index = _eth0(network)
    assert network.add_address(_V4, 24, index)
    assert network.add_address(_V4, 32, index)
    assert sorted(held.prefix for held in network.holders(_V4)) == [24, 32]
    assert network.add_address(_V6, 64, index)
    assert not network.add_address(_V6, 128, index)


def what_is_added_is_held_as_asked(network: AnyNetwork) -> None:
    index = _eth0(network)
    broadcast = _V4.broadcast(24)
    assert network.add_address(_V4, 24, index, label="eth0:vip", broadcast=broadcast)
    (held,) = network.holders(_V4)
    assert (held.address, held.prefix, held.index) == (_V4, 24, index)
    assert (held.label, held.broadcast, held.peer) == ("eth0:vip", broadcast, None)
    assert network.add_address(Address.parse("192.0.2.11"), 24, index)
    assert network.holders(Address.parse("192.0.2.11"))[0].label == "eth0"


def removing_twice_is_said(network: AnyNetwork) -> None:
    for address, prefix in ((_V4, 24), (_V6, 64)):
        network.add_address(address, prefix, _eth0(network), flags=_nodad(address))
        (held,) = network.holders(address)
        assert network.remove_address(held)
        assert not network.remove_address(held)
        assert network.holders(address) == []


def removing_needs_the_same_prefix_label_and_link(network: AnyNetwork) -> None:
    index = _eth0(network)
    network.add_address(_V4, 24, index, label="eth0:vip")
    for prefix, link, label in ((25, index, "eth0:vip"), (24, 1, ""), (24, index, "eth0:x")):
        assert not network.remove_address(Held(_V4, prefix, link, label=label))
    assert len(network.holders(_V4)) == 1


def the_first_of_a_subnet_is_its_primary_and_the_next_follows(network: AnyNetwork) -> None:
    index = _eth0(network)
    texts = ["192.0.2.10", "192.0.2.11", "192.0.2.12", "198.51.100.1"]
    for text in texts:
        network.add_address(Address.parse(text), 24, index)
    assert _secondaries(network) == {"192.0.2.11", "192.0.2.12"}
    assert network.remove_address(network.holders(_V4)[0])
    assert _secondaries(network) == {"192.0.2.12"}
    assert {str(held.address) for held in network.addresses(AF_INET, index)} == set(texts[1:])


def what_cannot_be_is_refused(network: AnyNetwork) -> None:
    with pytest.raises(OSError, match="No such device") as caught:
        network.add_address(_V4, 24, 9999)
    assert caught.value.errno == errno.ENODEV
    with pytest.raises(OSError, match="No such device"):
        network.set_up(9999)
    with pytest.raises(OSError, match="[Ii]nvalid prefix length"):
        network.add_address(_V4, 33, _eth0(network))
    with pytest.raises(OSError, match="Numerical result out of range"):
        network.add_address(_V4, 24, _eth0(network), label="eth0:much-too-long")
    assert network.addresses(AF_INET, _eth0(network)) == []


def what_is_not_there_is_none(network: AnyNetwork) -> None:
    assert network.link("nonesuch") is None
    assert network.link_by_index(9999) is None
    assert network.link_name(9999) == "link 9999"
    assert network.holders(_V4) == []


def loopback_and_ethernet_are_told_apart(network: AnyNetwork) -> None:
    lo, eth0 = network.link("lo"), network.link("eth0")
    assert lo is not None
    assert eth0 is not None
    assert (lo.is_loopback, lo.is_ethernet, lo.is_up) == (True, False, True)
    assert (eth0.is_loopback, eth0.is_ethernet, eth0.is_up, eth0.has_carrier) == (
        (False, True, True, True)
    )
    assert {"lo", "eth0"} <= {link.name for link in network.links()}


def a_subnet_makes_a_route(network: AnyNetwork) -> None:
    index = _eth0(network)
    network.add_address(_V4, 24, index)
    network.add_address(Address.parse("192.0.2.11"), 24, index)
    network.add_address(_V6, 64, index, flags=IFA_F_NODAD)
    for family, subnet in ((AF_INET, "192.0.2.0"), (AF_INET6, "2001:db8::")):
        found = [one for one in network.routes(family) if str(one.destination) == subnet]
        assert [(one.index, one.gateway) for one in found] == [(index, None)]
    assert network.routes(AF_INET, table=77) == []


def ipv6_is_tentative_until_the_verdict(network: AnyNetwork) -> None:
    index = _eth0(network)
    with network.watch_addresses(AF_INET6) as watch:
        assert network.add_address(_V6, 64, index)
        assert network.holders(_V6)[0].is_tentative
        assert watch.verdict(_V6, index, 20) == "ok"
        assert not network.holders(_V6)[0].is_tentative
        assert watch.verdict(Address.parse("2001:db8::ff"), index, 1) == "gone"


CHECKS: list[AnyNetworkCheck] = [
    adding_twice_changes_nothing,
    ipv4_may_be_held_in_two_prefix_lengths_and_ipv6_not,
    what_is_added_is_held_as_asked,
    removing_twice_is_said,
    removing_needs_the_same_prefix_label_and_link,
    the_first_of_a_subnet_is_its_primary_and_the_next_follows,
    what_cannot_be_is_refused,
    what_is_not_there_is_none,
    loopback_and_ethernet_are_told_apart,
    a_subnet_makes_a_route,
    ipv6_is_tentative_until_the_verdict,
]

every_check = pytest.mark.parametrize("check", CHECKS, ids=[one.__name__ for one in CHECKS])


def _eth0(network: AnyNetwork) -> int:
    link = network.link("eth0")
    assert link is not None
    return link.index


def _nodad(address: Address) -> int:
    return IFA_F_NODAD if address.family == AF_INET6 else 0


def _secondaries(network: AnyNetwork) -> set[str]:
    return {str(held.address) for held in network.addresses(AF_INET) if held.is_secondary}

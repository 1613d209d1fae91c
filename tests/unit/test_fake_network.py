"""The fake network keeps what the kernel is held to, and its own promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.system.address import Address
from tests.fakes.network import FakeNetwork
from tests.fakes.network_suite import every_check

if TYPE_CHECKING:
    from tests.fakes.network_suite import AnyNetworkCheck


@every_check
def test_the_fake_does_what_the_kernel_does(check: AnyNetworkCheck) -> None:
    check(FakeNetwork())


def test_a_rival_makes_a_duplicate() -> None:
    network = FakeNetwork()
    address = Address.parse("2001:db8::a1")
    network.rivals.add(address)
    network.add_address(address, 64, 2)
    assert network.watch_addresses().verdict(address, 2, 1) == "duplicate"
    assert network.holders(address)[0].is_dadfailed


def test_without_a_carrier_there_is_no_verdict() -> None:
    network = FakeNetwork()
    link = network.add_link("eth1", carrier=False)
    address = Address.parse("2001:db8::a1")
    network.add_address(address, 64, link.index)
    assert network.watch_addresses().verdict(address, link.index, 1) == "timeout"


def test_a_link_takes_its_addresses_along() -> None:
    network = FakeNetwork()
    address = Address.parse("192.0.2.1")
    network.add_address(address, 24, 2)
    network.unplug("eth0")
    assert network.holders(address) == []
    with pytest.raises(OSError, match="No such device"):
        network.add_address(address, 24, 2)
    with pytest.raises(FileExistsError):
        network.add_link("lo")

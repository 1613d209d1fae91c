"""Removing a primary IPv4 address leaves its secondaries, and the link's setting, as they were."""

from __future__ import annotations

import os
import time
from socket import AF_INET
from typing import TYPE_CHECKING

import pytest

from ocf_py.system import promotion
from ocf_py.system.address import Address
from ocf_py.system.network import Network
from tests.kernel.inside import inside, witness

if TYPE_CHECKING:
    from ocf_py.conformance.sandbox import Sandbox

_SETTING = "/proc/sys/net/ipv4/conf/eth0/promote_secondaries"


def _fill(network: Network, count: int) -> int:
    link = network.link("eth0")
    assert link is not None
    for number in range(1, count + 1):
        network.add_address(Address.parse(f"192.0.2.{number}"), 24, link.index)
    network.add_address(Address.parse("198.51.100.1"), 24, link.index)
    return link.index


def _set(value: int) -> None:
    with open(_SETTING, "w", encoding="ascii") as file:
        file.write(str(value))


def _setting() -> str:
    with open(_SETTING, encoding="ascii") as file:
        return file.read().strip()


def _remove(network: Network, text: str) -> bool:
    (held,) = network.holders(Address.parse(text))
    return network.remove_address(held)


@pytest.mark.parametrize("setting", [0, 1])
def test_the_secondaries_and_the_setting_stay(sandbox: Sandbox, setting: int) -> None:
    def body() -> None:
        network = Network()
        _fill(network, 4)
        _set(setting)
        assert _remove(network, "192.0.2.1")
        rest = {"192.0.2.2/24", "192.0.2.3/24", "192.0.2.4/24", "198.51.100.1/24"}
        assert set(witness("eth0")) == rest
        assert _setting() == str(setting)
        assert not network.holders(Address.parse("192.0.2.2"))[0].is_secondary
        assert os.listdir("/run/ocfpy") == []

    inside(sandbox, body)


def test_without_it_the_kernel_would_drop_them(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        _fill(network, 4)
        _set(0)
        (held,) = network.holders(Address.parse("192.0.2.1"))
        assert network._delete(held)
        assert set(witness("eth0")) == {"198.51.100.1/24"}

    inside(sandbox, body)


def test_a_secondary_goes_alone(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        _fill(network, 3)
        assert _remove(network, "192.0.2.2")
        assert set(witness("eth0")) == {"192.0.2.1/24", "192.0.2.3/24", "198.51.100.1/24"}

    inside(sandbox, body)


def test_one_that_became_the_primary_meanwhile_is_seen_as_such(sandbox: Sandbox) -> None:
    def body() -> None:
        network = Network()
        _fill(network, 3)
        _set(0)
        (second,) = network.holders(Address.parse("192.0.2.2"))
        assert second.is_secondary
        _remove(network, "192.0.2.1")
        assert network.remove_address(second)  # as it was read before
        assert set(witness("eth0")) == {"192.0.2.3/24", "198.51.100.1/24"}

    inside(sandbox, body)


def test_a_read_only_proc_does_not_matter(sandbox: Sandbox) -> None:
    sandbox.run(["mount", "-o", "remount,bind,ro", "/proc"], check=True)

    def body() -> None:
        network = Network()
        _fill(network, 3)
        assert _setting() == "0"
        assert _remove(network, "192.0.2.1")
        assert set(witness("eth0")) == {"192.0.2.2/24", "192.0.2.3/24", "198.51.100.1/24"}
        assert _setting() == "0"

    inside(sandbox, body)


def test_where_no_lock_can_be_had_the_setting_stays_on(sandbox: Sandbox) -> None:
    sandbox.run(["mount", "-o", "remount,bind,ro", "/run"], check=True)

    def body() -> None:
        network = Network()
        _fill(network, 3)
        assert _remove(network, "192.0.2.1")
        assert set(witness("eth0")) == {"192.0.2.2/24", "192.0.2.3/24", "198.51.100.1/24"}
        assert _setting() == "1"

    inside(sandbox, body)


def test_many_removals_at_once_drop_only_their_own(sandbox: Sandbox) -> None:
    """Half of 40 addresses go, each by a process of its own, all at the same moment."""

    def body() -> None:
        network = Network()
        index = _fill(network, 40)
        held = {str(one.address): one for one in network.addresses(AF_INET, index)}
        network.close()
        reader, writer = os.pipe()
        children = []
        for number in range(1, 41, 2):
            child = os.fork()
            if child == 0:
                os.close(writer)
                os.read(reader, 1)  # the end of the pipe is the starting gun
                os._exit(not Network().remove_address(held[f"192.0.2.{number}"]))
            children.append(child)
        time.sleep(0.1)
        os.close(writer)
        assert [os.waitpid(child, 0)[1] for child in children] == [0] * 20
        rest = {f"192.0.2.{number}/24" for number in range(2, 41, 2)} | {"198.51.100.1/24"}
        assert set(witness("eth0")) == rest
        assert _setting() == "0"

    inside(sandbox, body)


def test_a_removal_waits_for_the_one_before(sandbox: Sandbox) -> None:
    """It must not trust a setting that another removal is about to put back."""

    def body() -> None:
        network = Network()
        _fill(network, 3)
        (held,) = network.holders(Address.parse("192.0.2.1"))
        lock = promotion._take_lock()
        _set(1)  # as the removal that holds the lock has it
        child = os.fork()
        if child == 0:
            os.close(lock)
            os._exit(not Network().remove_address(held))
        time.sleep(0.3)
        assert "192.0.2.1/24" in witness("eth0")
        _set(0)
        os.close(lock)
        assert os.waitpid(child, 0)[1] == 0
        assert set(witness("eth0")) == {"192.0.2.2/24", "192.0.2.3/24", "198.51.100.1/24"}
        assert _setting() == "0"

    inside(sandbox, body)


def test_nobody_else_can_hold_the_lock(sandbox: Sandbox) -> None:
    def body() -> int:
        handle = promotion._take_lock()
        assert handle >= 0
        return os.stat("/run/ocfpy").st_mode & 0o7777

    assert inside(sandbox, body) == 0o700

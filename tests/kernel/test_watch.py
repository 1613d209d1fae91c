"""The kernel's verdict on an IPv6 address, with a real rival at the other end of the cable."""

from __future__ import annotations

from socket import AF_INET6
from typing import TYPE_CHECKING

from ocf_py.system.address import Address
from ocf_py.system.network import Network
from tests.kernel.inside import inside, witness

if TYPE_CHECKING:
    from ocf_py.conformance.sandbox import Sandbox

_VIP = Address.parse("2001:db8::a1")


def _try(seconds: float, preferred: int | None = None, link_name: str = "eth0") -> str:
    network = Network()
    link = network.link(link_name)
    assert link is not None
    with network.watch_addresses(AF_INET6) as watch:
        assert network.add_address(_VIP, 64, link.index, preferred=preferred)
        return watch.verdict(_VIP, link.index, seconds)


def _hold_on_peer(peer: Sandbox) -> None:
    peer.run(["ip", "addr", "add", "2001:db8::a1/64", "dev", "eth0", "nodad"], check=True)


def test_an_address_that_nobody_has_is_ok_once_it_is_no_longer_tentative(sandbox: Sandbox) -> None:
    def body() -> None:
        assert _try(20) == "ok"
        (held,) = Network().holders(_VIP)
        assert not held.is_tentative
        assert not held.is_dadfailed

    inside(sandbox, body)


def test_an_address_that_another_host_has_is_a_duplicate(sandbox: Sandbox, peer: Sandbox) -> None:
    _hold_on_peer(peer)

    def body() -> None:
        assert _try(20) == "duplicate"
        network = Network()
        (held,) = network.holders(_VIP)
        assert held.is_dadfailed
        assert not held.is_tentative
        assert network.remove_address(held)
        assert "2001:db8::a1/64" not in witness("eth0", AF_INET6)

    inside(sandbox, body)


def test_a_link_that_never_had_a_carrier_gives_no_verdict(sandbox: Sandbox) -> None:
    # One that lost it gives one: the kernel goes on asking into the void, and hears no objection.
    add = ["ip", "link", "add", "eth1", "type", "veth", "peer", "name", "far1"]
    sandbox.run(add, check=True)
    sandbox.run(["ip", "link", "set", "eth1", "up"], check=True)
    assert inside(sandbox, lambda: _try(4, link_name="eth1")) == "timeout"


def test_a_verdict_that_is_in_already_is_not_waited_for(sandbox: Sandbox) -> None:
    def body() -> None:
        assert _try(20) == "ok"
        network = Network()
        (held,) = network.holders(_VIP)
        with network.watch_addresses() as watch:
            assert watch.verdict(_VIP, held.index, 20) == "ok"
            assert watch.verdict(Address.parse("2001:db8::a2"), held.index, 20) == "gone"

    inside(sandbox, body)


def test_an_address_that_is_removed_meanwhile_is_gone(sandbox: Sandbox, peer: Sandbox) -> None:
    peer.run(["ip", "link", "set", "eth0", "down"], check=True)

    def body() -> None:
        network = Network()
        link = network.link("eth0")
        assert link is not None
        with network.watch_addresses() as watch:
            network.add_address(_VIP, 64, link.index)
            (held,) = network.holders(_VIP)
            seen = watch._network

            class Slow:
                """The table as it was when it was asked: the removal comes as an event."""

                def holders(self, address: Address) -> list[object]:
                    found: list[object] = list(seen.holders(address))
                    network.remove_address(held)
                    return found

            watch._network = Slow()  # type: ignore[assignment]
            assert watch.verdict(_VIP, link.index, 20) == "gone"

    inside(sandbox, body)


def test_lost_events_do_not_lose_the_verdict(sandbox: Sandbox) -> None:
    """2000 changes overrun the subscription's buffer while nobody reads it."""

    def body() -> None:
        network = Network()
        link = network.link("eth0")
        assert link is not None
        with network.watch_addresses() as watch:
            watch._netlink._socket.setsockopt(1, 8, 2048)  # SOL_SOCKET, SO_RCVBUF
            network.add_address(_VIP, 64, link.index)
            for _ in range(1000):
                network.add_address(Address.parse("2001:db8::b"), 64, link.index)
                network.remove_address(network.holders(Address.parse("2001:db8::b"))[0])
            assert watch.verdict(_VIP, link.index, 20) == "ok"

    inside(sandbox, body)

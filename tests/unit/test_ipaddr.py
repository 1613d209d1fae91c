"""What IPaddr decides, over a fake network that holds state and refuses the impossible."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import pytest

import ocf_py as ocf
from ipaddr import IPaddr
from ocf_py.call import Call, Facts
from ocf_py.start_record import StartRecord
from ocf_py.system import announce, announcer, duplicates, processes
from ocf_py.system.processes import ProcessIdentity
from ocf_py.system.records import IFA_F_DADFAILED, Held
from tests.fakes.network import FakeNetwork

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.system.records import Link

V4 = ocf.Address.parse("192.0.2.10")
V6 = ocf.Address.parse("2001:db8::a1")
BASE = ocf.Address.parse("192.0.2.1")


class Air:
    """Hears what is announced, and the process that would go on announcing."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.announcer = ""
        self.ended: list[str] = []
        self.refuses: OSError | None = None
        self.survives = False
        self.will_not_end: Exception | None = None

    def announce_once(
        self, network: FakeNetwork, address: ocf.Address, link: Link, targets: list[ocf.Address]
    ) -> None:
        if self.refuses:
            raise self.refuses
        self.heard.append(f"{address} on {link.name}")

    def start_announcer(
        self,
        address: ocf.Address,
        link: Link,
        count: int,
        interval: float,
        targets: list[ocf.Address],
        admit: Callable[[ProcessIdentity], None],
    ) -> ProcessIdentity:
        identity = ProcessIdentity(4711, 99)
        admit(identity)
        self.announcer = f"{address} on {link.name} {count} times every {interval:g} s"
        return identity

    def terminate(self, identity: ProcessIdentity, grace_seconds: float) -> bool:
        self.ended.append(str(identity))
        if self.will_not_end:
            raise self.will_not_end
        return not self.survives


@pytest.fixture
def air(monkeypatch: pytest.MonkeyPatch) -> Air:
    made = Air()
    monkeypatch.setattr(announce, "announce_once", made.announce_once)
    monkeypatch.setattr(announcer, "start_announcer", made.start_announcer)
    monkeypatch.setattr(processes, "terminate", made.terminate)
    return made


@pytest.fixture
def network(air: Air) -> FakeNetwork:
    """eth0 with a base address, and eth1 without."""
    made = FakeNetwork()
    made.add_link("eth1")
    made.add_address(BASE, 24, 2)
    return made


def agent(network: FakeNetwork, *, recurring: bool = False, **values: Any) -> IPaddr:
    facts = Facts()
    facts.record = StartRecord({})
    call = Call("monitor", is_recurring=recurring, facts=facts)
    return IPaddr(call=call, network=network, **{"ip": V4, **values})


def seen(network: FakeNetwork) -> list[str]:
    return [
        f"{held.address}/{held.prefix} on {network.link_name(held.index)}"
        for held in network.addresses()
        if held.address != BASE
    ]


def test_a_start_without_interface_follows_the_connected_route(
    network: FakeNetwork, air: Air
) -> None:
    agent(network).start()
    assert seen(network) == ["192.0.2.10/24 on eth0"]
    assert air.heard == ["192.0.2.10 on eth0"]
    assert air.announcer == "192.0.2.10 on eth0 4 times every 0.2 s"
    assert agent(network).monitor() == ocf.RUNNING


def test_a_start_names_the_subnets_there_are_when_none_fits(network: FakeNetwork) -> None:
    with pytest.raises(ocf.UnusableHere, match=r"192\.0\.2\.0/24 on eth0.*nic="):
        agent(network, ip=ocf.Address.parse("203.0.113.1")).validate_here()


def test_a_start_names_the_interfaces_that_fit_alike(network: FakeNetwork) -> None:
    network.add_address(ocf.Address.parse("192.0.2.2"), 24, 3)
    with pytest.raises(ocf.UnusableHere, match="eth0.*eth1"):
        agent(network).validate_here()


def test_a_start_asks_the_kernel_for_what_was_given(network: FakeNetwork) -> None:
    agent(network, nic="eth1", cidr_netmask="28", iflabel="vip", broadcast="-").start()
    (held,) = network.holders(V4)
    assert (held.prefix, held.label, held.broadcast) == (28, "eth1:vip", None)


def test_an_interface_that_is_down_is_set_up(network: FakeNetwork) -> None:
    network.add_link("eth2", up=False)
    agent(network, nic="eth2", cidr_netmask="24").start()
    link = network.link("eth2")
    assert link is not None
    assert link.is_up


def test_what_is_not_as_asked_is_replaced(network: FakeNetwork) -> None:
    network.add_address(V4, 32, 2)
    agent(network, cidr_netmask="24").start()
    assert seen(network) == ["192.0.2.10/24 on eth0"]


def test_an_ipv6_address_that_a_rival_holds_is_refused_and_cleaned_up(
    network: FakeNetwork, air: Air
) -> None:
    network.rivals.add(V6)
    with pytest.raises(ocf.Failure, match="another host on eth0 holds 2001:db8::a1") as caught:
        agent(network, ip=V6, nic="eth0", cidr_netmask="64").start()
    assert caught.value.code == 1
    assert seen(network) == []
    assert air.heard == []


def test_an_ipv6_address_without_a_carrier_says_so(network: FakeNetwork) -> None:
    network.add_link("eth2", carrier=False)
    with pytest.raises(ocf.Failure, match="eth2 has no carrier"):
        agent(network, ip=V6, nic="eth2", cidr_netmask="64").start()
    assert seen(network) == []


@pytest.mark.parametrize(
    ("count", "heard", "announcer"), [(0, 0, False), (1, 1, False), (2, 1, True)]
)
def test_the_count_of_announcements(
    network: FakeNetwork, air: Air, count: int, heard: int, announcer: bool
) -> None:
    agent(network, arp_count=count).start()
    assert len(air.heard) == heard
    assert bool(air.announcer) is announcer


def test_an_announcement_that_fails_fails_neither_the_start_nor_the_others(
    network: FakeNetwork, air: Air
) -> None:
    air.refuses = OSError(errno.ENOBUFS, "No buffer space available")
    agent(network).start()
    assert seen(network) == ["192.0.2.10/24 on eth0"]
    assert air.announcer == "192.0.2.10 on eth0 4 times every 0.2 s"


def test_without_a_record_nobody_is_left_to_announce(network: FakeNetwork, air: Air) -> None:
    network.add_address(V4, 24, 2)
    adopting = agent(network, recurring=True, arp_count_refresh=3)
    adopting.call.facts.record = None
    assert adopting.monitor() == ocf.RUNNING
    assert (air.heard, air.announcer) == (["192.0.2.10 on eth0"], "")


def test_a_question_that_cannot_be_asked_is_no_rival(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise OSError(errno.ENETDOWN, "Network is down")

    monkeypatch.setattr(duplicates, "find_rival", refuse)
    network.add_address(V4, 24, 2)
    deep = agent(network, recurring=True, on_duplicate="refuse")
    deep.call.level = 10
    assert deep.monitor() == ocf.RUNNING


def test_an_answer_that_does_not_come_again_is_no_rival(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = ["02:00:00:00:00:99", ""]
    monkeypatch.setattr(duplicates, "find_rival", lambda *_: answers.pop(0))
    network.add_address(V4, 24, 2)
    deep = agent(network, recurring=True, on_duplicate="refuse")
    deep.call.level = 10
    assert deep.monitor() == ocf.RUNNING
    assert answers == []


def test_whatever_goes_wrong_beside_the_address_fails_no_stop(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = agent(network, flush_routes=True)
    started.start()
    monkeypatch.setattr(network, "flush_route_cache", None)  # a TypeError when it is called
    started.stop()
    assert seen(network) == []


def test_a_stop_ends_the_announcer_of_the_record_and_no_other(
    network: FakeNetwork, air: Air
) -> None:
    started = agent(network)
    started.start()
    started.stop()
    assert air.ended == ["4711:99"]
    agent(network).stop()
    assert air.ended == ["4711:99"]


def test_a_second_start_ends_the_first_announcer(network: FakeNetwork, air: Air) -> None:
    started = agent(network)
    started.start()
    started.start()
    assert air.ended == ["4711:99"]


@pytest.mark.parametrize("trouble", [None, PermissionError(1, "no"), OverflowError("no")])
def test_no_trouble_with_an_announcer_fails_a_stop(
    network: FakeNetwork, air: Air, trouble: Exception | None
) -> None:
    started = agent(network)
    started.start()
    air.survives = True
    air.will_not_end = trouble
    started.stop()
    assert seen(network) == []


def test_a_stop_does_not_trust_a_fact_that_is_no_process(network: FakeNetwork, air: Air) -> None:
    stopping = agent(network)
    stopping.call.facts.remember("announcer", "everything")
    stopping.stop()
    assert air.ended == []


def test_an_announcer_that_cannot_be_started_does_not_fail_the_start(
    network: FakeNetwork, air: Air, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(announcer, "start_announcer", refuse)
    agent(network).start()
    assert seen(network) == ["192.0.2.10/24 on eth0"]


def test_a_refusal_of_the_kernel_is_a_reason(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(network, "add_address", refuse)
    with pytest.raises(ocf.Failure, match=r"refuses .* on eth0: Permission denied \(IPv6 may be"):
        agent(network).start()


def test_an_interface_that_was_renamed_still_has_our_address(network: FakeNetwork) -> None:
    started = agent(network, nic="eth1", cidr_netmask="24")
    started.start()
    link = network.link("eth1")
    assert link is not None
    link.name = "lan0"
    assert started.monitor() == ocf.RUNNING
    started.stop()
    assert seen(network) == []


def test_a_found_address_is_kept_where_it_is(network: FakeNetwork) -> None:
    network.add_address(V4, 24, 3)
    agent(network).start()
    assert seen(network) == ["192.0.2.10/24 on eth1"]


def test_a_found_address_that_would_expire_is_added_for_good(network: FakeNetwork) -> None:
    network.add_address(V4, 24, 2)
    network.expire_later(V4)
    agent(network).start()
    (held,) = network.holders(V4)
    assert held.is_permanent


def test_a_start_does_not_take_for_done_what_is_not_to_stay(network: FakeNetwork) -> None:
    network.add_address(V4, 24, 2)
    asked = agent(network)
    asked.call.action = "start"
    assert asked.monitor() == ocf.RUNNING
    network.expire_later(V4)
    with pytest.raises(ocf.Failure, match="on eth0, but not to stay"):
        asked.monitor()
    assert agent(network).monitor() == ocf.RUNNING


def test_an_interface_that_is_down_explains_why_no_route_is_there(network: FakeNetwork) -> None:
    network.set_link(2, up=False)
    with pytest.raises(ocf.UnusableHere, match="eth0 is down, and no directly connected subnet"):
        agent(network, nic="eth0").validate_here()


def test_a_label_must_fit_the_interface_that_is_chosen(network: FakeNetwork) -> None:
    network.add_link("longname12345")
    asked = agent(network, nic="longname12345", cidr_netmask="24", iflabel="v")
    asked.validate()
    asked.validate_here()
    with pytest.raises(ocf.UnusableHere, match="1 characters fit behind its name"):
        agent(network, nic="longname12345", cidr_netmask="24", iflabel="vi").validate_here()


def test_a_stop_takes_the_address_from_wherever_it_is_but_lo(network: FakeNetwork) -> None:
    for index in (1, 2, 3):
        network.add_address(V4, 32, index)
    agent(network).stop()
    assert seen(network) == ["192.0.2.10/32 on lo"]


def test_a_stop_with_an_interface_leaves_the_others(network: FakeNetwork) -> None:
    for index in (2, 3):
        network.add_address(V4, 32, index)
    agent(network, nic="eth1").stop()
    assert seen(network) == ["192.0.2.10/32 on eth0"]


def test_an_interface_that_has_gone_took_the_address_along(network: FakeNetwork) -> None:
    agent(network, nic="eth1", cidr_netmask="24").start()
    network.unplug("eth1")
    gone = agent(network, nic="eth1", cidr_netmask="24", recurring=True)
    assert gone.monitor() == ocf.STOPPED
    gone.stop()


def test_a_duplicate_that_the_kernel_found_is_a_failure(network: FakeNetwork) -> None:
    network.add_address(V6, 64, 2, flags=IFA_F_DADFAILED)
    with pytest.raises(ocf.Failure, match="duplicate address detection failed"):
        agent(network, ip=V6).monitor()


def test_an_interface_that_is_down_is_for_the_recurring_monitor_alone(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent(network, nic="eth1", cidr_netmask="24").start()
    link = network.link("eth1")
    assert link is not None
    link.flags = 0
    assert agent(network, nic="eth1").monitor() == ocf.RUNNING
    with pytest.raises(ocf.Failure, match=r"eth1 is down, so that nobody reaches 192\.0\.2\.10"):
        agent(network, nic="eth1", recurring=True).monitor()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"ip": "0.0.0.0"}, "no address that moves"),  # noqa: S104 - refused
        ({"ip": "::"}, "no address that moves"),
        ({"ip": "::1"}, "no address that moves"),
        ({"ip": "127.1.1.1"}, "no address that moves"),
        ({"ip": "239.1.1.1"}, "no address that moves"),
        ({"ip": "ff02::1"}, "no address that moves"),
        ({"ip": "fe80::1"}, "is link-local"),
        ({"cidr_netmask": "33"}, "is no prefix length from 0 to 32"),
        ({"cidr_netmask": "-1"}, "is no prefix length"),
        ({"cidr_netmask": "255.0.255.0"}, "is no mask"),
        ({"cidr_netmask": "x"}, "is no prefix length"),
        ({"broadcast": "everybody"}, "is not an IP address"),
        ({"broadcast": "::1"}, "is not IPv4"),
        ({"ip": "2001:db8::1", "broadcast": "10.0.0.255"}, "is for IPv4 alone"),
        ({"ip": "255.255.255.255"}, "no address that moves"),
        ({"nic": "a/b"}, "no name that an interface can have"),
        ({"nic": "x" * 128}, "no name that an interface can have"),
        ({"iflabel": "a:b"}, "no label may have"),
        ({"iflabel": "é"}, "no label may have"),
        ({"iflabel": "fourteen-chars"}, "is too long"),
        ({"cidr_netmask": "0"}, "is the whole internet"),
    ],
)
def test_what_is_wrong_on_every_node(values: dict[str, str], message: str) -> None:
    given: dict[str, Any] = {"ip": V4, **values}
    if isinstance(given["ip"], str):
        given["ip"] = ocf.Address.parse(given["ip"])
    with pytest.raises(ocf.Misconfigured, match=message):
        IPaddr(**given).validate()


@pytest.mark.parametrize(
    ("mask", "prefix"),
    [("0", 0), ("24", 24), ("255.255.255.0", 24), ("0.0.0.0", 0)],  # noqa: S104 - a mask
)
def test_a_prefix_length_may_be_a_mask(mask: str, prefix: int) -> None:
    assert V4.parse_prefix(mask) == prefix


def test_a_holding_that_goes_while_it_is_looked_at_is_gone(
    network: FakeNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "holders", lambda address: [Held(address, 24, 77)])
    assert agent(network).monitor() == ocf.STOPPED

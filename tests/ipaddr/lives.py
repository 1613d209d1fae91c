"""An address comes, stays and goes: whatever happens to its routes and links meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.ipaddr.world import (
    BASE4,
    BASE6,
    OTHER4,
    RECURRING,
    V4,
    V6,
    V24,
    V32,
    V64,
    V128,
    address_of,
    check,
    ours,
)

if TYPE_CHECKING:
    from tests.ipaddr.world import World

_ROUTED = ((V4, V24, V32), (V6, V64, V128))


@check
def the_route_gives_interface_and_prefix(world: World) -> None:
    for ip, full, _ in _ROUTED:
        assert world.call("monitor", ip=ip) == 7
        assert world.call("start", ip=ip) == 0, world.reason
        assert world.held("eth0") == {BASE4, BASE6, full}
        assert world.call("start", ip=ip) == 0
        assert world.call("monitor", ip=ip) == 0
        assert world.call("monitor", ip=ip, interval=RECURRING) == 0
        assert world.call("stop", ip=ip) == 0
        assert world.call("stop", ip=ip) == 0
        assert world.call("monitor", ip=ip) == 7
        assert ours(world) == set()
        assert world.records() == []


@check
def two_spellings_are_one_address(world: World) -> None:
    assert world.call("start", ip="2001:DB8::0A1") == 0, world.reason
    assert world.call("monitor", ip="2001:db8:0:0::a1", interval=RECURRING) == 0
    assert world.call("stop", ip="2001:0db8:0000:0000:0000:0000:0000:00a1") == 0
    assert ours(world) == set()


@check
def stop_needs_no_route(world: World) -> None:
    for ip, _, _ in _ROUTED:
        assert world.call("start", ip=ip) == 0, world.reason
    world.remove("eth0", BASE4)
    world.remove("eth0", BASE6)
    world.drop_routes()
    for ip, _, _ in _ROUTED:
        assert world.call("stop", ip=ip) == 0
    assert ours(world) == set()


@check
def stop_needs_no_parameters(world: World) -> None:
    for ip, _, _ in _ROUTED:
        assert world.call("start", ip=ip) == 0, world.reason
        assert world.call("stop") == 0
        assert world.call("monitor", ip=ip) == 7
        assert world.call("stop") == 0


@check
def stop_finds_the_address_where_somebody_has_moved_it(world: World) -> None:
    for ip, full, bare in _ROUTED:
        assert world.call("start", ip=ip) == 0, world.reason
        world.remove("eth0", full)
        world.add("eth1", bare)
        assert world.call("monitor", ip=ip, interval=RECURRING) == 0
        assert world.call("stop", ip=ip) == 0
        assert ours(world) == set()


@check
def the_loopback_is_left_alone(world: World) -> None:
    for ip, _, bare in _ROUTED:
        world.add("lo", bare)
        assert world.call("monitor", ip=ip) == 7
        assert world.call("stop", ip=ip) == 0
        assert world.call("start", ip=ip) == 0
        assert world.call("stop", ip=ip) == 0
        assert world.held("lo") == {bare}
        world.remove("lo", bare)


@check
def base_and_siblings_stay(world: World) -> None:
    siblings = {"192.0.2.11/24", "2001:db8::a2/64"}
    for sibling in siblings:
        world.add("eth0", sibling)
    for ip, _, _ in _ROUTED:
        assert world.call("start", ip=ip) == 0, world.reason
        assert world.call("stop", ip=ip) == 0
    assert world.held("eth0") == {BASE4, BASE6} | siblings


@check
def a_primary_that_goes_leaves_its_secondaries(world: World) -> None:
    asked: dict[str, Any] = {"ip": "203.0.113.10", "nic": "eth1", "cidr_netmask": 24}
    assert world.call("start", **asked) == 0, world.reason
    world.add("eth1", "203.0.113.11/24")
    world.add("eth1", "203.0.113.12/24")
    assert world.call("stop", **asked) == 0
    assert world.held("eth1") == {OTHER4, "203.0.113.11/24", "203.0.113.12/24"}


@check
def an_address_that_was_deleted_by_hand_comes_back(world: World) -> None:
    for ip, full, _ in _ROUTED:
        assert world.call("start", ip=ip) == 0, world.reason
        world.remove("eth0", full)
        assert world.call("monitor", ip=ip, interval=RECURRING) == 7
        assert world.call("stop", ip=ip) == 0
        assert world.call("start", ip=ip) == 0
        assert full in world.held("eth0")


@check
def a_renamed_interface_still_has_our_address(world: World) -> None:
    asked: dict[str, Any] = {"ip": V4, "nic": "eth1", "cidr_netmask": 24}
    assert world.call("start", **asked) == 0, world.reason
    world.rename("eth1", "lan0")
    assert world.call("monitor", interval=RECURRING, **asked) == 0
    assert world.call("stop", **asked) == 0
    assert world.held("lan0") == {OTHER4}


@check
def an_interface_that_is_taken_away_takes_the_address_along(world: World) -> None:
    asked: dict[str, Any] = {"ip": V4, "nic": "eth1", "cidr_netmask": 24}
    assert world.call("start", **asked) == 0, world.reason
    world.unplug("eth1")
    assert world.call("monitor", interval=RECURRING, **asked) == 7
    assert world.call("monitor", **asked) == 7
    assert world.call("stop", **asked) == 0
    assert world.call("start", **asked) == 2
    assert world.reason.startswith("nic='eth1' does not exist here")


@check
def eighty_instances_at_once(world: World) -> None:
    every: list[dict[str, Any]] = [
        {"instance": f"vip{number}", "ip": f"192.0.2.{100 + number}", "arp_count": 2}
        for number in range(80)
    ]
    expected = {f"192.0.2.{100 + number}/24" for number in range(80)}
    assert world.call_at_once("start", every) == [0] * 80
    assert ours(world) == expected
    assert world.call_at_once("monitor", every) == [0] * 80
    assert world.call_at_once("stop", every) == [0] * 80
    assert ours(world) == set()
    assert world.announcers() == 0


@check
def each_instance_of_a_unique_clone_has_an_address_of_its_own(world: World) -> None:
    asked: dict[str, Any] = {"ip": V4, "unique_clone_address": "true"}
    clone: dict[str, Any] = {"clone": "0", "globally_unique": "true"}
    for number in (0, 1, 2):
        name = f"vip:{number}"
        assert world.call("start", instance=name, meta={**clone, "clone": "9"}, **asked) == 0
        assert world.call("monitor", instance=name, meta=clone, **asked) == 0
    assert ours(world) == {"192.0.2.10/24", "192.0.2.11/24", "192.0.2.12/24"}
    assert world.call("stop", instance="vip:1") == 0
    assert ours(world) == {"192.0.2.10/24", "192.0.2.12/24"}
    anonymous: dict[str, Any] = {"clone": "1", "globally_unique": "false"}
    assert world.call("start", meta=anonymous, **asked) == 6
    assert "globally-unique=true" in world.reason
    assert world.call("monitor", instance="vip:2", meta=clone, **asked) == 0
    assert world.call("stop", instance="vip:0", **asked) == 0
    assert world.call("stop", instance="vip:2", **asked) == 0
    assert ours(world) == set()


@check
def lvs_lifts_the_address_from_the_loopback_and_puts_it_back(world: World) -> None:
    asked: dict[str, Any] = {"ip": V4, "lvs_support": "true"}
    world.add("lo", V32)
    assert world.call("monitor", **asked) == 7
    assert world.call("start", **asked) == 0, world.reason
    assert (world.held("lo"), V24 in world.held("eth0")) == (set(), True)
    assert world.call("monitor", interval=RECURRING, **asked) == 0
    assert world.call("stop", **asked) == 0
    assert (world.held("lo"), world.held("eth0")) == ({V32}, {BASE4, BASE6})
    assert world.call("monitor", **asked) == 7
    world.remove("lo", V32)
    assert world.call("start", **asked) == 0
    assert world.call("stop", **asked) == 0
    assert world.held("lo") == set(), "it was not there before, so it does not belong there"


@check
def the_old_way_to_write_a_label_is_understood(world: World) -> None:
    asked: dict[str, Any] = {"ip": V4, "nic": "eth0:old", "cidr_netmask": 24}
    assert world.call("start", **asked) == 0, world.reason
    assert world.labels("eth0") >= {"eth0:old"}
    assert world.call("monitor", **asked) == 0
    assert world.call("stop", **asked) == 0
    assert ours(world) == set()
    # As with IPv6, whose addresses have none:
    for label in ({"nic": "eth0:old"}, {"nic": "eth0", "iflabel": "old"}):
        asked = {"ip": V6, "cidr_netmask": 64, **label}
        assert world.call("start", **asked) == 0, world.reason
        assert world.call("monitor", **asked) == 0
        assert world.call("stop", **asked) == 0
        assert ours(world) == set()


@check
def a_namespace_that_is_not_there_holds_nothing(world: World) -> None:
    asked: dict[str, Any] = {**address_of(V4), "network_namespace": "blue"}
    assert world.call("start", **asked) == 2
    assert world.reason.startswith("network_namespace='blue' does not exist here")
    assert world.call("validate-all", **asked) == 0
    assert world.call("validate-all", level=10, **asked) == 2
    assert world.call("monitor", **asked) == 7
    assert world.call("monitor", interval=RECURRING, **asked) == 7
    assert world.call("stop", **asked) == 0


@check
def reload_takes_what_may_change_and_refuses_the_rest(world: World) -> None:
    asked = address_of(V4)
    assert world.call("start", **asked) == 0, world.reason
    changed: dict[str, Any] = {
        **asked,
        "arp_count": 7,
        "on_link_down": "warn",
        "check_link_status": "false",
    }
    assert world.call("reload-agent", **changed) == 0, world.reason
    assert world.call("monitor", interval=RECURRING, **changed) == 0
    assert world.call("reload-agent", **{**asked, "iflabel": "x"}) == 1
    assert "iflabel" in world.reason
    assert world.call("stop") == 0
    assert ours(world) == set()

"""What is there, what was asked for, and what the agent answers: the tables of its reference."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.ipaddr.world import (
    BASE4,
    BASE6,
    BASES,
    OTHER4,
    RECURRING,
    V4,
    V6,
    V24,
    V32,
    V64,
    address_of,
    check,
    ours,
)

if TYPE_CHECKING:
    from tests.ipaddr.world import World

# what is on eth0 and eth1, what is asked for → probe, recurring monitor, start, stop; then what
# eth0 and eth1 hold after start, and after stop
_JUDGED: tuple[tuple[set[str], set[str], dict[str, Any], str, list[set[str]]], ...] = (
    (set(), set(), {}, "7700", [{V24}, set(), set(), set()]),
    ({V24}, set(), {}, "0000", [{V24}, set(), set(), set()]),
    (set(), {V24}, {}, "0000", [set(), {V24}, set(), set()]),
    ({V32}, set(), {"cidr_netmask": 24}, "1100", [{V24}, set(), set(), set()]),
    ({V32}, set(), {}, "0000", [{V32}, set(), set(), set()]),
    ({V24}, set(), {"iflabel": "x"}, "1100", [{V24}, set(), set(), set()]),
    (set(), {V24}, {"nic": "eth0"}, "7700", [{V24}, {V24}, set(), {V24}]),
    ({V24}, set(), {"nic": "eth0"}, "0000", [{V24}, set(), set(), set()]),
    ({V24, V32}, set(), {"cidr_netmask": 24}, "0000", [{V24, V32}, set(), set(), set()]),
    ({V32}, {V32}, {"cidr_netmask": 24}, "1100", [{V24}, set(), set(), set()]),
)


@check
def what_is_there_is_judged_by_what_was_asked(world: World) -> None:
    for eth0, eth1, asked, codes, after in _JUDGED:
        row = f"{eth0} and {eth1}, asked for {asked}"
        for link, addresses in (("eth0", eth0), ("eth1", eth1)):
            for address in addresses:
                world.add(link, address)
        answers = [world.call("monitor", ip=V4, **asked)]
        answers += [world.call("monitor", ip=V4, interval=RECURRING, **asked)]
        answers += [world.call("start", ip=V4, **asked)]
        held = [world.held("eth0") - BASES, world.held("eth1") - BASES]
        assert world.call("monitor", ip=V4, interval=RECURRING, **asked) == 0, row
        answers += [world.call("stop", ip=V4, **asked)]
        held += [world.held("eth0") - BASES, world.held("eth1") - BASES]
        assert (answers, held) == ([int(code) for code in codes], after), row
        for address in world.held("eth1") - BASES:
            world.remove("eth1", address)


# on_link_down → monitor (recurring), start where the cable is out
_LINK_DOWN = {"refuse": (1, 1), "warn": (0, 0), "degraded": (190, 0)}


@check
def a_link_that_is_down_is_judged_by_its_policy(world: World) -> None:
    for policy, (monitor, start) in _LINK_DOWN.items():
        asked: dict[str, Any] = {
            "ip": V4,
            "nic": "eth1",
            "cidr_netmask": 24,
            "on_link_down": policy,
        }
        assert world.call("start", **asked) == 0, world.reason
        world.set_carrier("eth1", on=False)
        assert world.call("monitor", **asked) == 0, "to a probe it is here"
        assert world.call("monitor", interval=RECURRING, **asked) == monitor
        if monitor:
            assert world.reason == f"eth1 has no carrier, so that nobody reaches {V4} there"
        assert world.call("stop", **asked) == 0
        assert world.call("start", **asked) == start
        assert (V24 in world.held("eth1")) is (start == 0), "what is refused leaves nothing"
        assert world.call("stop", **asked) == 0
        world.set_carrier("eth1", on=True)
        assert ours(world) == set()


@check
def a_link_that_was_set_down_is_set_up_by_start_alone(world: World) -> None:
    asked: dict[str, Any] = {"ip": V4, "nic": "eth1", "cidr_netmask": 24}
    assert world.call("start", **asked) == 0, world.reason
    world.set_link("eth1", up=False)
    assert world.call("monitor", **asked) == 0
    assert world.call("monitor", interval=RECURRING, **asked) == 1
    assert world.reason == f"eth1 is down, so that nobody reaches {V4} there"
    relaxed: dict[str, Any] = {**asked, "check_link_status": "false"}
    assert world.call("monitor", interval=RECURRING, **relaxed) == 0
    assert world.call("stop", **asked) == 0
    assert world.call("start", **asked) == 0
    assert world.call("monitor", interval=RECURRING, **asked) == 0


# on_duplicate → monitor of depth 10, start with run_arping=true; "" is not given
_DUPLICATE = {"": (0, 1), "refuse": (1, 1), "warn": (0, 0), "degraded": (190, 0)}


@check
def a_rival_is_judged_by_its_policy(world: World) -> None:
    world.hold_at_peer(V24)
    for policy, (monitor, start) in _DUPLICATE.items():
        asked: dict[str, Any] = {"ip": V4, "on_duplicate": policy}
        careful: dict[str, Any] = {**asked, "run_arping": "true"}
        assert world.call("start", **careful) == start
        if start:
            assert "answers for 192.0.2.10" in world.reason
            assert ours(world) == set(), "what is refused leaves nothing"
        assert world.call("start", **asked) == 0, "nobody is asked unless run_arping says so"
        assert world.call("monitor", interval=RECURRING, **asked) == 0, "nor at depth 0"
        assert world.call("monitor", interval=RECURRING, level=10, **asked) == monitor
        if monitor:
            assert world.reason.startswith("another host on eth0, ")
            assert world.reason.endswith(", answers for 192.0.2.10")
        assert world.call("stop", **asked) == 0


@check
def without_a_rival_depth_10_is_content(world: World) -> None:
    for ip in (V4, V6):
        assert world.call("monitor", ip=ip, level=10) == 7
        assert world.call("start", ip=ip, run_arping="true") == 0, world.reason
        assert world.call("monitor", ip=ip, interval=RECURRING, level=10) == 0, world.reason
        assert world.call("monitor", ip=ip, interval=RECURRING, level=20) == 0, world.reason
        assert world.call("stop", ip=ip) == 0


@check
def a_duplicate_of_ipv6_is_refused_by_the_kernel_and_cleaned_up(world: World) -> None:
    world.hold_at_peer(V64)
    for policy in ("refuse", "warn", "degraded"):
        asked: dict[str, Any] = {**address_of(V6), "on_duplicate": policy}
        assert world.call("start", **asked) == 1
        assert world.reason.startswith(f"another host on eth0 holds {V6}")
        assert world.held("eth0") == {BASE4, BASE6}
        assert world.call("monitor", **asked) == 7
        assert world.call("stop", **asked) == 0
        sure: dict[str, Any] = {**asked, "nodad": "true"}
        assert world.call("start", **sure) == 0, "nodad asks nobody"
        answer = {"refuse": 1, "warn": 0, "degraded": 190}[policy]
        assert world.call("monitor", interval=RECURRING, level=10, **sure) == answer
        assert world.call("stop", **sure) == 0


_ROOM = "10 characters fit"
_BAD: tuple[tuple[dict[str, Any], int, str], ...] = (
    ({"ip": "192.0.2"}, 6, "ip='192.0.2' is not an IP address"),
    ({"ip": "127.0.0.2"}, 6, "no address that moves"),
    ({"ip": "fe80::5"}, 6, "name its interface with nic="),
    ({"ip": V4, "cidr_netmask": 33}, 6, "cidr_netmask='33' is no prefix length from 0 to 32"),
    ({"ip": V4, "cidr_netmask": "255.0.255.0"}, 6, "is no mask"),
    ({"ip": V6, "cidr_netmask": "ffff::"}, 6, "is no prefix length from 0 to 128"),
    ({"ip": V4, "broadcast": "all"}, 6, "broadcast='all' is not an IP address"),
    ({"ip": V4, "iflabel": "very-much-too-long"}, 6, "13 characters fit"),
    ({"ip": V4, "nic": "eth0", "iflabel": "much-too-long"}, 2, _ROOM),
    ({"ip": V4, "nic": "eth0:much-too-long"}, 2, _ROOM),
    ({"ip": V4, "nic": "eth0:"}, 6, "iflabel='' has a letter that no label may have"),
    ({"ip": V4, "iflabel": "a b"}, 6, "has a letter that no label may have"),
    ({"ip": V4, "arp_interval": "soon"}, 6, "is not a time"),
    ({"ip": V4, "arp_targets": "192.0.2.1, gateway"}, 6, "arp_targets 'gateway' is not an IP"),
    ({"ip": V4, "arp_targets": "2001:db8::1"}, 6, "is of the other family"),
    ({"ip": V4, "arp_targets": " ".join(["192.0.2.1"] * 65)}, 6, "names 65 addresses"),
    ({"ip": V4, "proto": "bgp!"}, 6, "proto='bgp!' is no routing protocol"),
    ({"ip": V4, "proto": "300"}, 6, "proto='300' is no routing protocol"),
    ({"ip": V4, "table": "0"}, 6, "table='0' is no routing table"),
    ({"ip": V4, "table": "-1"}, 6, "table='-1' is no routing table"),
    ({"ip": V4, "cidr_netmask": "0"}, 6, "is the whole internet (give 1 to 32)"),
    ({"ip": V4, "table": "no such"}, 6, "is no routing table's name"),
    ({"ip": V4, "table": "nonesuch"}, 2, "is in no rt_tables of this node"),
    ({"ip": V4, "metric": "-1"}, 6, "metric='-1' is below 0"),
    ({"ip": V4, "preferred_lft": "soon"}, 6, "preferred_lft='soon' is neither forever nor"),
    ({"ip": V6, "lvs_support": "yes"}, 6, "lvs_support is for IPv4 alone"),
    ({"ip": V4, "lvs_ipv6_addrlabel": "yes"}, 6, "lvs_ipv6_addrlabel is for IPv6 alone"),
    ({"ip": V4, "lvs_support": "1", "kill_connections": "1"}, 6, "choose one of them"),
    ({"ip": V4, "network_namespace": "../x"}, 6, "is no name of a namespace"),
    ({"ip": V4, "on_link_down": "panic"}, 6, "is none of refuse, warn, degraded"),
    ({"ip": V4, "on_duplicate": "ignore"}, 6, "is none of refuse, warn, degraded"),
    ({"ip": V4, "run_arping": "maybe"}, 6, "is neither true nor false"),
    ({"ip": V4, "nic": "eth7"}, 2, "nic='eth7' does not exist here"),
    ({"ip": "203.0.113.1"}, 2, "192.0.2.0/24 on eth0"),
    ({"ip": "203.0.113.1", "nic": "eth0"}, 2, "give cidr_netmask="),
    ({"ip": V4, "proto": "static"}, 2, "looking at proto=4 alone: no directly connected"),
    ({"ip": V4, "table": "77"}, 2, "looking at table=77 alone: no directly connected"),
)


@check
def bad_input_is_one_clear_line_from_start_and_validate_all_alone(world: World) -> None:
    for asked, code, reason in _BAD:
        assert world.call("start", **asked) == code, asked
        assert reason in world.reason, world.reason
        assert "\n" not in world.reason
        assert world.call("validate-all", **asked) == (6 if code == 6 else 0), asked
        assert world.call("validate-all", level=10, **asked) == code, asked
        assert world.call("monitor", **asked) == 7, asked
        assert world.call("monitor", interval=RECURRING, **asked) in (1, 7), asked
        assert world.call("stop", **asked) == 0, asked
    assert ours(world) == set()
    assert world.records() == []


@check
def routes_that_fit_alike_are_named(world: World) -> None:
    world.add("eth1", "192.0.2.2/24")
    assert world.call("start", ip=V4) == 2
    assert "eth0, eth1" in world.reason
    assert world.call("start", ip=V4, nic="eth1") == 0
    assert world.held("eth1") == {OTHER4, "192.0.2.2/24", V24}

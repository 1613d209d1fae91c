"""Who hears of an address, how often, and for how long."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.ipaddr.world import RECURRING, V4, V6, V24, address_of, check

if TYPE_CHECKING:
    from tests.ipaddr.world import World

_FORMS = {V4: [("request", V4), ("reply", V4)], V6: [("advertisement", V6)]}


@check
def the_first_goes_out_before_start_returns_and_the_rest_from_the_background(
    world: World,
) -> None:
    for ip, forms in _FORMS.items():
        slow: dict[str, Any] = {**address_of(ip), "arp_count": 1000, "arp_interval": "1h"}
        assert world.call("start", **slow) == 0, world.reason
        assert world.heard() == forms
        assert world.announcers() == 1
        assert world.call("stop", **slow) == 0
        assert world.announcers() == 0


@check
def in_the_foreground_all_go_out_before_start_returns(world: World) -> None:
    for ip, forms in _FORMS.items():
        asked: dict[str, Any] = {
            **address_of(ip),
            "arp_count": 3,
            "arp_interval": "10ms",
            "arp_bg": "false",
        }
        assert world.call("start", **asked) == 0, world.reason
        assert world.heard() == forms * 3
        assert world.announcers() == 0
        assert world.call("stop", **asked) == 0


@check
def nothing_is_announced_where_the_count_is_0(world: World) -> None:
    for ip in _FORMS:
        asked: dict[str, Any] = {**address_of(ip), "arp_count": 0}
        assert world.call("start", **asked) == 0, world.reason
        assert world.call("monitor", interval=RECURRING, **asked) == 0
        assert (world.heard(), world.announcers()) == ([], 0)
        assert world.call("stop", **asked) == 0


@check
def every_recurring_monitor_refreshes_both_families(world: World) -> None:
    for ip, forms in _FORMS.items():
        asked: dict[str, Any] = {**address_of(ip), "arp_count": 0, "arp_count_refresh": 1}
        assert world.call("start", **asked) == 0, world.reason
        for _ in range(2):
            assert world.call("monitor", interval=RECURRING, **asked) == 0
            assert world.heard() == forms
        assert world.call("monitor", **asked) == 0
        assert world.heard() == [], "a probe says nothing to anybody"
        assert world.announcers() == 0
        assert world.call("stop", **asked) == 0
        assert world.call("monitor", interval=RECURRING, **asked) == 7
        assert world.heard() == []


@check
def a_refresh_of_several_ends_the_one_before_and_ends_with_stop(world: World) -> None:
    asked: dict[str, Any] = {
        **address_of(V4),
        "arp_count": 0,
        "arp_count_refresh": 1000,
        "arp_interval": "1h",
    }
    assert world.call("start", **asked) == 0, world.reason
    for _ in range(3):
        assert world.call("monitor", interval=RECURRING, **asked) == 0
        assert world.announcers() == 1
    assert world.call("stop") == 0
    assert world.announcers() == 0


@check
def an_announcer_falls_silent_with_the_address(world: World) -> None:
    asked: dict[str, Any] = {**address_of(V4), "arp_count": 1000, "arp_interval": "20ms"}
    assert world.call("start", **asked) == 0, world.reason
    assert world.announcers() == 1
    world.remove("eth0", V24)
    assert world.announcers() == 0

"""SIGKILL in the middle of every action: whatever is left, the next one makes it good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.ipaddr.world import BASE4, BASE6, RECURRING, V4, V6, V32, address_of, check, ours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ipaddr.world import World

_CALM = "nothing was interrupted: the steps do not reach into the action"


def _asked() -> Iterator[dict[str, Any]]:
    for ip in (V4, V6):
        yield {**address_of(ip), "arp_count": 50, "nodad": "true"}


def _is_calm(world: World) -> None:
    assert ours(world) == set()
    assert world.announcers() == 0
    assert world.records() == []


@check
def a_killed_start_is_undone_by_stop_and_made_good_by_start(world: World) -> None:
    for asked in _asked():
        killed = 0
        for step in world.steps("start"):
            if world.call("start", kill_after=step, **asked) is None:
                killed += 1
            assert world.call("stop", **(asked if step % 2 else {})) == 0, (step, world.reason)
            _is_calm(world)
            world.call("start", kill_after=step, **asked)
            assert world.call("start", **asked) == 0, (step, world.reason)
            assert world.call("monitor", interval=RECURRING, **asked) == 0
            assert world.call("stop") == 0
            _is_calm(world)
        assert killed > 1, _CALM


@check
def a_killed_stop_is_finished_by_the_next(world: World) -> None:
    for asked in _asked():
        killed = 0
        for step in world.steps("stop"):
            assert world.call("start", **asked) == 0, world.reason
            if world.call("stop", kill_after=step, **asked) is None:
                killed += 1
            assert world.call("stop", **(asked if step % 2 else {})) == 0, (step, world.reason)
            _is_calm(world)
        assert killed > 1, _CALM
    assert world.held("eth0") == {BASE4, BASE6}


@check
def a_killed_monitor_and_a_killed_reload_leave_all_as_it_was(world: World) -> None:
    for asked in _asked():
        assert world.call("start", **asked) == 0, world.reason
        for action in ("monitor", "reload-agent"):
            for step in world.steps(action):
                world.call(action, kill_after=step, **{**asked, "arp_count": 51})
                assert world.call("monitor", interval=RECURRING, **asked) == 0, step
        assert world.call("stop") == 0
        _is_calm(world)


@check
def what_lvs_lifts_from_the_loopback_is_never_lost(world: World) -> None:
    asked: dict[str, Any] = {"ip": V4, "lvs_support": "true", "arp_count": 1}
    world.add("lo", V32)
    for step in world.steps("start"):
        world.call("start", kill_after=step, **asked)
        assert world.call("stop", **asked) == 0, (step, world.reason)
        assert world.held("lo") == {V32}, step
        assert world.held("eth0") == {BASE4, BASE6}, step
        assert world.call("start", **asked) == 0, (step, world.reason)
        world.call("stop", kill_after=step, **asked)
        assert world.call("stop", **asked) == 0, (step, world.reason)
        assert world.held("lo") == {V32}, step

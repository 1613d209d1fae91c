"""SIGKILL in the middle of every action: whatever is left, the next one makes it good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.filesystem.world import RECURRING, asked, check

if TYPE_CHECKING:
    from tests.filesystem.world import World

_CALM = "nothing was interrupted: the steps do not reach into the action"


@check
def a_killed_start_is_undone_by_stop_and_made_good_by_start(world: World) -> None:
    one = asked(world, options="ro")
    killed = 0
    for step in world.steps("start"):
        if world.call("start", kill_after=step, **one) is None:
            killed += 1
        assert world.call("stop", **(one if step % 2 else {})) == 0, (step, world.reason)
        assert world.mounted(one["directory"]) == [], step
        assert world.records() == []
        world.call("start", kill_after=step, **one)
        assert world.call("start", **one) == 0, (step, world.reason)
        assert world.mounted(one["directory"]) == [one["device"]]
        assert world.call("monitor", interval=RECURRING, **one) == 0
        assert world.call("stop") == 0
        assert world.mounted(one["directory"]) == []
    assert killed > 1, _CALM


@check
def a_killed_stop_is_finished_by_the_next(world: World) -> None:
    one = asked(world)
    killed = 0
    for step in world.steps("stop"):
        assert world.call("start", **one) == 0, world.reason
        world.mount("inner", f"{one['directory']}/x", "tmpfs")
        if world.call("stop", kill_after=step, **one) is None:
            killed += 1
        assert world.call("stop", **(one if step % 2 else {})) == 0, (step, world.reason)
        assert world.mounted(one["directory"]) == []
        assert world.records() == []
    assert killed > 1, _CALM


@check
def a_killed_monitor_and_a_killed_reload_leave_all_as_it_was(world: World) -> None:
    one = asked(world)
    assert world.call("start", **one) == 0, world.reason
    for action in ("monitor", "reload-agent"):
        for step in world.steps(action):
            world.call(action, kill_after=step, **{**one, "signal_delay": "3"})
            assert world.call("monitor", interval=RECURRING, **one) == 0, (step, world.reason)
    assert world.call("stop") == 0

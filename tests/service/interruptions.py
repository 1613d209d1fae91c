"""SIGKILL in the middle of an action: whatever is left, the next one makes it good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.world import PIDFILE, RECURRING, asked, check, is_calm, roles

if TYPE_CHECKING:
    from tests.service.world import World

_CALM = "nothing was interrupted: the steps do not reach into the action"


@check
def a_killed_start_is_undone_by_stop_and_made_good_by_start(world: World) -> None:
    it = asked(world, "workers", "stay", pidfile=PIDFILE)
    killed = 0
    for step in world.steps("start"):
        if world.call("start", kill_after=step, **it) is None:
            killed += 1
        assert world.call("stop", **(it if step % 2 else {})) == 0, (step, world.reason)
        is_calm(world)
        world.call("start", kill_after=step, **it)
        assert world.call("start", **it) == 0, (step, world.reason)
        assert world.call("monitor", interval=RECURRING, **it) == 0
        assert roles(world) == ["main", "worker", "worker"], step
        assert world.call("stop") == 0
        is_calm(world)
    assert killed > 1, _CALM


@check
def a_killed_stop_is_finished_by_the_next(world: World) -> None:
    it = asked(world, "workers", "stay", pidfile=PIDFILE)
    killed = 0
    for step in world.steps("stop"):
        assert world.call("start", **it) == 0, world.reason
        if world.call("stop", kill_after=step, **it) is None:
            killed += 1
        assert world.call("stop", **(it if step % 2 else {})) == 0, (step, world.reason)
        is_calm(world)
    assert killed > 1, _CALM


@check
def a_killed_monitor_leaves_all_as_it_was(world: World) -> None:
    it = asked(world, "workers", "stay", pidfile=PIDFILE, health=world.well)
    assert world.call("start", **it) == 0, world.reason
    before = world.processes()
    for step in world.steps("monitor"):
        world.call("monitor", interval=RECURRING, level=10, kill_after=step, **it)
        assert world.call("monitor", interval=RECURRING, **it) == 0, step
        assert world.processes() == before
    assert world.call("stop") == 0
    is_calm(world)

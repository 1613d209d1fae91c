"""A start record that was damaged or lost: the resource's name finds what lives all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.world import PIDFILE, RECURRING, asked, check, find, is_calm, roles

if TYPE_CHECKING:
    from tests.service.world import World


@check
def what_runs_is_never_said_to_be_stopped_because_its_record_is_damaged(world: World) -> None:
    for words, code in ((["workers"], 0), (["fork", "workers"], None), (["stubborn", "stay"], 0)):
        it = asked(world, *words)
        assert world.call("start", **it) == 0, world.reason
        world.spoil_record()
        for interval in (0, RECURRING):
            answer = world.call("monitor", interval=interval, **it)
            assert answer == code or (code is None and answer in (0, 1)), (words, world.reason)
            # Without parameters nothing proves which one is the main process.
            assert world.call("monitor", interval=interval) == 1
            assert "(main, user 0)" in world.reason
        assert world.call("stop", timeout=6, **it) == 0, world.reason
        is_calm(world)
        assert world.call("monitor", **it) == 7


@check
def workers_without_a_main_process_and_a_record_are_a_failure(world: World) -> None:
    it = asked(world, "workers")
    assert world.call("start", **it) == 0, world.reason
    world.spoil_record()
    world.kill(find(world, "main"))
    for interval in (0, RECURRING):
        assert world.call("monitor", interval=interval, **it) == 1
        assert "(worker, user 0)" in world.reason, world.reason
    assert world.call("stop", **it) == 0, world.reason
    is_calm(world)


@check
def a_damaged_record_where_nothing_lives_harms_nobody(world: World) -> None:
    it = asked(world, "stay", pidfile=PIDFILE)
    for action in ("stop", "start"):
        assert world.call("start", **it) == 0, world.reason
        world.spoil_record()
        world.kill(find(world, "main"))
        assert world.call("monitor", **it) == 7, world.reason
        assert world.call("monitor", interval=RECURRING, **it) == 7, world.reason
        assert world.call(action, **it) == 0, world.reason
        assert world.call("stop") == 0, world.reason
        is_calm(world)


@check
def a_damaged_record_needs_no_parameters_to_be_stopped(world: World) -> None:
    for words in (["workers", "orphans"], ["fork", "workers"], ["stubborn", "stay"]):
        assert world.call("start", **asked(world, *words)) == 0, world.reason
        world.spoil_record()
        assert world.call("stop", timeout=6) == 0, world.reason
        is_calm(world)


@check
def start_ends_what_a_damaged_record_hides(world: World) -> None:
    it, other = asked(world, "workers"), asked(world, "stay")
    assert world.call("start", **it) == 0, world.reason
    world.spoil_record()
    assert world.call("start", **other) == 0, world.reason
    assert roles(world) == ["main"]
    assert world.call("monitor", interval=RECURRING, **other) == 0, world.reason
    assert world.call("stop") == 0, world.reason
    is_calm(world)


@check
def the_neighbour_with_a_longer_name_is_another(world: World) -> None:
    it = asked(world, "stay")
    assert world.call("start", instance="svc.b", **it) == 0, world.reason
    assert world.call("start", **it) == 0, world.reason
    world.spoil_record()
    assert world.call("stop", **it) == 0, world.reason
    assert roles(world) == ["main"]
    assert world.call("monitor", instance="svc.b", interval=RECURRING, **it) == 0, world.reason
    assert world.call("stop", instance="svc.b") == 0
    is_calm(world)


@check
def what_runs_without_a_record_is_found_by_its_control_group(world: World) -> None:
    if not world.holds_escapees:  # without one, a missing record proves that nothing was started
        return
    it = asked(world, "workers", "escape")
    assert world.call("start", **it) == 0, world.reason
    world.lose_record()
    assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
    assert world.records() == ["Service.svc"], "what is found active is recorded"
    assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
    world.kill(find(world, "main"))
    assert world.call("monitor", interval=RECURRING, **it) == 1, world.reason
    assert world.call("stop") == 0, world.reason
    is_calm(world)
    assert world.call("start", **it) == 0, world.reason
    world.lose_record()
    assert world.call("stop", **it) == 0, world.reason
    is_calm(world)

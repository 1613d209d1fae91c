"""Who holds it is asked to go, and they alone; who stays is named."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.filesystem.world import asked, check

if TYPE_CHECKING:
    from tests.filesystem.world import World


@check
def holders_go_and_bystanders_stay(world: World) -> None:
    one = asked(world)
    world.make_folder(f"{world.base}/data-old")
    assert world.call("start", **one) == 0, world.reason
    bystander = world.hold(f"{world.base}/data-old")
    holders = [world.hold(one["directory"]) for _ in range(3)]
    assert world.call("stop") == 0, world.reason
    assert not any(world.lives(holder) for holder in holders)
    assert world.lives(bystander)


@check
def who_ignores_the_first_stage_meets_the_second(world: World) -> None:
    end_who_ignores_the_first_stage(world, "200ms")


@check
def a_delay_that_is_longer_than_a_stage_leaves_the_second_its_time(world: World) -> None:
    end_who_ignores_the_first_stage(world, "60s")


def end_who_ignores_the_first_stage(world: World, delay: str) -> None:
    one = asked(world, signal_delay=delay)
    assert world.call("start", **one) == 0, world.reason
    holder = world.hold(one["directory"], stubborn=True)
    assert world.call("stop", timeout=4, **one) == 0, world.reason
    assert not world.lives(holder)


@check
def a_fast_stop_fails_soon_and_names_the_holder(world: World) -> None:
    one = asked(world, fast_stop="true", signal_delay="60s", kill_signals="CONT")
    assert world.call("start", **one) == 0, world.reason
    holder = world.hold(one["directory"], stubborn=True)
    began = time.monotonic()
    assert world.call("stop", timeout=40, **one) == 1
    assert 5 < time.monotonic() - began < 9
    assert f"{one['directory']} is held by pid {holder} (" in world.reason, world.reason
    world.release(holder)
    assert world.call("stop") == 0, world.reason


@check
def the_signals_are_those_that_were_asked_for(world: World) -> None:
    one = asked(world, signal_delay="100ms", term_signals="CONT KILL")
    assert world.call("start", **one) == 0, world.reason
    holder = world.hold(one["directory"], stubborn=True)
    assert world.call("stop", **one) == 0, world.reason
    assert not world.lives(holder)


@check
def who_may_not_be_signalled_is_waited_for_and_named(world: World) -> None:
    one = asked(world, force_unmount="false")
    assert world.call("start", **one) == 0, world.reason
    holder = world.hold(one["directory"])
    assert world.call("stop", timeout=3, **one) == 1
    assert world.lives(holder)
    assert f"{one['directory']} is held by pid {holder} (" in world.reason, world.reason
    assert f"cwd {one['directory']}" in world.reason
    assert world.mounted(one["directory"]) == [one["device"]]
    assert world.call("reload-agent", **{**one, "force_unmount": "true"}) == 0
    assert world.call("stop") == 0, world.reason


@check
def holders_of_what_is_mounted_in_it_go_too(world: World) -> None:
    one = asked(world)
    assert world.call("start", **one) == 0, world.reason
    for number in range(4):
        world.mount(f"inner{number}", f"{one['directory']}/{number}", "tmpfs")
        world.hold(f"{one['directory']}/{number}")
    assert world.call("stop", timeout=10) == 0, world.reason
    assert world.mounted(one["directory"]) == []

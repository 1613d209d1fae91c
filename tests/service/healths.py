"""What the deep monitors find out, and what they do no matter what they ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.world import RECURRING, asked, check, is_calm, roles

if TYPE_CHECKING:
    from typing import Any

    from tests.service.world import World


def _monitor(world: World, level: int, it: dict[str, Any], timeout: float = 20.0) -> int | None:
    return world.call("monitor", interval=RECURRING, level=level, timeout=timeout, **it)


@check
def each_depth_asks_its_own(world: World) -> None:
    it = asked(world, "stay", health=world.well, deep_health=world.ill)
    assert world.call("start", **it) == 0, world.reason
    assert [_monitor(world, level, it) for level in (0, 5, 10, 20, 30)] == [0, 0, 0, 1, 1]
    it = asked(world, "stay", health=world.ill)
    assert [_monitor(world, level, it) for level in (0, 10, 20)] == [0, 1, 0]
    assert world.call("stop", **it) == 0
    is_calm(world)


@check
def health_takes_every_form(world: World) -> None:
    it = asked(world, "tcp=4711", "http=4712:500")
    assert world.call("start", **{**it, "ready": "tcp://127.0.0.1:4711"}) == 0, world.reason
    for health, code in (
        ("tcp://127.0.0.1:4711", 0),
        ("tcp://127.0.0.1:4799", 1),
        ("http://127.0.0.1:4712/x", 1),
        ("unix:///run/nothing", 1),
        ("file:///run", 0),
        ("file:///run/nothing", 1),
    ):
        assert _monitor(world, 10, {**it, "health": health}) == code, (health, world.reason)
    assert world.call("stop", **it) == 0
    is_calm(world)


@check
def failures_count_up_to_the_threshold(world: World) -> None:
    it = asked(world, "stay", health=world.ill, health_threshold=3)
    assert world.call("start", **it) == 0, world.reason
    assert [_monitor(world, 10, it) for _ in range(3)] == [190, 190, 1]
    assert _monitor(world, 10, {**it, "health": world.well}) == 0
    it["on_slow"] = "warn"
    assert [_monitor(world, 10, it) for _ in range(3)] == [0, 0, 1]
    assert world.call("stop", **it) == 0
    is_calm(world)


@check
def slow_answers_are_judged_by_the_policy(world: World) -> None:
    it = asked(world, "stay", health=world.slow, health_slow="100ms")
    assert world.call("start", **it) == 0, world.reason
    for policy, code in (("degraded", 190), ("warn", 0), ("refuse", 1)):
        assert _monitor(world, 10, {**it, "on_slow": policy}) == code
    assert "took" in world.reason
    assert _monitor(world, 10, {**it, "health_slow": "10s"}) == 0
    assert world.call("stop", **it) == 0
    is_calm(world)


@check
def what_hangs_is_killed_and_leaves_nothing(world: World) -> None:
    it = asked(world, "stay", health=world.hanging, health_timeout="300ms")
    assert world.call("start", **it) == 0, world.reason
    for _ in range(3):
        assert _monitor(world, 10, it) == 1
        assert "no answer within 0.3 s" in world.reason, world.reason
        assert roles(world) == ["main"]
    assert _monitor(world, 10, {**it, "health_timeout": ""}, timeout=3) == 1
    assert "no answer" in world.reason
    assert roles(world) == ["main"]
    assert world.call("stop", **it) == 0
    is_calm(world)


@check
def nothing_is_asked_of_what_does_not_run(world: World) -> None:
    it = asked(world, "stay", health=world.ill, deep_health=world.ill)
    for level in (0, 10, 20):
        assert world.call("monitor", level=level, **it) == 7

"""Whose a process is: ours however it was started, and nobody else's however it is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.world import PIDFILE, RECURRING, asked, check, find, is_calm, roles

if TYPE_CHECKING:
    from tests.service.world import World


@check
def a_stranger_in_the_pid_file_is_left_alone(world: World) -> None:
    it = asked(world, "stay", pidfile=PIDFILE)
    stranger = world.run_stranger()
    world.write(PIDFILE, f"{stranger}\n")
    assert world.call("monitor", **it) == 7
    assert world.call("monitor", interval=RECURRING, **it) == 7
    assert world.call("stop", **it) == 0
    assert world.call("start", **it) == 1
    assert f"names {stranger} (" in world.reason
    assert roles(world) == ["stranger"]
    world.write(PIDFILE, "")
    assert world.call("start", **it) == 0, world.reason
    assert roles(world) == ["main", "stranger"]
    world.write(PIDFILE, f"{stranger}\n")
    assert world.call("stop", **it) == 0
    assert roles(world) == ["stranger"]
    assert world.read(PIDFILE) == f"{stranger}\n"
    assert world.records() == []


@check
def a_pid_file_that_is_older_than_the_process_it_names_names_another(world: World) -> None:
    it = asked(world, "stay", pidfile=PIDFILE)
    pid = world.run_by_hand("stay")
    world.write(PIDFILE, f"{pid}\n")
    assert world.call("monitor", **it) == 0
    world.age(PIDFILE, 3600)
    assert world.call("monitor", **it) == 7
    assert world.call("stop", **it) == 0
    assert roles(world) == ["main"]
    assert world.call("start", **it) == 1, "the clock may have been set"
    assert f"names {pid} (" in world.reason
    assert world.call("stop", **it) == 0
    assert roles(world) == ["main"]


@check
def what_is_no_pid_names_nobody(world: World) -> None:
    it = asked(world, "stay", pidfile=PIDFILE)
    for text in ("", "\n", "nobody\n", "-1\n", "0\n", "1\n", "99999999999999999999\n", "1 2 3\n"):
        world.write(PIDFILE, text)
        assert world.call("monitor", **it) == 7, text
        assert world.call("stop", **it) == 0, text


@check
def what_an_admin_has_restarted_by_hand_is_ours(world: World) -> None:
    it = asked(world, "workers", pidfile=PIDFILE)
    assert world.call("start", **it) == 0, world.reason
    for pid in world.processes():
        world.kill(pid)
    assert world.call("monitor", interval=RECURRING, **it) == 7
    pid = world.run_by_hand("workers")
    world.write(PIDFILE, f"{pid}\n")
    assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
    assert world.call("monitor", **it) == 0
    assert world.call("start", **it) == 0
    assert find(world, "main") == pid
    assert world.call("stop") == 0, world.reason
    is_calm(world)


@check
def what_an_admin_has_started_is_found_by_a_probe(world: World) -> None:
    it = asked(world, "workers", pidfile=PIDFILE)
    pid = world.run_by_hand("workers")
    world.write(PIDFILE, f"{pid}\n")
    assert world.call("monitor", **it) == 0
    assert world.call("stop") == 0, world.reason
    is_calm(world)


@check
def a_process_with_a_reused_pid_is_not_ours(world: World) -> None:
    it = asked(world, "stay")
    assert world.call("start", **it) == 0, world.reason
    world.kill(find(world, "main"))
    stranger = world.run_stranger_as_recorded()
    assert world.call("monitor", **it) == 7
    assert world.call("monitor", interval=RECURRING, **it) == 7
    assert world.call("stop", **it) == 0
    assert world.processes() == {stranger: "stranger"}
    assert world.records() == []

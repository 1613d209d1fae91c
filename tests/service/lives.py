"""A service comes, stays and goes, with all its processes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.service.world import PIDFILE, RECURRING, asked, check, find, is_calm, roles

if TYPE_CHECKING:
    from tests.service.world import World


@check
def it_lives_a_whole_life(world: World) -> None:
    it = asked(world, "stay", pidfile=PIDFILE)
    assert world.call("monitor", **it) == 7
    assert world.call("start", **it) == 0, world.reason
    main = find(world, "main")
    assert world.read(PIDFILE) == f"{main}\n"
    assert world.call("start", **it) == 0
    assert world.call("monitor", **it) == 0
    assert world.call("monitor", interval=RECURRING, **it) == 0
    for level in (10, 20):
        assert world.call("monitor", interval=RECURRING, level=level, **it) == 0
    assert find(world, "main") == main
    assert world.call("stop", **it) == 0
    assert world.call("stop", **it) == 0
    assert world.call("monitor", **it) == 7
    assert world.read(PIDFILE) == ""
    is_calm(world)


@check
def stop_needs_no_parameters(world: World) -> None:
    it = asked(world, "workers", "escape", pidfile=PIDFILE)
    assert world.call("start", **it) == 0, world.reason
    assert world.call("stop") == 0, world.reason
    is_calm(world)
    assert world.call("monitor", **it) == 7
    assert world.call("stop") == 0


@check
def a_program_that_forks_is_followed(world: World) -> None:
    for words, more in (
        (["fork", f"pidfile={PIDFILE}"], {"pidfile": PIDFILE}),
        (["fork", "workers"], {}),
        (["fork", "after=0.3", f"pidfile={PIDFILE}"], {"pidfile": PIDFILE}),
    ):
        it = asked(world, *words, **more)
        assert world.call("start", **it) == 0, world.reason
        assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
        main = find(world, "main")
        if more:
            assert world.read(PIDFILE).strip() == str(main)
        assert world.call("stop", **it) == 0, world.reason
        is_calm(world)


@check
def what_computes_before_it_forks_is_followed(world: World) -> None:
    for words, more in (
        (["work=0.4", "fork", "workers"], {}),
        (["work=0.4", "fork", f"pidfile={PIDFILE}"], {"pidfile": PIDFILE}),
    ):
        it = asked(world, *words, **more)
        assert world.call("start", **it) == 0, world.reason
        time.sleep(0.5)  # by now it has forked in any case
        assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
        assert world.call("stop", **it) == 0, world.reason
        is_calm(world)


@check
def what_never_comes_to_rest_is_started_nevertheless(world: World) -> None:
    for timeout, longest in ((20, 2.0), (1.5, 1.0)):
        it, before = asked(world, "work=9", "stay"), time.monotonic()
        assert world.call("start", timeout=timeout, **it) == 0, world.reason
        assert time.monotonic() - before < longest, "it waited for its end"
        assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
        assert world.call("stop") == 0, world.reason
        is_calm(world)


@check
def all_its_processes_end_with_it(world: World) -> None:
    for words in (["workers"], ["orphans"], ["fork", "workers", "orphans"], ["escape"]):
        it = asked(world, *words)
        assert world.call("start", **it) == 0, world.reason
        assert "main" in roles(world)
        assert world.call("stop", **it) == 0, world.reason
        is_calm(world)


@check
def what_ignores_sigterm_is_killed(world: World) -> None:
    for words in (["stubborn", "stay"], ["stubborn", "workers", "orphans", "escape"]):
        it = asked(world, *words, stop_signals="TERM@0 KILL@200ms")
        assert world.call("start", **it) == 0, world.reason
        assert world.call("stop", **it) == 0, world.reason
        is_calm(world)


@check
def a_stage_is_reached_by_what_survived_the_one_before(world: World) -> None:
    it = asked(world, "stubborn", "stay", stop_signals="TERM@0 INT@100ms KILL@90%")
    assert world.call("start", **it) == 0, world.reason
    assert world.call("stop", timeout=300, **it) == 0, world.reason  # KILL would take 270 s
    is_calm(world)


@check
def workers_that_outlive_the_main_process_are_a_failure(world: World) -> None:
    for words in (["workers"], ["fork", "workers"], ["orphans"], ["escape"]):
        it = asked(world, *words)
        assert world.call("start", **it) == 0, world.reason
        world.kill(find(world, "main"))
        left = roles(world)
        assert left
        assert world.call("monitor", **it) == 1
        assert world.call("monitor", interval=RECURRING, **it) == 1
        assert f"({left[0]}" in world.reason
        assert world.call("monitor") == 1
        assert world.call("stop") == 0, world.reason
        is_calm(world)


@check
def start_ends_what_is_left_of_the_last_one(world: World) -> None:
    it = asked(world, "workers")
    assert world.call("start", **it) == 0, world.reason
    before = world.processes()
    world.kill(find(world, "main"))
    assert world.call("start", **it) == 0, world.reason
    assert not before.keys() & world.processes().keys()
    assert roles(world) == ["main", "worker", "worker"]
    assert world.call("stop", **it) == 0
    is_calm(world)


@check
def a_crash_leaves_a_pid_file_and_no_service(world: World) -> None:
    it = asked(world, "stay", pidfile=PIDFILE)
    assert world.call("start", **it) == 0, world.reason
    world.kill(find(world, "main"))
    assert world.read(PIDFILE)
    assert world.call("monitor", **it) == 7
    assert world.call("monitor", interval=RECURRING, **it) == 7
    assert world.call("start", **it) == 0, world.reason
    assert world.call("stop", **it) == 0
    assert world.read(PIDFILE) == ""
    is_calm(world)


@check
def other_arguments_are_another_service(world: World) -> None:
    it, other = asked(world, "stay"), asked(world, "workers")
    assert world.call("start", **it) == 0, world.reason
    assert world.call("monitor", **other) == 1
    assert world.call("start", **other) == 0, world.reason
    assert roles(world) == ["main", "worker", "worker"]
    assert world.call("stop", **it) == 0, world.reason
    is_calm(world)


@check
def the_names_of_anything_are_taken(world: World) -> None:
    it: dict[str, Any] = {
        "binfile": world.daemon,
        "cmdline_options": "stubborn stay",
        "stop_timeout": "1",
        "monitor_hook": f"{world.well} && ! {world.ill}",
    }
    assert world.call("monitor", **it) == 7
    assert world.call("start", **it) == 0, world.reason
    assert world.read("/run/anything_svc.pid") == f"{find(world, 'main')}\n"
    assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
    assert world.call("monitor", interval=RECURRING, **{**it, "monitor_hook": world.ill}) == 1
    assert world.call("stop", **it) == 0, world.reason
    is_calm(world)


@check
def a_shell_runs_the_command_only_where_it_is_asked_to(world: World) -> None:
    it: dict[str, Any] = {"command": f"A=stay; exec {world.daemon} $A", "shell": "true"}
    assert world.call("start", **it) == 0, world.reason
    assert roles(world) == ["main"]
    assert world.call("monitor", interval=RECURRING, **it) == 0
    assert world.call("stop") == 0
    is_calm(world)


@check
def reload_sends_the_signal(world: World) -> None:
    it = asked(world, "count=/run/heard", reload_signal="HUP")
    assert world.call("start", **it) == 0, world.reason
    assert world.call("reload", **it) == 0, world.reason
    assert world.call("reload-agent", **{**it, "reload_signal": "USR1"}) == 0
    assert world.call("monitor", interval=RECURRING, **it) == 0
    assert world.call("reload", **{**it, "reload_signal": ""}) == 1
    assert "reload_signal" in world.reason
    assert world.call("stop", **it) == 0
    assert world.read("/run/heard") == "HUP\n"
    is_calm(world)

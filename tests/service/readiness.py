"""When a start is through, and what remains of one that does not get there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.world import PIDFILE, asked, check, is_calm, roles

if TYPE_CHECKING:
    from tests.service.world import World

_FORMS = (
    (["after=0.3", "tcp=4711"], "tcp://127.0.0.1:4711"),
    (["after=0.3", "unix=/run/daemon.socket"], "unix:///run/daemon.socket"),
    (["after=0.3", "http=4712:200"], "http://127.0.0.1:4712/health"),
    (["after=0.3", "file=/run/daemon.ready"], "file:///run/daemon.ready"),
    (["after=0.3", "notify"], "notify"),
    (["fork", "after=0.3", "notify"], "notify"),
)
_NEVER = (
    (["stay"], "tcp://127.0.0.1:4711", "refused"),
    (["stay"], "unix:///run/nobody.socket", "No such file"),
    (["http=4712:503"], "http://127.0.0.1:4712/", "503"),
    (["tcp=4713", "stay"], "http://127.0.0.1:4713/", "no answer"),
    (["stay"], "file:///run/nothing", "No such file"),
    (["stay"], "notify", "READY"),
    (["workers", "escape", "stubborn"], "notify", "READY"),
)


@check
def start_waits_until_it_is_ready(world: World) -> None:
    for words, ready in _FORMS:
        it = asked(world, *words, ready=ready)
        assert world.call("start", **it) == 0, (ready, world.reason)
        assert "main" in roles(world)
        assert world.is_ready(ready), ready
        assert world.call("stop", **it) == 0, world.reason
        is_calm(world)


@check
def a_command_tells_that_it_is_ready(world: World) -> None:
    assert world.call("start", **asked(world, "stay", ready=world.well)) == 0, world.reason
    assert world.call("stop") == 0
    assert world.call("start", timeout=3, **asked(world, "stay", ready=world.ill)) == 1
    assert world.call("stop") == 0
    is_calm(world)


@check
def what_never_gets_ready_is_taken_back_in_time(world: World) -> None:
    for words, ready, why in _NEVER:
        it = asked(world, *words, ready=ready)
        assert world.call("start", timeout=3, **it) == 1, ready
        assert "not ready" in world.reason, (ready, world.reason)
        assert why in world.reason, world.reason
        assert roles(world) == []
        assert world.call("monitor", **it) == 7
        assert world.call("stop", **it) == 0
        is_calm(world)


@check
def a_program_that_ends_at_once_was_not_started(world: World) -> None:
    for words, why in (
        (["exit=3"], "status 3"),
        (["exit=0"], "status 0"),
        (["fork", "exit=0"], "status 0"),
        (["workers", "exit=5"], "status 5"),
    ):
        it = asked(world, *words, pidfile=PIDFILE)
        assert world.call("start", **it) == 1, words
        assert why in world.reason, world.reason
        if why == "status 0":
            is_unsure = "without a control group" in world.reason
            assert is_unsure is not world.holds_escapees, world.reason
        assert roles(world) == []
        assert world.call("stop", **it) == 0
        is_calm(world)


@check
def what_cannot_be_executed_has_a_reason(world: World) -> None:
    for more, code, why in (
        ({"user": "nobodys"}, 2, "user 'nobodys' is not known"),
        ({"group": "nobodys"}, 2, "group 'nobodys' is not known"),
        ({"workdir": "/nonexistent"}, 2, "workdir='/nonexistent'"),
        ({"envfile": "/nonexistent"}, 2, "envfile='/nonexistent'"),
        ({"command": "/nonexistent/daemon"}, 5, "/nonexistent/daemon"),
        ({"command": "/usr"}, 2, "command='/usr' is a folder"),
        ({"command": "/etc/passwd"}, 2, "chmod +x /etc/passwd"),
        ({"command": f"{world.daemon} stay", "args": ""}, 2, "args takes the rest"),
        ({"command": "/etc/passwd/x"}, 5, "is no program here"),
        ({"command": "", "binfile": "/nonexistent/x"}, 5, "binfile='/nonexistent/x'"),
        ({"workdir": "/proc/nothing"}, 2, "workdir='/proc/nothing' is no folder"),
        ({"workdir": "/etc/passwd"}, 2, "is no folder"),
        ({"logfile": "/nonexistent/log"}, 2, "logfile='/nonexistent/log' is in no folder"),
        ({"errlogfile": "/nonexistent/log"}, 2, "mkdir /nonexistent"),
        ({"errlogfile": "/etc"}, 2, "errlogfile='/etc' is a folder"),
        ({"logfile": "/proc/self/exe"}, 2, "is a link"),
        (
            {"user": "nobody", "logfile": "/root/log"},
            2,
            "logfile='/root/log' cannot be reached by user nobody",
        ),
        ({"user": "nobody", "logfile": "/etc/log"}, 2, "cannot be written by its user (chown /etc"),
        ({"user": "nobody", "logfile": "/etc/passwd"}, 2, "chown /etc/passwd"),
        ({"pidfile": "/nonexistent/pid"}, 2, "pidfile='/nonexistent/pid' is in no folder"),
        ({"pidfile": "/etc"}, 2, "pidfile='/etc' is a folder"),
        ({"ready": "/nonexistent/ready x"}, 5, "ready='/nonexistent/ready' is no program"),
        ({"health": "/etc x"}, 2, "health='/etc' is a folder"),
        ({"stop_command": "/nonexistent/end"}, 5, "stop_command='/nonexistent/end'"),
    ):
        it = {**asked(world, "stay"), **more}
        for action, level in (("validate-all", 10), ("start", 0)):
            assert world.call(action, level=level, **it) == code, (more, world.reason)
            assert why in world.reason, world.reason
        assert world.call("validate-all", **it) == 0, world.reason
        assert world.call("monitor", **it) == 7
        assert world.call("stop", **it) == 0
        is_calm(world)


@check
def what_is_wrong_everywhere_is_said_by_start_and_validate_alone(world: World) -> None:
    for more, why in (
        ({"command": ""}, "no command and no unit"),
        ({"unit": "a.service"}, "exclude each other"),
        ({"binfile": "/bin/true"}, "exclude each other"),
        ({"command": "daemon"}, "absolute path"),
        ({"args": "'open"}, "not closed"),
        ({"cmdline_options": "x"}, "former name"),
        ({"env": "A=1 broken"}, "NAME=value"),
        ({"env": "1A=1"}, "NAME=value"),
        ({"umask": "9"}, "octal"),
        ({"umask": "7777"}, "above 777"),
        ({"limits": "files=3"}, "no limit"),
        ({"limits": "nofile=many"}, "NAME=NUMBER"),
        ({"limits": "nofile=9:3"}, "above the hard"),
        ({"ready": "https://x/"}, "none of tcp"),
        ({"ready": "tcp://localhost"}, "HOST:PORT"),
        ({"ready": "tcp://h:0"}, "a port that is not from 1 to 65535"),
        ({"ready": "tcp://::1:80"}, "brackets"),
        ({"ready": "unix://run/x"}, "absolute path"),
        ({"ready": "true"}, "absolute path"),
        ({"health": "notify"}, "only ready"),
        ({"deep_health": "file://x"}, "absolute path"),
        ({"health_threshold": "0"}, "below 1"),
        ({"on_slow": "panic"}, "none of"),
        ({"ready": "tcp://h:65536"}, "a port that is not from 1 to 65535"),
        ({"health": "http://h:123456/"}, "a port that is not from 1 to 65535"),
        ({"stop_command": "tcp://a:1"}, "not a command: an absolute path and words"),
        ({"stop_command": "end"}, "not a command: an absolute path and words"),
        ({"reload_command": "notify"}, "not a command: an absolute path and words"),
        ({"stop_signals": "TERM@x"}, "SIGNAL@TIME"),
        ({"stop_signals": "NOSUCH"}, "no signal"),
        ({"stop_signals": "TERM@100%"}, "leaves no time"),
        ({"stop_signals": "KILL TERM@50%"}, "behind KILL"),
        ({"stop_signals": "TERM@50% INT@20%"}, "comes before"),
        ({"stop_timeout": "9", "stop_signals": "TERM"}, "former name"),
        ({"reload_signal": "HUPP"}, "no signal"),
        ({"reload_signal": "HUP TERM"}, "more than one"),
        ({"pidfile": "run/x"}, "absolute path"),
    ):
        it = {**asked(world, "stay"), **more}
        for action in ("start", "validate-all"):
            assert world.call(action, **it) == 6, (more, world.reason)
            assert why in world.reason, more
        assert world.call("monitor", **it) == 7, more
        assert world.call("stop", **it) == 0, more
        is_calm(world)


@check
def a_secret_is_in_no_reason_and_no_record(world: World) -> None:
    it = asked(world, "stay", env="PGPASSWORD='gr8 hush'")
    assert world.call("start", **it) == 0, world.reason
    assert not any("hush" in world.read(f"/run/ocfpy/{name}") for name in world.records())
    assert world.call("stop") == 0
    assert world.call("start", **asked(world, "stay", env="A=1 hush")) == 6
    assert "hush" not in world.reason
    is_calm(world)

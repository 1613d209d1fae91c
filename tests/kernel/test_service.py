"""What a service of the kernel's is given, and whom it never takes along when it ends."""

from __future__ import annotations

import contextlib
import os
import stat
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.conformance.sandbox import Sandbox
from tests.kernel.service_world import KernelServiceWorld
from tests.service.world import RECURRING, asked, find, is_calm, roles

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TELL = """\
id -u; id -g; id -G; pwd; umask; ulimit -n; ulimit -Hn; ulimit -c
cat /proc/self/oom_score_adj; grep -E '^Sig(Blk|Ign)' /proc/self/status; ls -l /proc/$$/fd
env | sort; echo told >&2; exec sleep 9999
"""


@pytest.fixture
def world(installed_agents: Path) -> Iterator[KernelServiceWorld]:
    with Sandbox() as sandbox:
        made = KernelServiceWorld(sandbox, installed_agents, cgroup=True)
        yield made
        made.close()


def _path(world: KernelServiceWorld, path: str) -> Path:
    return world.sandbox.root / path.lstrip("/")


def test_it_runs_as_whom_where_and_with_what_it_was_asked_to(world: KernelServiceWorld) -> None:
    _path(world, "/run/home").mkdir()
    os.chown(_path(world, "/run/home"), 65534, 65534)
    world.write("/run/secrets", "PGPASSWORD='gr8 hush'\nB=file\n")
    _path(world, "/run/secrets").chmod(0o600)
    it: dict[str, Any] = {
        "command": "/bin/sh",
        "args": f"-c '{_TELL.replace(chr(39), chr(34))}'",
        "user": "nobody",
        "group": "daemon",
        "workdir": "/run/home",
        "umask": "027",
        "limits": "nofile=50:60 core=0",
        "env": "A='1 2' B=env",
        "envfile": "/run/secrets",
        "logfile": "/run/home/out",
        "errlogfile": "/run/home/err",
    }
    assert world.call("start", **it) == 0, world.reason
    end = time.monotonic() + 5
    while world.read("/run/home/err") != "told\n":
        assert time.monotonic() < end, world.read("/run/home/err")
        time.sleep(0.02)
    lines = world.read("/run/home/out").splitlines()
    assert lines[:3] == ["65534", "1", "1"]
    assert lines[3:8] == ["/run/home", "0027", "50", "60", "0"]
    assert lines[8:10] == ["0", "SigBlk:\t0000000000000000"]
    ignored = int(lines[10].removeprefix("SigIgn:\t"), 16)
    assert not ignored & ~(1 << 31 | 1 << 32), "32 and 33 are the C library's own, and stay"
    handles = [line for line in lines if " -> " in line]
    assert [line.rpartition(" -> ")[2] for line in handles] == [
        "/dev/null",
        "/run/home/out",
        "/run/home/err",
    ]
    variables = dict(line.partition("=")[::2] for line in lines if "=" in line)
    assert variables.pop("INVOCATION_ID")
    assert variables.pop("OCFPY_RESOURCE") == "Service.svc"
    assert variables.pop("PWD") == "/run/home"
    assert variables.pop("_", "") is not None
    assert variables == {
        "A": "1 2",
        "B": "env",
        "PGPASSWORD": "gr8 hush",
        "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "HOME": "/nonexistent",
        "USER": "nobody",
        "LOGNAME": "nobody",
        "SHELL": "/usr/sbin/nologin",
    }
    log = _path(world, "/run/home/out").stat()
    assert (log.st_uid, stat.S_IMODE(log.st_mode)) == (65534, 0o640)
    assert world.call("stop") == 0
    assert "hush" not in world.read("/run/ocfpy/Service.svc")


def test_a_log_is_written_by_its_user_and_through_no_link(world: KernelServiceWorld) -> None:
    _path(world, "/run/home").mkdir(mode=0o777)
    _path(world, "/run/home").chmod(0o777)
    _path(world, "/run/home/link").symlink_to("/run/target")
    it = {**asked(world, "stay"), "user": "nobody", "logfile": "/run/home/link"}
    assert world.call("start", **it) == 2
    assert "logfile='/run/home/link' is a link" in world.reason
    assert not _path(world, "/run/target").exists()
    assert world.call("stop", **it) == 0
    is_calm(world)


def test_a_pid_file_replaces_a_link_and_follows_none(world: KernelServiceWorld) -> None:
    world.write("/run/target", "precious\n")
    _path(world, "/run/it.pid").symlink_to("/run/target")
    it = asked(world, "stay", pidfile="/run/it.pid")
    assert world.call("start", **it) == 0, world.reason
    assert world.read("/run/target") == "precious\n"
    assert world.read("/run/it.pid") == f"{find(world, 'main')}\n"
    assert world.call("stop") == 0
    is_calm(world)


def test_a_part_of_the_cluster_stack_in_the_tree_is_left_alone_and_named(
    world: KernelServiceWorld,
) -> None:
    assert world.call("start", **asked(world, "workers")) == 0, world.reason
    (group,) = _path(world, "/sys/fs/cgroup/ocfpy").glob("Service.svc.*")
    join = f"echo $$ >/sys/fs/cgroup/ocfpy/{group.name}/cgroup.procs"
    script = f"cp /bin/sleep /run/corosync; {join}; exec setsid /run/corosync 4321"
    inside = world.sandbox.popen(["sh", "-c", script])
    end = time.monotonic() + 5
    while world.sandbox.run(["pgrep", "-x", "corosync"]).returncode:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert world.call("stop", timeout=6) == 1
    assert "corosync, a part of the cluster stack" in world.reason, world.reason
    assert roles(world) == []
    assert inside.poll() is None
    inside.kill()
    inside.wait()
    assert world.call("stop") == 0, world.reason


def test_a_stop_that_comes_from_within_the_service_spares_its_own_ancestors(
    world: KernelServiceWorld,
) -> None:
    agent = world.agent
    variables = "OCF_RESOURCE_INSTANCE=svc HA_LOGFACILITY=none OCF_RESKEY_CRM_meta_timeout=6000"
    script = f"sleep 1; {variables} {agent} stop 2>/run/said; echo $? >/run/code; exec sleep 9999"
    it: dict[str, Any] = {
        "command": "/bin/sh",
        "args": f'-c "{script.replace("$", chr(92) + "$")}"',
    }
    assert world.call("start", **it) == 0, world.reason
    end = time.monotonic() + 15
    while not world.read("/run/code"):
        assert time.monotonic() < end
        time.sleep(0.1)
    assert world.read("/run/code") == "1\n"
    assert "is this process or an ancestor of it" in world.read("/run/said")
    assert world.call("stop") == 0, world.reason


def test_what_forks_as_fast_as_it_can_ends(world: KernelServiceWorld) -> None:
    script = "trap : TERM; f() { while :; do (sleep 9999 &); sleep 0.01; done; }; f & f & f & f"
    it: dict[str, Any] = {
        "command": "/bin/sh",
        "args": f"-c '{script}'",
        "user": "nobody",
        "stop_signals": "TERM KILL@100ms",
    }
    assert world.call("start", **it) == 0, world.reason
    assert world.call("stop", **it) == 0, world.reason
    assert world.call("monitor", **it) == 7
    assert world.sandbox.run(["pgrep", "-u", "nobody"]).returncode == 1


def test_a_reload_by_command_runs_as_the_user(world: KernelServiceWorld) -> None:
    _path(world, "/run/home").mkdir()
    os.chown(_path(world, "/run/home"), 65534, 65534)
    it = asked(world, "stay", user="nobody", workdir="/run/home")
    it["reload_command"] = "/bin/sh -c 'echo $A $(id -u) >heard'"
    it["env"] = "A=1"
    assert world.call("start", **it) == 0, world.reason
    assert world.call("reload", **it) == 0, world.reason
    assert world.read("/run/home/heard") == "1 65534\n"
    assert world.call("reload", **{**it, "reload_command": world.ill}) == 1
    assert "it is ill" in world.reason
    assert world.call("stop", **it) == 0
    is_calm(world)


def test_a_stop_command_comes_first_and_what_it_leaves_is_ended(world: KernelServiceWorld) -> None:
    it = asked(world, "stubborn", "workers", stop_command=f"{world.hanging}")
    assert world.call("start", **it) == 0, world.reason
    assert world.call("stop", timeout=6, **it) == 0, world.reason
    is_calm(world)
    it["stop_command"] = "/bin/sh -c 'touch /run/asked; pkill -KILL -x main'"
    assert world.call("start", **it) == 0, world.reason
    assert world.call("stop", timeout=6, **it) == 0, world.reason
    assert _path(world, "/run/asked").exists()
    is_calm(world)


def test_what_a_health_command_leaves_behind_ends_with_it(world: KernelServiceWorld) -> None:
    for leave in (
        "sleep 9999 &",
        "setsid sleep 9999 &",
        "setsid sh -c '\\''sleep 9999 & exit'\\'' &",
    ):
        it = asked(world, "stay", health=f"/bin/sh -c '{leave} sleep 0.1'")
        assert world.call("start", **it) == 0, world.reason
        for _ in range(2):
            assert world.call("monitor", interval=RECURRING, level=10, **it) == 0, world.reason
        assert roles(world) == ["main"], "what a check leaves behind piles up"
        it["health"] = f"/bin/sh -c '{leave} sleep 8888'"
        it["health_timeout"] = "300ms"
        assert world.call("monitor", interval=RECURRING, level=10, **it) == 1
        assert roles(world) == ["main"], "what a check that hangs leaves behind piles up"
        assert world.call("stop", **it) == 0
        is_calm(world)


def test_a_check_that_cannot_be_asked_says_so_in_its_own_words(world: KernelServiceWorld) -> None:
    world.sandbox.run(["cp", "/bin/true", "/run/vanishing"], check=True)
    it = asked(world, "stay", health="/run/vanishing x", deep_health="tcp://127.0.0.1:4711")
    assert world.call("start", **it) == 0, world.reason
    _path(world, "/run/vanishing").unlink()
    for level, reason in (
        (10, "vanishing /run/vanishing: No such file or directory"),
        (20, "tcp://127.0.0.1:4711 Connection refused"),
    ):
        assert world.call("monitor", interval=RECURRING, level=level, **it) == 1
        assert world.reason == reason
    assert world.call("stop", **it) == 0
    is_calm(world)


def test_what_a_reload_starts_stays(world: KernelServiceWorld) -> None:
    it = asked(world, "stay", reload_command="/bin/sh -c 'setsid sleep 9999 & sleep 0.3'")
    assert world.call("start", **it) == 0, world.reason
    assert world.call("reload", **it) == 0, world.reason
    assert roles(world) == ["main", "stranger"]
    assert world.call("stop", **it) == 0
    assert roles(world) == ["stranger"]


def test_who_was_moved_out_of_the_control_group_ends_with_it(world: KernelServiceWorld) -> None:
    it = asked(world, "workers", "orphans")
    away = "mkdir -p /sys/fs/cgroup/ocfpy/away; echo {} >/sys/fs/cgroup/ocfpy/away/cgroup.procs"
    for moved in ("all", "worker"):
        assert world.call("start", **it) == 0, world.reason
        for pid, role in world.processes().items():
            if moved in ("all", role):
                world.sandbox.run(["sh", "-c", away.format(pid)], check=True)
        assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
        if moved == "worker":
            world.kill(find(world, "main"))
            for interval in (0, RECURRING):
                assert world.call("monitor", interval=interval, **it) == 1
                assert "(worker, user 0)" in world.reason
        assert world.call("stop") == 0, world.reason
        is_calm(world)
    _path(world, "/sys/fs/cgroup/ocfpy/away").rmdir()


def test_what_everybody_can_read_of_it_makes_no_process_its_own(
    world: KernelServiceWorld,
) -> None:
    it = asked(world, "workers")
    assert world.call("start", **it) == 0, world.reason
    main = find(world, "main")
    group = _path(world, f"/proc/{main}/cgroup").read_text().strip()
    for known in (group.rpartition(".")[2], group.rpartition("/")[2]):
        forged = world.sandbox.popen(["env", f"INVOCATION_ID={known}", "sleep", "9999"])
        world.kill(find(world, "main"))
        assert world.call("stop", timeout=6, **it) == 0, world.reason
        assert forged.poll() is None
        forged.kill()
        forged.wait()
        assert world.call("start", **it) == 0, world.reason
    assert world.call("stop", **it) == 0
    is_calm(world)


def test_without_the_hierarchy_of_its_group_nothing_is_said_to_have_ended(
    world: KernelServiceWorld,
) -> None:
    it = asked(world, "workers")
    assert world.call("start", **it) == 0, world.reason
    world.sandbox.run(["umount", "/sys/fs/cgroup"], check=True)
    assert world.call("monitor", interval=RECURRING, **it) == 0
    world.kill(find(world, "main"))
    for action in ("monitor", "stop"):
        assert world.call(action, **it) == 1
        assert "cannot be told" in world.reason
    world.sandbox.run(["mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"], check=True)
    assert world.call("stop", **it) == 0, world.reason
    is_calm(world)


_HANG = """\
import ctypes, os, sys, time
handle = os.open("/srv/fuse", os.O_RDWR)
options = f"fd={handle},rootmode=40000,user_id=0,group_id=0".encode()
libc = ctypes.CDLL(None, use_errno=True)
if libc.mount(b"hanging", b"/mnt", b"fuse", 0, options):
    sys.exit(os.strerror(ctypes.get_errno()))
print("mounted", flush=True)
time.sleep(1000)
"""


@contextlib.contextmanager
def _hanging_at_mnt(world: KernelServiceWorld) -> Iterator[None]:
    """A file system whose daemon never answers."""
    if not _path(world, "/srv/fuse").exists():
        world.sandbox.run(["mount", "-t", "tmpfs", "tmpfs", "/srv"], check=True)
        world.sandbox.run(["mknod", "/srv/fuse", "c", "10", "229"], check=True)
    argv = ["/usr/bin/python3", "-c", _HANG]
    daemon = world.sandbox.popen(argv, stdout=subprocess.PIPE)
    assert daemon.stdout is not None
    assert daemon.stdout.readline() == "mounted\n"
    try:
        yield
    finally:
        daemon.kill()
        daemon.wait()
        daemon.stdout.close()


def test_storage_that_hangs_hangs_no_start(world: KernelServiceWorld) -> None:
    with _hanging_at_mnt(world):
        for more in (
            {"command": "/mnt/daemon"},
            {"workdir": "/mnt/work"},
            {"logfile": "/mnt/log"},
            {"errlogfile": "/mnt/log"},
            {"pidfile": "/mnt/it.pid"},
            {"envfile": "/mnt/env"},
            {"ready": "/mnt/ready"},
        ):
            it: dict[str, Any] = {**asked(world, "stay"), **more}
            for action, level in (("validate-all", 10), ("start", 0)):
                assert world.call(action, level=level, timeout=4, **it) == 1, (more, world.reason)
                (name,) = more
                assert f"{name}='/mnt/" in world.reason, world.reason
                assert "does not answer" in world.reason, world.reason
            assert world.call("stop", timeout=6, **it) == 0, world.reason
            is_calm(world)


def test_a_failed_start_tells_what_the_program_said_last(world: KernelServiceWorld) -> None:
    it: dict[str, Any] = {"command": "/bin/sh", "args": "-c 'echo no lock file >&2; exit 3'"}
    assert world.call("start", **it) == 1
    assert world.reason == (
        "sh ended with status 3 before it was ready (set errlogfile to see what it says)"
    )
    for log in ("logfile", "errlogfile"):
        assert world.call("start", **{**it, log: "/run/log"}) == 1
        assert world.reason == "sh ended with status 3 before it was ready: no lock file"
    it["args"] = "-c 'exit 3'"
    time.sleep(0.1)
    assert world.call("start", errlogfile="/run/log", **it) == 1
    assert world.reason == "sh ended with status 3 before it was ready", (
        "the log is of an old start"
    )
    assert world.call("stop", **it) == 0
    is_calm(world)


def test_storage_that_hangs_hangs_no_monitor_and_no_stop(world: KernelServiceWorld) -> None:
    it = asked(world, "workers", pidfile="/mnt/it.pid", health="file:///mnt/it.pid")
    world.sandbox.run(["mount", "-t", "tmpfs", "tmpfs", "/mnt"], check=True)
    assert world.call("start", **it) == 0, world.reason
    assert world.call("monitor", interval=RECURRING, level=10, **it) == 0, world.reason
    with _hanging_at_mnt(world):
        assert world.call("monitor", interval=RECURRING, **it) == 0
        it["health_timeout"] = "300ms"
        assert world.call("monitor", interval=RECURRING, level=10, **it) == 1
        assert "no answer" in world.reason
        world.kill(find(world, "main"))
        assert world.call("monitor", interval=RECURRING, **it) == 1
        assert "(worker, user 0)" in world.reason, world.reason
        assert world.call("stop") == 0, world.reason
        is_calm(world)


_FIRST_THREAD_ENDS = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(9999,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def test_a_process_whose_first_thread_has_ended_lives_on(world: KernelServiceWorld) -> None:
    world.write("/run/threads.py", _FIRST_THREAD_ENDS)
    it: dict[str, Any] = {"command": "/usr/bin/python3", "args": "/run/threads.py"}
    assert world.call("start", **it) == 0, world.reason
    time.sleep(0.5)
    assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
    assert world.call("stop", **it) == 0, world.reason
    assert "threads.py" not in world.sandbox.run(["ps", "-eo", "args"]).stdout


def test_a_name_is_not_taken_for_that_of_a_cluster_in_a_container(
    installed_agents: Path,
) -> None:
    with Sandbox() as sandbox, contextlib.ExitStack() as stack:
        outer = KernelServiceWorld(sandbox, installed_agents, cgroup=True)
        stack.callback(outer.close)
        for prepare in ("mount -t proc proc /proc", "umount /sys/fs/cgroup; mount -t proc p /proc"):
            # Of the same name, with a group and without one, in a pid namespace of its own.
            call = f"{outer.agent} start && exec sleep 9999"
            inner = outer.sandbox.popen(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c",
                 f"{prepare}; mount -t tmpfs run /run; {call}"],
                env={
                    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                    "OCF_RESOURCE_INSTANCE": "svc",
                    "HA_LOGFACILITY": "none",
                    "OCF_RESKEY_command": "/bin/sleep",
                    "OCF_RESKEY_args": "99991",
                },
            )  # fmt: skip
            end = time.monotonic() + 10
            while outer.sandbox.run(["pgrep", "-f", "sleep 99991"]).returncode:
                assert time.monotonic() < end
                time.sleep(0.02)
            assert outer.call("start", **asked(outer, "stay")) == 0, outer.reason
            outer.spoil_record()
            assert outer.call("stop") == 0, outer.reason
            assert outer.sandbox.run(["pgrep", "-f", "sleep 99991"]).returncode == 0
            assert outer.call("monitor", **asked(outer, "stay")) == 7, outer.reason
            inner.kill()
            inner.wait()


def test_a_pid_file_of_another_user_names_none_of_roots_processes(
    world: KernelServiceWorld,
) -> None:
    _path(world, "/run/home").mkdir()
    os.chown(_path(world, "/run/home"), 65534, 65534)
    victim = world.run_by_hand("stay")
    it = asked(world, "stay", user="nobody", pidfile="/run/home/it.pid")
    world.write("/run/home/it.pid", f"{victim}\n")
    os.chown(_path(world, "/run/home/it.pid"), 65534, 65534)
    assert world.call("monitor", **it) == 7
    assert world.call("stop", **it) == 0
    assert find(world, "main") == victim
    world.write("/run/it.pid", f"{victim}\n")  # root's alone: it may name whom it wants
    assert world.call("monitor", **{**it, "pidfile": "/run/it.pid"}) == 0
    assert world.call("stop") == 0
    is_calm(world)


def test_what_was_restarted_by_hand_beside_old_workers_ends_with_them(
    world: KernelServiceWorld,
) -> None:
    it = asked(world, "workers", pidfile="/run/it.pid")
    assert world.call("start", **it) == 0, world.reason
    world.kill(find(world, "main"))
    again = world.run_by_hand("workers", "orphans")
    world.write("/run/it.pid", f"{again}\n")
    assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
    world.kill(again)
    assert world.call("monitor", interval=RECURRING, **it) == 1
    assert world.call("stop", **it) == 0, world.reason
    is_calm(world)


def test_a_monitor_hook_is_roots_as_it_was(world: KernelServiceWorld) -> None:
    it: dict[str, Any] = {
        "binfile": "/bin/sleep",
        "cmdline_options": "9999",
        "user": "nobody",
        "monitor_hook": "test $(id -u) = 0",
    }
    assert world.call("start", **it) == 0, world.reason
    assert world.call("monitor", interval=RECURRING, **it) == 0, world.reason
    assert world.call("stop", **it) == 0
    is_calm(world)


def test_what_a_wrapper_executes_is_recognised_when_it_is_restarted_by_hand(
    world: KernelServiceWorld,
) -> None:
    world.write("/run/wrapper", "#!/bin/sh\nexec /bin/sleep 9999\n")
    _path(world, "/run/wrapper").chmod(0o755)
    it: dict[str, Any] = {"command": "/run/wrapper", "pidfile": "/run/it.pid"}
    assert world.call("start", **it) == 0, world.reason
    (first,) = world.processes()
    for interval in (0, RECURRING):
        world.kill(first)
        first = world.run_stranger()  # the same program, past the agent
        world.write("/run/it.pid", f"{first}\n")
        assert world.call("monitor", interval=interval, **it) == 0, world.reason
        assert world.call("start", **it) == 0, world.reason
        assert list(world.processes()) == [first], "a second one is started"
    world.kill(first)
    world.write("/run/it.pid", f"{world.run_stranger()}\n")
    assert world.call("stop", **it) == 0, world.reason
    assert world.processes() == {}
    assert world.call("monitor", **it) == 7


def test_a_wrapper_makes_no_other_program_its_own(world: KernelServiceWorld) -> None:
    world.write("/run/wrapper", "#!/bin/sh\nexec /bin/sleep 9999\n")
    _path(world, "/run/wrapper").chmod(0o755)
    it: dict[str, Any] = {"command": "/run/wrapper", "pidfile": "/run/it.pid"}
    assert world.call("start", **it) == 0, world.reason
    (first,) = world.processes()
    world.kill(first)
    other = world.run_by_hand("stay")  # another program
    world.write("/run/it.pid", f"{other}\n")
    for interval in (0, RECURRING):
        assert world.call("monitor", interval=interval, **it) == 7
    assert world.call("stop", **it) == 0, world.reason
    assert list(world.processes()) == [other]


def test_a_start_without_a_control_group_warns_of_what_is_weaker(installed_agents: Path) -> None:
    with Sandbox() as sandbox, contextlib.ExitStack() as stack:
        world = KernelServiceWorld(sandbox, installed_agents, cgroup=False)
        stack.callback(world.close)
        it = asked(world, "stay", trace_ra="1", trace_file="/run/trace")
        assert world.call("start", **it) == 0, world.reason
        (line,) = [x for x in world.read("/run/trace").splitlines() if "WARNING: " in x]
        assert "no control group to be had (no hierarchy of version 2 is mounted)" in line, line
        assert "not ended by stop" in line
        assert world.call("stop", **it) == 0, world.reason
        is_calm(world)


def test_a_full_run_fails_a_start_and_neither_a_monitor_nor_a_stop(
    world: KernelServiceWorld,
) -> None:
    it = asked(world, "workers", pidfile="/run/it.pid", health=world.ill, health_threshold=3)
    _path(world, "/run/ocfpy").mkdir(mode=0o700, exist_ok=True)
    records = ["mount", "-t", "tmpfs", "-o", "size=16k,mode=700", "records", "/run/ocfpy"]
    world.sandbox.run(records, check=True)
    assert world.call("start", **it) == 0, world.reason
    fill = ["dd", "if=/dev/zero", "of=/run/ocfpy/.fill", "bs=4k"]
    assert world.sandbox.run(fill).returncode == 1
    # Two facts that change: failures of the health in a row, and a main process of another's.
    assert world.call("monitor", interval=RECURRING, level=10, **it) == 190, world.reason
    world.kill(find(world, "main"))
    again = world.run_by_hand("workers")
    world.write("/run/it.pid", f"{again}\n")
    for interval in (0, RECURRING):
        assert world.call("monitor", interval=interval, **it) == 0, world.reason
    assert world.call("stop", **it) == 0, world.reason
    is_calm(world)
    assert world.call("start", **it) == 1
    assert "cannot write /run/ocfpy/" in world.reason
    assert roles(world) == []
    assert world.call("stop", **it) == 0, world.reason
    is_calm(world)

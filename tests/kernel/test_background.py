"""A part of the library that outlives the action carries nothing of the action along."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.system import background
from ocf_py.system.processes import ProcessIdentity, identify, terminate
from tests.kernel.inside import inside

if TYPE_CHECKING:
    from ocf_py.conformance.sandbox import Sandbox

_FOR_LONG = ["192.0.2.1", "1", "2", "30", "-1"]
_LIBRARY = str(Path(background.__file__).parents[2])

# An action as Pacemaker runs it: with its environment, a stray descriptor, signals blocked and
# ignored, a process group and an out-of-memory score of the executor's.
_ACTION = """
import os, signal, sys
sys.path.insert(0, sys.argv[1])
os.environ.update(OCF_RESKEY_ip="192.0.2.1", PCMK_service="x", HA_debug="1", SECRET="x")
os.setpgid(0, 0)
os.umask(0)
os.chdir("/usr")
os.dup2(1, 77)
with open("/proc/self/oom_score_adj", "w") as file:
    file.write("300")
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from ocf_py.system import background
arguments = ["192.0.2.1", "1", "2", "30", "-1"]
print(background.start("ocf_py.system.announcer", arguments), os.getpgid(0))
"""


def _run_action(sandbox: Sandbox) -> tuple[ProcessIdentity, int]:
    """Runs to the end of the action's output, which must not wait for what it left behind."""
    done = sandbox.run([sys.executable, "-ISBc", _ACTION, _LIBRARY], timeout=15, check=True)
    identity, group = done.stdout.split()
    return ProcessIdentity.parse(identity), int(group)


def _look(identity: ProcessIdentity) -> dict[str, Any]:
    """What /proc says of it, once it has been replaced by what it executes."""
    base = f"/proc/{identity.pid}"

    def text(name: str) -> str:
        with open(f"{base}/{name}", encoding="ascii") as file:
            return file.read()

    status = dict(line.split(":\t", 1) for line in text("status").splitlines())
    fields = text("stat").rpartition(")")[2].split()
    return {
        "alive": identity.is_alive(),
        "command": text("cmdline").split("\0")[:-1],
        "environment": sorted(text("environ").split("\0")[:-1]),
        "handles": {name: os.readlink(f"{base}/fd/{name}") for name in os.listdir(f"{base}/fd")},
        "cwd": os.readlink(f"{base}/cwd"),
        "umask": status["Umask"],
        "blocked": int(status["SigBlk"], 16),
        "ignored": int(status["SigIgn"], 16),
        "oom": text("oom_score_adj").strip(),
        "parent": int(fields[1]),
        "group": int(fields[2]),
        "session": int(fields[3]),
    }


def test_nothing_of_the_action_is_left_in_it(sandbox: Sandbox) -> None:
    identity, action_group = _run_action(sandbox)
    seen = inside(sandbox, lambda: _look(identity))
    assert seen["alive"]
    program = str(Path(background.__file__).with_name("detached.py"))
    assert seen["command"][1:4] == ["-ISB", program, "ocf_py.system.announcer"]
    assert seen["environment"] == ["LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
    assert {seen["handles"][name] for name in "012"} == {"/dev/null"}
    rest = {name: what for name, what in seen["handles"].items() if name not in "012"}
    assert all(what.startswith("socket:") for what in rest.values()), "only its own netlink socket"
    assert seen["cwd"] == "/"
    assert seen["umask"] == "0077"
    assert seen["blocked"] == 0
    # Python itself ignores these two, in every program.
    python_ignores = 1 << (signal.SIGPIPE - 1) | 1 << (signal.SIGXFSZ - 1)
    python_ignores |= 1 << 31 | 1 << 32  # 32 and 33 are the C library's own: nobody else sets them
    assert seen["ignored"] & ~python_ignores == 0
    assert seen["oom"] == "0"
    assert seen["parent"] == 1
    assert seen["group"] == seen["session"] != action_group


def test_it_gives_way_inside_its_session_and_its_session_to_others(sandbox: Sandbox) -> None:
    def give_way() -> tuple[int, int]:
        identity = background.start("ocf_py.system.announcer", _FOR_LONG, niceness=7)
        base = Path(f"/proc/{identity.pid}")
        nice = int((base / "stat").read_text(encoding="ascii").rpartition(")")[2].split()[16])
        groups = base / "autogroup"  # where the kernel was built with them
        group = groups.read_text(encoding="ascii").split()[-1] if groups.exists() else 7
        return nice - os.nice(0), int(group)

    assert inside(sandbox, give_way) == (7, 7)


def test_it_survives_the_end_of_the_actions_process_group(sandbox: Sandbox) -> None:
    identity, group = _run_action(sandbox)

    def body() -> bool:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        time.sleep(0.1)
        return identity.is_alive()

    assert inside(sandbox, body)


def test_it_leaves_no_zombie_in_its_maker(sandbox: Sandbox) -> None:
    def body() -> None:
        identity = background.start("ocf_py.system.announcer", _FOR_LONG)
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        assert terminate(identity, 5)
        assert identify(identity.pid) is None or not identity.is_alive()

    inside(sandbox, body)


def test_nothing_is_executed_that_was_not_recorded(sandbox: Sandbox) -> None:
    """A refusal of the record is the caller's to tell, and the process has ended."""
    seen: list[ProcessIdentity] = []

    def refuse(process: ProcessIdentity) -> None:
        seen.append(process)
        assert process.is_alive()
        raise PermissionError("the record cannot be written")

    def body() -> bool:
        with pytest.raises(PermissionError, match="the record"):
            background.start("ocf_py.system.announcer", _FOR_LONG, admit=refuse)
        return _ends(seen[0])

    assert inside(sandbox, body)


def test_a_caller_that_is_killed_before_it_has_recorded_leaves_nothing(sandbox: Sandbox) -> None:
    """A worker that nobody recorded would serve beside the next one, and no stop would end it."""

    def body() -> bool:
        reader, writer = os.pipe()
        caller = os.fork()
        if not caller:

            def hang(process: ProcessIdentity) -> None:
                os.write(writer, str(process).encode())
                time.sleep(60)

            background.start("ocf_py.system.announcer", _FOR_LONG, admit=hang)
            os._exit(0)
        process = ProcessIdentity.parse(os.read(reader, 100).decode())
        assert process.is_alive()
        os.kill(caller, signal.SIGKILL)
        os.waitpid(caller, 0)
        return _ends(process)

    assert inside(sandbox, body)


def _ends(process: ProcessIdentity) -> bool:
    """Whether it ends by itself, and soon."""
    deadline = time.monotonic() + 5
    while process.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    return not process.is_alive()


def test_a_program_that_cannot_be_executed_is_said(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python3")

    def body() -> None:
        with pytest.raises(OSError, match="announcer could not be started: FileNotFoundError"):
            background.start("ocf_py.system.announcer", [])

    inside(sandbox, body)


def test_what_fails_there_is_one_line_in_the_system_log(sandbox: Sandbox) -> None:
    """Its maker has gone, so the log is the one place where it can say so."""
    for words in ("mount -t tmpfs none /dev", "mknod /dev/null c 1 3"):
        sandbox.run(words.split(), check=True)

    def body() -> str:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
            log.bind("/dev/log")
            log.settimeout(10)
            background.start("ocf_py.system.announcer", ["no-address", "1", "1", "1", "-1"])
            return log.recv(4096).decode()

    line = inside(sandbox, body)
    assert "ocf-py[" in line
    assert line.endswith(
        "ocf_py.system.announcer no-address 1 1 1 -1: ValueError: is not an IP address: "
        "give a dotted quad such as 192.0.2.1, or IPv6 such as 2001:db8::1"
    )

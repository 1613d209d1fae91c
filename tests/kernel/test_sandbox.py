"""A sandbox is fresh, closed, and leaves nothing, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from ocf_py.conformance.sandbox import Sandbox, SandboxUnavailable
from ocf_py.system.processes import identify

_LIBRARY = str(Path(__file__).parents[2] / "src")

_HOLDER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from ocf_py.conformance.sandbox import Sandbox
with Sandbox() as sandbox:
    child = sandbox.popen(["sleep", "600"])
    sandbox.run(["sh", "-c", "setsid sleep 601 >/dev/null 2>&1 &"])
    print(sandbox.pid, flush=True)
    time.sleep(600)
"""


def _mounts() -> str:
    return Path("/proc/self/mountinfo").read_text(encoding="utf-8")


def test_it_begins_with_lo_and_empty_folders() -> None:
    before = _mounts()
    with Sandbox(fresh_tmp=True) as sandbox:
        links = sandbox.run(["ip", "-o", "link"], check=True).stdout
        assert links.startswith("1: lo: <LOOPBACK,UP")
        assert links.count("\n") == 1
        listed = sandbox.run(["ls", "-A", "/run", "/tmp"]).stdout  # noqa: S108 - that is the test
        assert listed == "/run:\n\n/tmp:\n"
        assert sandbox.run(["ls", "/sys/class/net"]).stdout == "lo\n"
        assert sandbox.run(["hostname"]).stdout == "sandbox\n"
        assert sandbox.run(["sh", "-c", "echo $$; pwd"]).stdout.split()[1] == "/"
        assert sandbox.root.joinpath("run").is_dir()
        assert os.listdir(sandbox.root / "run") == []
        assert _mounts() == before, "nothing is mounted outside"


def test_status_signal_input_user_and_directory_pass_through() -> None:
    with Sandbox() as sandbox:
        assert sandbox.run(["sh", "-c", "exit 7"]).returncode == 7
        assert sandbox.run(["sh", "-c", "kill -TERM $$"]).returncode == -signal.SIGTERM
        assert sandbox.run(["cat"], text="hello").stdout == "hello"
        assert sandbox.run(["pwd"], cwd="/usr").stdout == "/usr\n"
        done = sandbox.run(["sh", "-c", "id -un; id -G; env"], user="nobody", env={"A": "b"})
        assert done.stdout.startswith("nobody\n65534\n")
        assert "A=b" in done.stdout.splitlines()
        with pytest.raises(subprocess.CalledProcessError):
            sandbox.run(["false"], check=True)


def test_a_time_out_ends_the_process_inside() -> None:
    with Sandbox() as sandbox:
        with pytest.raises(subprocess.TimeoutExpired):
            sandbox.run(["sleep", "602"], timeout=0.3)
        process = sandbox.popen(["sleep", "603"])
        process.kill()
        process.wait()
        end = time.monotonic() + 10
        while "sleep" in sandbox.run(["ps", "-eo", "args"]).stdout:
            assert time.monotonic() < end


def test_orphans_are_reaped() -> None:
    with Sandbox() as sandbox:
        sandbox.run(["sh", "-c", "(sleep 0.1 &) ; exit 0"])
        end = time.monotonic() + 10
        while "sleep" in sandbox.run(["ps", "-eo", "args"]).stdout:
            assert time.monotonic() < end


def test_everything_in_it_dies_with_it() -> None:
    with Sandbox() as sandbox:
        sandbox.run(["sh", "-c", "setsid sleep 604 >/dev/null 2>&1 &"])
        pid = sandbox.pid
        namespace = os.stat(sandbox.netns_path).st_ino
    assert identify(pid) is None
    assert namespace not in _network_namespaces()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_everything_in_it_dies_with_whoever_made_it(number: signal.Signals) -> None:
    maker = subprocess.Popen(
        [sys.executable, "-Bc", _HOLDER, _LIBRARY],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert maker.stdout is not None
    pid = int(maker.stdout.readline())
    init = identify(pid)
    assert init is not None
    namespace = os.stat(f"/proc/{pid}/ns/net").st_ino
    maker.send_signal(number)
    maker.communicate(timeout=20)
    end = time.monotonic() + 10
    while init.is_alive() or namespace in _network_namespaces():
        assert time.monotonic() < end, "something outlived its maker"
        time.sleep(0.05)


def test_one_that_does_not_end_is_said_and_left_to_die(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocf_py.conformance.sandbox._PATIENCE", 0.2)
    sandbox = Sandbox().__enter__()
    init = psutil.Process(sandbox.pid)
    os.kill(init.ppid(), signal.SIGSTOP)  # its keeper
    with pytest.raises(SandboxUnavailable, match="does not end"):
        sandbox.__exit__(None, None, None)
    init.wait(10)


def test_two_are_joined_by_a_cable() -> None:
    with Sandbox() as one, Sandbox() as other:
        one.join(other, "eth0", "eth5")
        one.run(["ip", "addr", "add", "192.0.2.1/24", "dev", "eth0"], check=True)
        other.run(["ip", "addr", "add", "192.0.2.2/24", "dev", "eth5"], check=True)
        assert one.run(["ping", "-c1", "-W5", "192.0.2.2"]).returncode == 0
        with pytest.raises(SandboxUnavailable, match="File exists"):
            one.join(other, "eth0", "eth6")


def test_without_root_it_says_so_in_one_line() -> None:
    program = (
        f"import sys; sys.path.insert(0, {_LIBRARY!r})\n"
        "from ocf_py.conformance.sandbox import Sandbox\n"
        "try: Sandbox().__enter__()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        ["/usr/bin/python3", "-Bc", program],
        user=65534,
        capture_output=True,
        text=True,
        check=False,
    )
    message = "SandboxUnavailable a sandbox needs root: namespaces are made for it\n"
    assert done.stdout == message, done.stderr


def _network_namespaces() -> set[int]:
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                found.add(os.stat(f"/proc/{name}/ns/net").st_ino)
            except OSError:
                continue
    return found


_IN_A_CHROOT = """
from ocf_py.conformance.sandbox import Sandbox
with Sandbox() as sandbox:
    print(sandbox.run(["cat", "/mnt/marker"], check=True).stdout)
    sandbox.run(["mount", "-t", "tmpfs", "lost", "/mnt"], check=True)
"""


def test_it_stays_in_the_chroot_that_it_was_made_in(tmp_path: Path) -> None:
    chroot = tmp_path / "chroot"
    chroot.mkdir()
    script = (
        'mount --rbind / "$1" && mount -t tmpfs marked "$1/mnt" && echo found > "$1/mnt/marker" '
        '&& chroot "$1" "$2" -c "$3" && ! grep -q " lost " /proc/self/mountinfo'
    )
    answer = subprocess.run(
        # what sh takes for $0, $1, $2 and $3 follows its script
        ["unshare", "--mount", "sh", "-c", script, "sh", chroot, sys.executable, _IN_A_CHROOT],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "found"

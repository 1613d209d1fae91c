"""The world of Service's checks on a real kernel: real processes, in a sandbox."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kernel.calling import Installed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocf_py.conformance.sandbox import Sandbox

_SECONDS = 5.0
# System calls behind the moment at which the runner has armed its deadline.
_STEPS = {"start": range(0, 900, 41), "stop": range(0, 420, 31), "monitor": range(0, 400, 45)}
_ROLES = ("main", "worker", "escapee", "server", "stranger")
_SCRIPTS = {
    "well": "exit 0",
    "ill": "echo it is ill >&2; exit 1",
    "slow": "sleep 0.3",
    "hanging": "trap '' TERM; sleep 1000 & sleep 1000",
}


class KernelServiceWorld(Installed):
    """With `cgroup` the sandbox has a hierarchy of version 2; without it none is to be had."""

    instance = "svc"

    def __init__(self, sandbox: Sandbox, agents: Path, *, cgroup: bool) -> None:
        super().__init__(sandbox, agents, "Service")
        self.holds_escapees = cgroup
        self.daemon = "/run/daemon"
        shutil.copy(Path(__file__).parents[1] / "service" / "daemon.py", self._path(self.daemon))
        for name, script in _SCRIPTS.items():
            setattr(self, name, f"/run/{name}")
            path = self._path(f"/run/{name}")
            path.write_text(f"#!/bin/sh\n{script}\n", encoding="ascii")
            path.chmod(0o755)
        if cgroup:
            sandbox.run(["mount", "-t", "cgroup2", "none", "/sys/fs/cgroup"], check=True)

    well: str
    ill: str
    slow: str
    hanging: str

    def close(self) -> None:
        """End all, and take away the control groups: their hierarchy is the machine's."""
        self.caller.close()
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                self.kill(pid)
        for folder in self._path("/sys/fs/cgroup/ocfpy").glob("Service.svc.*"):
            if not (folder / "cgroup.procs").read_text():
                folder.rmdir()

    def _path(self, path: str) -> Path:
        return self.sandbox.root / path.lstrip("/")

    # ------------------------------------------------------------------ what a check does

    def steps(self, action: str) -> Sequence[int]:
        return _STEPS[action]

    def processes(self) -> dict[int, str]:
        """Let what is being born or is dying get through with it."""
        end = time.monotonic() + _SECONDS
        while True:
            found = self._look()
            if all(role in _ROLES for role in found.values()):
                return found
            assert time.monotonic() < end, found
            time.sleep(0.01)

    def _look(self) -> dict[int, str]:
        found = {}
        for folder in self._path("/proc").glob("[0-9]*"):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                line = (folder / "cmdline").read_bytes()
                if any(part in line for part in (b"/run/daemon", b"/run/hanging", b"9999")):
                    role = (folder / "comm").read_text().strip()
                    found[int(folder.name)] = "stranger" if role == "sleep" else role
        return found

    def kill(self, pid: int) -> None:
        self.sandbox.run(["kill", "-KILL", str(pid)], check=True)
        end = time.monotonic() + _SECONDS
        while pid in self._look():
            assert time.monotonic() < end, pid
            time.sleep(0.005)

    def run_by_hand(self, *words: str) -> int:
        return self._start(f"setsid {self.daemon} {' '.join(words)}")

    def run_stranger(self) -> int:
        return self._start("sleep 9999")

    def run_stranger_as_recorded(self) -> int:
        (record,) = self._path("/run/ocfpy").glob("Service.*")
        (line,) = [x for x in record.read_text().split("\n") if x.startswith("fact main=")]
        pid = int(line.partition("=")[2].partition(":")[0])
        found = self._start("sleep 9999", f"echo {pid - 1} >/proc/sys/kernel/ns_last_pid;")
        assert found == pid, "the kernel gives the pid out again"
        return found

    def _start(self, command: str, before: str = "") -> int:
        shell = ["sh", "-c", f"{before} {command} >/dev/null 2>&1 & echo $!"]
        pid = int(self.sandbox.run(shell, check=True).stdout)
        end = time.monotonic() + _SECONDS
        while self._look().get(pid) not in _ROLES:
            assert time.monotonic() < end, command
            time.sleep(0.005)
        return pid

    def age(self, path: str, seconds: float) -> None:
        then = time.time() - seconds
        os.utime(self._path(path), (then, then))

    def write(self, path: str, text: str) -> None:
        self._path(path).write_text(text, encoding="ascii")

    def read(self, path: str) -> str:
        with contextlib.suppress(FileNotFoundError):
            return self._path(path).read_text(encoding="utf-8")
        return ""

    def is_ready(self, ready: str) -> bool:
        kind, _, target = ready.partition("://")
        address, _, _path = target.partition("/")
        words = {
            "notify": ["true"],
            "file": ["test", "-f", target],
            "unix": ["test", "-S", target],
        }.get(kind, ["sh", "-c", f"ss -Hltn | grep -q {address}"])
        done = self.sandbox.run(words)
        if kind in ("file", "unix"):
            self._path(target).unlink()
        return done.returncode == 0

    def records(self) -> list[str]:
        return [path.name for path in self._path("/run/ocfpy").glob("[!.]*")]

    def spoil_record(self) -> None:
        self._path("/run/ocfpy/Service.svc").write_bytes(b"ocfpy-record 1\nboo")

    def lose_record(self) -> None:
        self._path("/run/ocfpy/Service.svc").unlink()

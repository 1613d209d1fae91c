"""The world of Filesystem's checks on a real kernel: loop devices, real mounts, real processes."""

from __future__ import annotations

import contextlib
import re
import subprocess
import time
from typing import TYPE_CHECKING, Any

from tests.kernel.calling import Installed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ocf_py.conformance.sandbox import Sandbox

_LOOPS = 64
_BECOMES = re.compile(r"exec (\S+) \d+$")
_PATIENCE = 30.0
# System calls behind the moment at which the runner has armed its deadline.
_STEPS = {"start": range(0, 420, 29), "stop": range(0, 420, 31)}
_OTHER_STEPS = range(0, 160, 23)
_STUBBORN = "trap '' TERM; while :; do sleep 0.05; done"
_BACK = {"\\040": " ", "\\011": "\t", "\\012": "\n", "\\134": "\\"}


class KernelStorage(Installed):
    """The sandbox is the host; its disks are loop devices, which are detached in the end."""

    instance = "fs"
    base = "/run/t"

    def __init__(self, sandbox: Sandbox, agents: Path) -> None:
        super().__init__(sandbox, agents, "Filesystem")
        self._numbers: dict[str, int] = {}
        self._holders: dict[int, subprocess.Popen[str]] = {}
        self.run("mkdir", self.base)
        self.run("mknod", "/dev/loop-control", "c", "10", "237")
        self.run("sh", "-c", f"for n in $(seq 0 {_LOOPS}); do mknod /dev/loop$n b 7 $n; done")

    def close(self) -> None:
        """Detach the disks: what is still mounted goes when the sandbox does, and they with it."""
        for pid in list(self._holders):
            self.release(pid)
        self.caller.close()
        for number in self._numbers.values():
            self.sandbox.run(["losetup", "-d", f"/dev/loop{number}"], check=True)

    def run(self, *words: str, expect: int = 0) -> str:
        """Run a program on the host."""
        return self.caller.run(words, expect=(expect,)).stdout

    # ------------------------------------------------------------------ what a check does

    def call(self, action: str, **named: Any) -> int | None:
        code = super().call(action, **named)
        if code is None:  # what it had started ends by itself
            self.wait_for(lambda: not self._is_mounting(), "a program goes on mounting")
        return code

    def environment(self, **parameters: str) -> dict[str, str]:
        """What an agent needs that is called without the caller."""
        named = {f"OCF_RESKEY_{name}": text for name, text in parameters.items()}
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "OCF_ROOT": "/usr/lib/ocf",
            "OCF_RESOURCE_INSTANCE": "fs",
            **named,
        }

    def spawn(self, action: str, **parameters: str) -> subprocess.Popen[str]:
        """Call the agent, and leave it to itself."""
        return self.sandbox.popen([self.agent, action], env=self.environment(**parameters))

    def stop_from_within(self, directory: str, then: str) -> subprocess.CompletedProcess[str]:
        """Stop in a shell that stands in the directory, an ancestor of the agent; then go on."""
        return self.sandbox.run(
            ["sh", "-c", f"{self.agent} stop; {then}"],
            env={**self.environment(), "OCF_RESKEY_CRM_meta_timeout": "4000"},
            cwd=directory,
        )

    def steps(self, action: str) -> Sequence[int]:
        return _STEPS.get(action, _OTHER_STEPS)

    def disk(self, letter: str, name: str = "") -> str:
        if letter not in self._numbers:
            self.attach(letter, "mkfs.ext4", "8M")
        path = f"/dev/mapper/{name or 'disk-' + letter}"
        if not (self.sandbox.root / path[1:]).exists():
            self.run("mkdir", "-p", "/dev/mapper")
            self.run("mknod", path, "b", "7", str(self._numbers[letter]))
        return path

    def attach(self, letter: str, mkfs: str, size: str, *options: str) -> str:
        """Make a disk with a file system of another kind; the path of its loop device."""
        image = f"/run/{letter}.img"
        self.run("truncate", "-s", size, image)
        self.run(mkfs, "-q", *options, image)
        loop = self.run("losetup", "-f", "--show", image).strip()
        self._numbers[letter] = int(loop.removeprefix("/dev/loop"))
        return loop

    def install(self, name: str, script: str) -> None:
        """Put a program into /usr/sbin, where it comes before one of its name in /usr/bin."""
        for folder in ("upper", "work"):
            self.make_folder(f"/run/o/{folder}")
        self.run(
            *("mount", "-t", "overlay", "overlay", "-o"),
            *("lowerdir=/usr/sbin,upperdir=/run/o/upper,workdir=/run/o/work", "/usr/sbin"),
        )
        program = self.sandbox.root / "usr/sbin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def forget(self, letter: str) -> None:
        """A disk that the test has detached by itself."""
        del self._numbers[letter]

    def mount(self, source: str, point: str, fstype: str = "ext4", options: str = "") -> None:
        self.make_folder(point)
        kind = ["-t", fstype] if fstype != "none" else []
        self.run("mount", *kind, *(["-o", options] if options else []), source, point)

    def unmount(self, point: str) -> None:
        self.run("umount", point)

    def remount(self, point: str, options: str) -> None:
        self.run("mount", "-o", options, point)

    def mounted(self, point: str) -> list[str]:
        """Read here, by other means than the agent's."""
        found = []
        for line in self.run("cat", "/proc/self/mountinfo").split("\n"):
            words = line.split(" ")
            if len(words) > 4 and _decode(words[4]) == point.rstrip("/"):
                found.append(_decode(words[words.index("-") + 2]))
        return found

    def hold(self, path: str, *, stubborn: bool = False) -> int:
        script = _STUBBORN if stubborn else "exec sleep 1000"
        return self.hold_by("sh", "-c", f"echo $$; {script}", cwd=path)

    def hold_by(self, *argv: str, cwd: str = "/") -> int:
        """A process that tells its pid as soon as it holds what it is to hold.

        A shell that goes on as another program (`exec sleep 99`) is waited for: until then it is
        that shell, with a name, an executable and files of its own.
        """
        process = self.sandbox.popen(argv, cwd=cwd, stdout=subprocess.PIPE)
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        self._holders[pid] = process
        becomes = _BECOMES.search(argv[-1])
        if becomes:
            line = self.sandbox.root / f"proc/{pid}/cmdline"
            first = becomes[1].encode() + b"\0"
            self.wait_for(lambda: line.read_bytes().startswith(first), "it is not executed")
        return pid

    def lives(self, pid: int) -> bool:
        return self._holders[pid].poll() is None

    def release(self, pid: int) -> None:
        process = self._holders.pop(pid)
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()

    def make_folder(self, path: str) -> None:
        self.run("mkdir", "-p", path)

    def link(self, path: str, target: str) -> None:
        self.run("ln", "-sfn", target, path)

    def records(self) -> list[str]:
        return [path.name for path in (self.sandbox.root / "run/ocfpy").glob("[!.]*")]

    def wait_for(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for the kernel, or for somebody else's program."""
        end = time.monotonic() + _PATIENCE
        while not holds():
            assert time.monotonic() < end, what
            time.sleep(0.01)

    def _is_mounting(self) -> bool:
        names = set()
        for folder in (self.sandbox.root / "proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                names.add((folder / "comm").read_text().strip())
        return bool(names & {"mount", "umount", "fsck"})


def _decode(text: str) -> str:
    for escaped, plain in _BACK.items():
        text = text.replace(escaped, plain)
    return text

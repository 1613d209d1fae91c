"""The node as the doctor sees it: files below a root, programs, processes. Nothing is written."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
_SECONDS = 15  # what a program may take: a cluster tool asks daemons that may hang


class Node:
    """This machine, or with `root` a tree that stands for it; a test gives its own programs."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root

    def path(self, path: str) -> Path:
        """Where a path of the node is."""
        return self.root / path.lstrip("/")

    def read(self, path: str) -> str | None:
        """A file's text, None where there is none; OSError where it cannot be read."""
        try:
            return self.path(path).read_text(encoding="utf-8", errors="replace")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def names(self, path: str) -> list[str]:
        """The names in a folder, none where there is no folder; OSError as the system says."""
        try:
            return sorted(os.listdir(self.path(path)))
        except (FileNotFoundError, NotADirectoryError):
            return []

    def status(self, path: str) -> os.stat_result | None:
        """What lies at the path itself, also a link; None for nothing."""
        try:
            return self.path(path).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def is_program(self, path: str) -> bool:
        """Whether an executable file is at the path."""
        try:
            mode = self.path(path).stat().st_mode
        except OSError:
            return False
        return stat.S_ISREG(mode) and bool(mode & 0o111)

    def find(self, tool: str) -> str | None:
        """The path of a program, None if it is not installed."""
        return shutil.which(tool, path=PATH)

    def run(self, *argv: str) -> str | None:
        """What a program that only looks prints on stdout; None unless it ends with 0 in time."""
        done = self.ask(argv)
        return done[1] if done is not None and done[0] == 0 else None

    def ask(self, argv: Sequence[str]) -> tuple[int, str] | None:
        """Exit status and stdout of a program that only looks; None if it is absent or too slow."""
        program = self.find(argv[0])
        if program is None:
            return None
        try:
            done = subprocess.run(
                [program, *argv[1:]],
                env={"PATH": PATH, "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.returncode, done.stdout.decode(errors="replace")

    def processes(self) -> Iterator[tuple[int, list[str]]]:
        """Pid and command line of each process of this node; not of the containers on it."""
        own = os.readlink("/proc/self/ns/pid")
        for process in psutil.process_iter(["cmdline"]):
            try:
                is_own = os.readlink(f"/proc/{process.pid}/ns/pid") == own
            except OSError:  # it has ended, or is another user's
                continue
            if is_own:
                yield process.pid, process.info["cmdline"] or []

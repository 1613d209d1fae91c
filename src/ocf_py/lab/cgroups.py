"""One cgroup a node: what freezes it, and how its last process is found and ended."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

_KILL_SECONDS = 10.0


class CgroupTree:
    """A directory in the lab's own mount of the cgroup2 hierarchy.

    It works beside whatever the machine itself has mounted (unified, hybrid or version 1): the
    hierarchy is one, the mount is ours, and no controller is enabled.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def child(self, name: str) -> CgroupTree:
        """The cgroup of one node."""
        return CgroupTree(self.path / name)

    def create(self) -> None:
        """Make the directory."""
        self.path.mkdir(parents=True, exist_ok=True)

    def add(self, pid: int) -> None:
        """Move a process here; its children to come are here from the start."""
        (self.path / "cgroup.procs").write_text(str(pid))

    def freeze(self, *, frozen: bool) -> None:
        """Stop every process from running, or let it run on. SIGKILL works on frozen ones."""
        (self.path / "cgroup.freeze").write_text("1" if frozen else "0")

    def is_frozen(self) -> bool:
        """Whether `freeze` is in force."""
        with contextlib.suppress(OSError):
            return (self.path / "cgroup.freeze").read_text().strip() == "1"
        return False

    def members(self) -> list[int]:
        """Every process in this cgroup and below it, as the reader's pid namespace names them."""
        found = []
        for directory in self._directories():
            with contextlib.suppress(OSError):
                found += [int(pid) for pid in (directory / "cgroup.procs").read_text().split()]
        return [pid for pid in found if pid > 0]

    def remove(self) -> None:
        """Kill what is left in here, wait for its end, and remove all directories."""
        deadline = time.monotonic() + _KILL_SECONDS
        while (members := self.members()) and time.monotonic() < deadline:
            for pid in members:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        while self.path.exists():
            self.remove_empty()  # not at once while the last zombie is unreaped
            if time.monotonic() > deadline:
                return
            time.sleep(0.005)

    def remove_empty(self) -> None:
        """Remove all directories in which no process lives."""
        for directory in self._directories():
            with contextlib.suppress(OSError):  # EBUSY: somebody lives there
                directory.rmdir()

    def _directories(self) -> list[Path]:
        """The tree's directories, deepest first."""
        walked = [Path(top) for top, _, _ in os.walk(self.path)]
        return walked[::-1]

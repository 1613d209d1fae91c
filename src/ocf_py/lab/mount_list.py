"""What is mounted, as /proc/PID/mountinfo has it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_ESCAPED = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """One line: where, and which kind of file system."""

    place: str
    kind: str


def read_mounts(pid: int | str = "self") -> list[Mount]:
    """Every mount in a process's namespace, in mounting order; OSError when it is gone.

    proc_pid_mountinfo(5): the fifth field is the mount point, the first one after " - " the file
    system type.
    """
    mounts = []
    for line in Path(f"/proc/{pid}/mountinfo").read_bytes().splitlines():
        where, _, what = line.partition(b" - ")
        mounts.append(Mount(_decode(where.split(b" ")[4]), os.fsdecode(what.split(b" ")[0])))
    return mounts


def _decode(field: bytes) -> str:
    r"""Undo the kernel's mangle_path: blanks, tabs, line breaks and backslashes stand as \ooo."""
    return os.fsdecode(_ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), field))

"""What is mounted, as /proc/PID/mountinfo has it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

_ESCAPED = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True)
class Mount:
    """One line: where, which kind of file system, and its device number as MAJOR:MINOR."""

    place: str
    kind: str
    device: str = ""


def read_mounts(pid: int | str = "self") -> list[Mount]:
    """Every mount in a process's namespace, in mounting order; OSError when it is gone."""
    return parse_mounts(Path(f"/proc/{pid}/mountinfo").read_bytes())


def parse_mounts(mountinfo: bytes) -> list[Mount]:
    """Read what the kernel shows.

    proc_pid_mountinfo(5): the third field is the device, the fifth the mount point, the first one
    after " - " the file system type.
    """
    mounts = []
    for line in mountinfo.splitlines():
        where, _, what = line.partition(b" - ")
        _, _, device, _, place, *_ = where.split(b" ")
        mounts.append(Mount(_decode(place), os.fsdecode(what.split(b" ")[0]), device.decode()))
    return mounts


def _decode(field: bytes) -> str:
    r"""Undo the kernel's mangle_path: blanks, tabs, line breaks and backslashes stand as \ooo."""
    return os.fsdecode(_ESCAPED.sub(lambda found: bytes([int(found[1], 8)]), field))

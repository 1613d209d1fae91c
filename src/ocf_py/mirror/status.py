"""What a worker says of itself, in a file of a few lines that monitor reads every few seconds.

Written by the worker alone, replaced in one step when what it says has changed. It tells nothing of
a worker that died: who reads it looks whether the process still lives. That it does not hang is
told by the file's time, which counts in seconds of CLOCK_BOOTTIME: no clock that is set makes a
worker look dead.
"""

from __future__ import annotations

import posix

from ocf_py.system import RUN_DIRECTORY, read_file

_HEADER = "ocfpy-mirror-status 1"
_NAME = "status"
_END = b"\nend\n"
_FOLDER = "mirror"  # the name of no start record: those have a dot in theirs
# No "%": rsync would look for a variable in a path that has two of them.
_ESCAPE = str.maketrans({"_": "_5f", "/": "_2f"})
_LONGEST_NAME = 200  # of 255 bytes, NAME_MAX

# How far a worker has come.
STARTING, RUNNING = "starting", "running"
PROMOTED, UNPROMOTED = "promoted", "unpromoted"
# What keeps an instance from being all that it should be.
DIVERGED, TROUBLE = "diverged", "trouble"


class StatusUnreadable(ValueError):  # noqa: N818 - says what is
    """The file is there and says nothing that can be understood."""


class Status:
    """One instance at one moment.

    `worker` is the process, as "PID:TICKS"; `beat` when it last was here, in seconds of
    CLOCK_BOOTTIME (the time of the file, not in its text); `score` its promotion score, `is_told`
    that the cluster knows that score. `fault` is "" or what is wrong, of kind `DIVERGED` or
    `TROUBLE`.
    """

    __slots__ = ("beat", "fault", "fault_kind", "is_told", "role", "score", "stage", "worker")

    def __init__(
        self,
        worker: str,
        stage: str = STARTING,
        role: str = UNPROMOTED,
        *,
        beat: float = 0.0,
        score: int = 0,
        is_told: bool = False,
        fault_kind: str = "",
        fault: str = "",
    ) -> None:
        self.worker = worker
        self.stage = stage
        self.role = role
        self.beat = beat
        self.score = score
        self.is_told = is_told
        self.fault_kind = fault_kind
        self.fault = fault

    def dump(self) -> bytes:
        """Write the file's text."""
        told = "told" if self.is_told else "untold"
        fault = " ".join(self.fault.split())
        facts = f"{self.worker} {self.stage} {self.role} {self.score} {told}"
        lines = [_HEADER, facts, f"{self.fault_kind} {fault}", "end\n"]
        return "\n".join(lines).encode("utf-8", "surrogateescape")

    @classmethod
    def load(cls, content: bytes) -> Status:
        """Read the file's text; StatusUnreadable."""
        lines = content.decode("utf-8", "surrogateescape").split("\n")
        if lines[0] != _HEADER or lines[3:] != ["end", ""]:
            raise StatusUnreadable("it is not complete")
        try:
            worker, stage, role, score, told = lines[1].split(" ")
            kind, _, fault = lines[2].partition(" ")
            return cls(
                worker,
                stage,
                role,
                score=int(score),
                is_told=told == "told",
                fault_kind=kind,
                fault=fault.rstrip(" "),
            )
        except ValueError:
            raise StatusUnreadable("a line of it cannot be read") from None


def folder_of(directory: str, run: str = RUN_DIRECTORY) -> str:
    """The folder of the worker that mirrors a directory, under whatever name of a resource."""
    name = directory.rstrip("/").translate(_ESCAPE)
    if len(name.encode("utf-8", "surrogateescape")) > _LONGEST_NAME:
        from hashlib import sha256

        # "__" stands in no escaped name: a long one never meets a short one.
        name = f"__{sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()}"
    return f"{run}/{_FOLDER}/{name}"


def find_folders(run: str = RUN_DIRECTORY) -> list[str]:
    """The folders of all workers that were started on this node, and not stopped."""
    top = f"{run}/{_FOLDER}"
    try:
        return [f"{top}/{name}" for name in sorted(posix.listdir(top))]
    except OSError:
        return []


def read_status(folder: str) -> Status | None:
    """The status in a worker's folder, None where there is none; StatusUnreadable, OSError."""
    path = f"{folder}/{_NAME}"
    try:
        content = read_file(path)
        beat = posix.stat(path).st_mtime
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        status = Status.load(content)
    except StatusUnreadable as error:
        raise StatusUnreadable(f"{path}: {error}") from None
    status.beat = beat
    return status


def write_status(folder: str, status: Status) -> None:
    """Put the status in place in one step; OSError. It need not survive a crash of the node.

    Where the file system is full it is written over the one before, in the room that this has.
    """
    path = f"{folder}/{_NAME}"
    times = (status.beat, status.beat)
    content = status.dump()
    try:
        before = read_file(path)
    except FileNotFoundError:
        before = b""
    if before == content:
        posix.utime(path, times)
        return
    try:
        _write(f"{path}.new", posix.O_CREAT | posix.O_TRUNC, content, times)
    except OSError:
        if not before:
            raise
        # As long as the one before: nobody finds a part of that behind it.
        blank = b" " * max(0, len(before) - len(content))
        _write(path, 0, content.replace(_END, blank + _END), times)
    else:
        posix.rename(f"{path}.new", path)


def _write(path: str, more: int, content: bytes, times: tuple[float, float]) -> None:
    flags = posix.O_WRONLY | posix.O_NOFOLLOW | posix.O_CLOEXEC
    handle = posix.open(path, flags | more, 0o600)
    try:
        posix.write(handle, content)
        posix.utime(handle, times)
    finally:
        posix.close(handle)

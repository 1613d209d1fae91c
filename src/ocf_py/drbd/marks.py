"""What the fence-peer handler and the agent leave on a node for each other.

A handler that writes a constraint marks the resource first. A monitor that finds all well again
takes the constraints away: DRBD calls nobody where the link came back without anything to copy.
A file per resource in /run/ocfpy, locked by the handler while it is at work (shared, as of two
lost peers each has a handler) and by the monitor while it takes away.

A promotion that knows its data for current, though DRBD calls it Consistent, vouches for it: DRBD
calls the handler for the promotion, and the handler cannot know.
"""

from __future__ import annotations

import posix

from ocf_py.system import RUN_DIRECTORY

from .constraint import quote

BEGINNING = "drbd-fence-"  #: of the name of each such file
_POLL = 0.05  # seconds
_MARKED = b"the cluster has been told to promote no peer\n"
_VOUCHING = "drbd-current-"  # the beginning of such a file's name
_VOUCHED = b"what is Consistent here is current\n"
_VOUCHED_SECONDS = 75.0  # a promotion's four calls of the handler, and not for much longer


def is_marked(resource: str) -> bool:
    """Whether a handler has written a constraint since the last time that all was taken away."""
    try:
        return posix.stat(f"{RUN_DIRECTORY}/{_name(resource)}").st_size > 0
    except OSError:
        return False


def vouch(resource: str) -> None:
    """Say that a Consistent disk is current, for a promotion that begins now. OSError."""
    handle = _open(f"{_VOUCHING}{quote(resource)}")
    try:
        posix.pwrite(handle, _VOUCHED, 0)
    finally:
        posix.close(handle)


def is_vouched(resource: str) -> bool:
    """Whether a promotion that is under way has said so."""
    from time import time

    try:
        said = posix.stat(f"{RUN_DIRECTORY}/{_VOUCHING}{quote(resource)}").st_mtime
    except OSError:
        return False
    return 0 <= time() - said < _VOUCHED_SECONDS


class Turn:
    """The file of one resource, open and locked until `close`.

    ``is_ours`` is false where the other side still has it after ``seconds``. OSError where there
    can be none.
    """

    def __init__(self, resource: str, *, alone: bool, seconds: float = 0.0) -> None:
        from time import monotonic, sleep

        self._handle = _open(_name(resource))
        end = monotonic() + seconds
        self.is_ours = self._take(alone=alone)
        while not self.is_ours and monotonic() < end:
            sleep(_POLL)
            self.is_ours = self._take(alone=alone)

    def _take(self, *, alone: bool) -> bool:
        import fcntl

        kind = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
        try:
            fcntl.flock(self._handle, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def mark(self) -> None:
        """Say that there is a constraint, or is about to be."""
        posix.pwrite(self._handle, _MARKED, 0)

    def close(self) -> None:
        """Have it no more."""
        posix.close(self._handle)

    def clear(self) -> None:
        """Say that there is none any more."""
        posix.ftruncate(self._handle, 0)


def _name(resource: str) -> str:
    return f"{BEGINNING}{quote(resource)}"


def _open(name: str) -> int:
    """A file of ours to read and to write, made where there is none. OSError."""
    from ocf_py.system.run_directory import open_run_directory

    home = open_run_directory(RUN_DIRECTORY)
    try:
        flags = posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC
        return posix.open(name, flags, 0o600, dir_fd=home)
    finally:
        posix.close(home)

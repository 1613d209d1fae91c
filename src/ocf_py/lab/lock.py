"""One lab of a name at a time: a lock that lives as long as any process of the lab."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import time
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.naming import command_for, title

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocf_py.lab.settings import Settings

# What `up` waits for a lock that a `down` beside it has taken to look, or to sweep.
PATIENCE = 1.0
_POLL_SECONDS = 0.02


class LabIsUpError(LabError):
    """The lock is held by a lab that is up."""


@contextlib.contextmanager
def lock_lab(settings: Settings, patience: float = PATIENCE) -> Iterator[int]:
    """Make the state directory, take its lock, and yield the descriptor that holds it.

    LabIsUpError when it is not free within `patience` seconds. Whoever inherits the descriptor
    holds the lock too.
    """
    lock = _acquire(settings, time.monotonic() + patience)
    try:
        yield lock
    finally:
        os.close(lock)


def check_private(directory: Path) -> None:
    """Raise LabError unless root alone can have written what is in there.

    What lies in a state directory is believed, and removed by root.
    """
    there = directory.lstat()
    if not stat.S_ISDIR(there.st_mode) or there.st_uid != 0 or there.st_mode & 0o022:
        raise LabError(
            f"{directory} must be a directory that only root can write to",
            hint="choose another --state, or `chown root` and `chmod 700` it",
        )


def _acquire(settings: Settings, deadline: float) -> int:
    while True:
        with contextlib.suppress(FileExistsError):
            settings.state.mkdir(mode=0o700, parents=True)
        with contextlib.suppress(FileNotFoundError):  # the old lab's janitor just removed it
            check_private(settings.state)
            lock = os.open(settings.lock_file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            if _take(lock, settings.lock_file):
                return lock
        if time.monotonic() > deadline:
            raise LabIsUpError(
                f"{title(settings)} is up already",
                hint=f"`{command_for(settings, 'down')}` ends it; --name makes another one",
            )
        time.sleep(_POLL_SECONDS)


def _take(lock: int, path: Path) -> bool:
    """Lock the open file, or close it; a lock on a file that was removed keeps nobody out."""
    taken = False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        taken = os.path.samestat(os.fstat(lock), path.stat())
    except BlockingIOError:
        pass
    finally:
        if not taken:
            os.close(lock)
    return taken

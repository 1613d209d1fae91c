"""One lab of a name at a time: a lock that lives as long as any process of the lab."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.naming import command_for, title

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocf_py.lab.settings import Settings


@contextlib.contextmanager
def lock_lab(settings: Settings) -> Iterator[int]:
    """Make the state directory, take its lock, and yield the descriptor that holds it.

    LabError when the lab of this name is up. Whoever inherits the descriptor holds the lock too.
    """
    while True:
        _make_private(settings.state)
        with contextlib.suppress(FileNotFoundError):  # the old lab's janitor just removed it
            lock = os.open(settings.lock_file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            try:
                _take(lock, settings)
                if _is_still(lock, settings.lock_file):
                    yield lock
                    return
            finally:
                os.close(lock)


def is_unlocked(settings: Settings) -> bool:
    """Whether no process of the lab is left."""
    try:
        lock = os.open(settings.lock_file, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(lock)
    return True


def _take(lock: int, settings: Settings) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LabError(
            f"{title(settings)} is up already",
            hint=f"`{command_for(settings, 'down')}` ends it; --name makes another one",
        ) from None


def _is_still(lock: int, path: Path) -> bool:
    """A lock on a file that was removed meanwhile keeps nobody out."""
    return os.path.samestat(os.fstat(lock), path.stat())


def _make_private(directory: Path) -> None:
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    there = directory.lstat()
    if not stat.S_ISDIR(there.st_mode) or there.st_uid != 0 or there.st_mode & 0o022:
        raise LabError(f"{directory} must be a directory that only root can write to")

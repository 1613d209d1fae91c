"""The directory that holds what must not outlive a boot: root's alone, and checked to be."""

from __future__ import annotations

import errno
import posix

from . import RUN_DIRECTORY

_WRITABLE_BY_OTHERS = 0o022


def open_run_directory(path: str = RUN_DIRECTORY) -> int:
    """Open the directory, made if absent; a descriptor for the caller to close.

    Raises OSError, PermissionError where somebody else could write to it.
    """
    try:
        posix.mkdir(path, 0o700)
    except FileExistsError:
        pass
    flags = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC
    handle = posix.open(path, flags)
    status = posix.fstat(handle)
    problem = ""
    if status.st_uid != posix.geteuid():
        problem = f"{path} belongs to user {status.st_uid}: remove it"
    elif status.st_mode & _WRITABLE_BY_OTHERS:
        problem = f"others than its owner can write to {path}: chmod 0700"
    if problem:
        posix.close(handle)
        raise PermissionError(errno.EPERM, problem)
    return handle

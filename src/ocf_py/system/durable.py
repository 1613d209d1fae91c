"""Files that must survive a power loss, replaced in one step: whole and old, or whole and new."""

from __future__ import annotations

import posix


def replace_durably(directory: int, name: str, content: bytes, mode: int = 0o600) -> None:
    """Put ``content`` in place as ``name`` in an open directory; OSError if that cannot be done.

    On disk when it returns. Whatever lay there before is there until then.
    """
    temporary = f".{name}.{posix.getpid()}"
    try:
        handle = _create(temporary, directory, mode)
        try:
            _write_all(handle, content)
            posix.fsync(handle)
        finally:
            posix.close(handle)
        posix.rename(temporary, name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:  # a full disk or the deadline: nothing may be left of it
        try:
            posix.unlink(temporary, dir_fd=directory)
        except FileNotFoundError:
            pass
        raise
    posix.fsync(directory)


def _create(name: str, directory: int, mode: int) -> int:
    """Open a new file, whatever lies there under its name."""
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC
    try:
        return posix.open(name, flags, mode, dir_fd=directory)
    except FileExistsError:  # left by a process of the same pid that was killed
        posix.unlink(name, dir_fd=directory)
        return posix.open(name, flags, mode, dir_fd=directory)


def _write_all(handle: int, content: bytes) -> None:
    while content:
        content = content[posix.write(handle, content) :]

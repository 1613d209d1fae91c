"""Whole directory trees: exchanged in one step, made durable, looked through, removed.

Paths are bytes: names in a tree may be anything but "/" and NUL.
"""

from __future__ import annotations

import errno
import os
import posix
import shutil
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes
    from collections.abc import Callable, Iterator

_AT_FDCWD = -100  # linux/fcntl.h
_UNSHARED = b".ocfpy-unshared"  # short enough beside names of any length
_BLOCK = 512  # bytes of st_blocks, stat(2)
_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2  # linux/fs.h, renameat2(2)


def exchange(one: str, other: str) -> None:
    """Let two directories of one file system change places, in one step; on disk when it returns.

    OSError as renameat2(2) says: EBUSY where one is a mount point, EXDEV on two file systems.
    """
    _rename(one, other, _RENAME_EXCHANGE)
    for path in {os.path.dirname(one), os.path.dirname(other)}:
        sync_folder(path)


def move(source: str, target: str) -> None:
    """Rename within one file system, and never over something; on disk when it returns."""
    _rename(source, target, _RENAME_NOREPLACE)
    for path in {os.path.dirname(source), os.path.dirname(target)}:
        sync_folder(path)


def sync_folder(path: str) -> None:
    """Make the names in a folder durable."""
    handle = posix.open(path, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    try:
        posix.fsync(handle)
    finally:
        posix.close(handle)


def sync_file_system(path: str) -> None:
    """Write all of the file system that ``path`` is on to its disk: syncfs(2).

    One call for a whole tree. An error that the disk had since the last one is raised (Linux 5.8).
    """
    handle = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
    try:
        if _libc().syncfs(handle) != 0:
            _raise(path)
    finally:
        posix.close(handle)


def walk(top: str) -> Iterator[tuple[bytes, os.DirEntry[bytes]]]:
    """Yield every entry below ``top`` with its path from there; symlinks are not followed."""
    folders = [b""]
    while folders:
        folder = folders.pop()
        with os.scandir(os.path.join(os.fsencode(top), folder)) as entries:
            for entry in entries:
                path = os.path.join(folder, entry.name)
                yield path, entry
                if entry.is_dir(follow_symlinks=False):
                    folders.append(path)


def is_empty(path: str) -> bool:
    """Whether a directory has nothing in it."""
    with os.scandir(path) as entries:
        return next(entries, None) is None


def remove_sockets(top: str) -> None:
    """A socket is the end of a process, which is not copied: without it, it answers nobody."""
    for _, entry in walk(top):
        # What directory entries tell by themselves: only the odd kinds cost a question more.
        if entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False):
            continue
        if stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
            unlink_quietly(entry.path)


def unlink_quietly(path: bytes) -> None:
    """Remove a name, and leave its folder the time it had."""
    folder = os.path.dirname(path)
    times = os.stat(folder)
    os.unlink(path)
    os.utime(folder, ns=(times.st_atime_ns, times.st_mtime_ns))


def count_missing(before: str, after: str) -> tuple[int, int]:
    """Count the entries of ``before``, and those of them that ``after`` no longer has."""
    kept = {path for path, _ in walk(after)}
    every = missing = 0
    for path, _ in walk(before):
        every += 1
        missing += path not in kept
    return every, missing


def remove(path: str) -> None:
    """Remove a tree; nothing happens where there is none. OSError where something stays."""
    try:
        shutil.rmtree(os.fsencode(path))
    except FileNotFoundError:
        if os.path.lexists(path):
            raise


def part(kept: str, live: str, has_room: Callable[[int], bool] = lambda _: True) -> int:
    """Leave no file in ``kept`` that is the very inode of one in ``live``.

    What is written to the live tree in place would be written to the kept one too. A name that is
    the same file in both is removed from the kept one: the live tree has it. A file that has
    another name there is copied by cp(1), as a reflink where the file system has them; one that
    ``has_room`` says there is no room for, in bytes, as a reflink or not at all: OSError, ENOSPC.
    Folders stay. Returns how many names there were. To be done by one process at a time.
    """
    ours = {path: one.inode() for path, one in walk(live) if not one.is_dir(follow_symlinks=False)}
    inodes = {*ours.values()}
    copies: dict[int, str] = {}
    count = 0
    for path, entry in list(walk(kept)):
        if entry.is_dir(follow_symlinks=False) or entry.inode() not in inodes:
            continue
        count += 1
        place = os.path.join(os.fsencode(kept), path)
        if ours.get(path) == entry.inode():
            unlink_quietly(place)
            continue
        folder = os.path.dirname(place)
        times = os.stat(folder)
        fresh = os.path.join(folder, _UNSHARED)
        if os.path.lexists(fresh):  # a kill came between the two steps below
            os.unlink(fresh)
        first = copies.get(entry.inode())
        if first is None:
            has = has_room(entry.stat(follow_symlinks=False).st_blocks * _BLOCK)
            _copy(place, fresh, may_fill=has)
            copies[entry.inode()] = os.fsdecode(place)
        else:  # hard links within the kept tree stay so
            os.link(first, fresh, follow_symlinks=False)
        os.rename(fresh, place)
        os.utime(folder, ns=(times.st_atime_ns, times.st_mtime_ns))
    return count


def _copy(source: bytes, target: bytes, *, may_fill: bool) -> None:
    from ocf_py.system import commands

    how = "auto" if may_fill else "always"
    argv = ["cp", "-a", f"--reflink={how}", "--sparse=auto", "--no-target-directory", "--"]
    done = commands.run([*argv, os.fsdecode(source), os.fsdecode(target)], 3600.0)
    if done.status:
        if os.path.lexists(target):
            os.unlink(target)  # not to fill the disk with a part
        if not may_fill:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fsdecode(source))
        raise OSError(errno.EIO, done.stderr.strip() or "cp failed", os.fsdecode(source))


def _rename(source: str, target: str, flags: int) -> None:
    names = (os.fsencode(source), os.fsencode(target))
    if _libc().renameat2(_AT_FDCWD, names[0], _AT_FDCWD, names[1], flags) != 0:
        _raise(source)


def _libc() -> ctypes.CDLL:
    import ctypes

    return ctypes.CDLL(None, use_errno=True)


def _raise(path: str) -> None:
    import ctypes

    number = ctypes.get_errno()
    raise OSError(number, posix.strerror(number), path)

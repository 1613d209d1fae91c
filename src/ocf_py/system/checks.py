"""What a deep monitor does to a device and a file system, where each step may hang for ever."""

from __future__ import annotations

import errno
import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.call import Facts

    from .storage import Storage

_FACT = "check"  # the process of one that never came back
_BLOCK = 4096  # a multiple of every sector's size
_DIRECT = getattr(posix, "O_DIRECT", 0)


class CheckFailed(OSError):  # noqa: N818 - says what is
    """The check found something wrong, or no end; the message says what."""


def run_check(
    storage: Storage, body: Callable[[], int], what: str, seconds: float, facts: Facts
) -> None:
    """Run one check in a child of its own (see `probing`); CheckFailed where it does not end well.

    One that cannot be ended is remembered, and no second one started as long as it hangs.
    """
    from .probing import Hung
    from .processes import ProcessIdentity

    known = facts.recall(_FACT)
    if known:
        if ProcessIdentity.parse(known).is_alive():
            pid = known.partition(":")[0]
            raise CheckFailed(errno.EBUSY, f"{what}: an earlier check still hangs (pid {pid})")
        facts.forget(_FACT)
    try:
        storage.look(body, seconds)
    except Hung as hung:
        if hung.left is not None and facts.record is not None:
            facts.remember(_FACT, str(hung.left))
        raise CheckFailed(errno.ETIMEDOUT, f"{what}: {hung}") from hung
    except OSError as error:
        raise CheckFailed(error.errno, f"{what}: {error.strerror}") from error


def read_device(path: str) -> int:
    """Read the first block from the device itself, past the page cache; its length. OSError."""
    from mmap import mmap

    handle = posix.open(path, posix.O_RDONLY | _DIRECT | posix.O_CLOEXEC)
    try:
        with mmap(-1, _BLOCK) as page:  # direct I/O takes an aligned place: open(2)
            return posix.readv(handle, [page])
    finally:
        posix.close(handle)


def read_folder(path: str) -> int:
    """Ask the file system itself, where there is no device: for its size and its root. OSError."""
    posix.statvfs(path)
    return len(posix.listdir(path))


def ask_folder(path: str) -> int:
    """Ask for no more than an answer: the size, and what comes first in the root. OSError."""
    posix.statvfs(path)
    with posix.scandir(path) as found:
        return sum(1 for _ in zip(found, (1,)))


def write_status(folder: str, name: str, text: str) -> int:
    """Write a small file through to the storage, and read it again. OSError.

    ``name`` is a path below ``folder``; none of its parts may be a symbolic link.
    """
    above, _, last = name.strip("/").rpartition("/")
    handle = posix.open(folder, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    try:
        for part in filter(None, above.split("/")):
            handle = _enter(handle, part)
        content = text.encode("utf-8", "surrogateescape")
        flags = posix.O_RDWR | posix.O_CREAT | posix.O_TRUNC | posix.O_NOFOLLOW | posix.O_CLOEXEC
        file = posix.open(last, flags, 0o600, dir_fd=handle)
        try:
            posix.write(file, content)
            posix.fsync(file)
            posix.posix_fadvise(file, 0, 0, posix.POSIX_FADV_DONTNEED)
            if posix.pread(file, len(content) + 1, 0) != content:
                raise OSError(errno.EIO, f"{name} does not read as it was written")
        finally:
            posix.close(file)
    finally:
        posix.close(handle)
    return len(content)


def _enter(handle: int, part: str) -> int:
    """Go into a folder, made if absent, and let go of the one it is in."""
    try:
        posix.mkdir(part, 0o700, dir_fd=handle)
    except FileExistsError:
        pass
    flags = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC
    inner = posix.open(part, flags, dir_fd=handle)
    posix.close(handle)
    return inner

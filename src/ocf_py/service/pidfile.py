"""Pid files: a hint at a process, and never a proof.

What proves that the process named is the service's is its executable and whose it is; and that it
is no later one with a reused pid, that the file is not older than it. Who may write the file must
not have root end a process that he could not end himself.
"""

from __future__ import annotations

import errno
import posix

from ocf_py.system.processes import ProcessIdentity, identify

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

_FILE_TYPE, _REGULAR = 0o170000, 0o100000  # inode(7)
_WRITABLE = 0o022  # for a group or for others
_LONGEST_PID = 10  # digits
_TOLERANCE = 1.0  # seconds by which a clock may have been set
_MODE = 0o644
_IN_MEMORY = ("/run/", "/var/run/")  # everything else may be storage that hangs


class StorageHangs(OSError):  # noqa: N818 - says what is
    """What the pid file is on does not answer."""


def read_pid(path: str) -> tuple[int, float]:
    """The pid on the first line and when it was written, as (pid, seconds since the epoch).

    (0, 0.0) where there is no such file, or no pid in it.
    """
    try:
        handle = posix.open(path, posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC)
    except OSError:
        return 0, 0.0
    try:
        status = posix.fstat(handle)
        if status.st_mode & _FILE_TYPE != _REGULAR:
            return 0, 0.0
        line = posix.read(handle, 64).partition(b"\n")[0].strip()
    except OSError:
        return 0, 0.0
    finally:
        posix.close(handle)
    is_pid = line.isdigit() and len(line) <= _LONGEST_PID
    return (int(line), status.st_mtime) if is_pid else (0, 0.0)


def recognise(
    path: str, executable: str, known: str, user: str, seconds: float
) -> ProcessIdentity | None:
    """The living process that the file names, if it executes this for ``user``; else None.

    ``known`` is what the main process executes where that is something else: see `executable`.

    Raises StorageHangs where the file's storage does not answer within ``seconds``, and OSError
    where nothing can be told.
    """
    return _find_in_time(path, lambda: _recognise(path, executable, known, user), seconds)


def in_time(path: str, body: Callable[[], T], seconds: float) -> T:
    """Return what ``body`` returns, a plain value; StorageHangs if the file's storage hangs it."""
    if path.startswith(_IN_MEMORY):
        return body()
    from ocf_py.system.probing import Hung, look

    try:
        found: T = look(body, seconds)
    except Hung as hung:
        raise StorageHangs(errno.ETIMEDOUT, f"what it is on gives {hung}") from hung
    return found


def _find_in_time(
    path: str, find: Callable[[], ProcessIdentity | None], seconds: float
) -> ProcessIdentity | None:
    named = in_time(path, lambda: str(find()), seconds)
    return None if named == "None" else ProcessIdentity.parse(named)


def _find_named(path: str) -> tuple[ProcessIdentity | None, bool]:
    """The living process whose pid is in the file, and whether it is younger than that."""
    pid, written = read_pid(path)
    identity = identify(pid) if pid else None
    if identity is None or not identity.is_alive():
        return None, False
    return identity, _started(identity) > written + _TOLERANCE


def _recognise(path: str, executable: str, known: str, user: str) -> ProcessIdentity | None:
    identity, is_younger = _find_named(path)
    if identity is None or is_younger or not _executes(identity.pid, executable, known):
        return None
    if not _may_name(path, identity.pid, user):
        return None
    return identity if identity.is_alive() else None


def find_doubtful(
    path: str, executable: str, known: str, user: str, seconds: float
) -> ProcessIdentity | None:
    """The living process of ``user`` that the file names and that is not recognised; else None.

    It may be the service all the same: started by a wrapper that executes something else, or
    before the clock was set. One with a reused pid is younger than the file and another program.
    Raises as `recognise` does.
    """
    return _find_in_time(path, lambda: _find_doubtful(path, executable, known, user), seconds)


def _find_doubtful(path: str, executable: str, known: str, user: str) -> ProcessIdentity | None:
    identity, is_younger = _find_named(path)
    if identity is None or posix.stat(f"/proc/{identity.pid}").st_uid != _number_of(user):
        return None
    # On a disk the file may be of another boot, and the pid reused by another instance.
    if is_younger and not (path.startswith(_IN_MEMORY) and executable):
        return None
    is_it = not is_younger or _executes(identity.pid, executable, known)
    return identity if is_it else None


def _executes(pid: int, executable: str, known: str) -> bool:
    from .executable import executes, is_executed

    return bool(known and is_executed(known, pid)) or executes(pid, executable)


def _may_name(path: str, pid: int, user: str) -> bool:
    """Whether whoever may write the file may also end the process that it names.

    The file of root alone may name any, as of a daemon that gave root up; else it is the service's
    own user's, or that of the file's owner where the service is root's.
    """
    try:
        owner = posix.stat(f"/proc/{pid}").st_uid  # the effective one: proc(5)
        file = posix.stat(path, follow_symlinks=False)
        folder = posix.stat(path.rpartition("/")[0] or "/")
    except OSError:
        return False
    if all(it.st_uid == 0 and not it.st_mode & _WRITABLE for it in (file, folder)):
        return file.st_mode & _FILE_TYPE == _REGULAR  # where a link leads may be anybody's
    served = _number_of(user)
    return owner != 0 and owner == (served or file.st_uid)


def _number_of(user: str) -> int:
    """The number of a user; -1, which nobody has, where it is not known here."""
    if user == "root":
        return 0
    from ocf_py.system.ownership import find_user

    try:
        return find_user(user)
    except LookupError:
        return -1


def write_pid(path: str, pid: int) -> None:
    """Put the file in place in one step, whatever lies there; OSError if that cannot be done."""
    temporary = f"{path}.ocfpy-{posix.getpid()}"
    flags = posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_NOFOLLOW | posix.O_CLOEXEC
    try:
        handle = posix.open(temporary, flags, _MODE)
    except FileExistsError:  # left by a process of the same pid that was killed
        posix.unlink(temporary)
        handle = posix.open(temporary, flags, _MODE)
    try:
        try:
            posix.fchmod(handle, _MODE)
            posix.write(handle, f"{pid}\n".encode())
        finally:
            posix.close(handle)
        posix.rename(temporary, path)
    except BaseException:
        posix.unlink(temporary)
        raise


def remove_stale(path: str) -> None:
    """Take the file away if it names a pid that no process has; OSError if that cannot be done."""
    pid, _ = read_pid(path)
    if not pid:
        return
    identity = identify(pid)
    if identity is None or not identity.is_alive():
        try:
            posix.unlink(path)
        except FileNotFoundError:
            pass


def _started(identity: ProcessIdentity) -> float:
    """When a process started, in seconds since the epoch."""
    import time

    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    return booted + identity.start_time / posix.sysconf("SC_CLK_TCK")

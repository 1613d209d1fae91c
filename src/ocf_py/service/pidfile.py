"""Pid files: a hint at a process, and never a proof.

What proves that the process named is the service's is its executable; and that it is no later one
with a reused pid, that the file is not older than it.
"""

from __future__ import annotations

import errno
import posix

from ocf_py.system import read_file
from ocf_py.system.processes import ProcessIdentity, identify

_FILE_TYPE, _REGULAR = 0o170000, 0o100000  # inode(7)
_LONGEST_PID = 10  # digits
_TOLERANCE = 1.0  # seconds by which a clock may have been set
_MODE = 0o644
_IN_MEMORY = ("/run/", "/var/run/")  # everything else may be storage that hangs
_INTERPRETED = 4  # words of a command line, within which an interpreter has its script


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


def recognise(path: str, executable: str, seconds: float) -> ProcessIdentity | None:
    """The living process that the file names, if it executes ``executable``; else None.

    Raises StorageHangs where the file's storage does not answer within ``seconds``, and OSError
    where nothing can be told.
    """
    if path.startswith(_IN_MEMORY):
        return _recognise(path, executable)
    from ocf_py.system.probing import Hung, look

    try:
        named = look(lambda: str(_recognise(path, executable)), seconds)
    except Hung as hung:
        raise StorageHangs(errno.ETIMEDOUT, f"{path}: {hung}") from hung
    return None if named == "None" else ProcessIdentity.parse(named)


def _recognise(path: str, executable: str) -> ProcessIdentity | None:
    pid, written = read_pid(path)
    identity = identify(pid) if pid else None
    if identity is None or not identity.is_alive():
        return None
    if _started(identity) > written + _TOLERANCE or not _executes(pid, executable):
        return None
    return identity if identity.is_alive() else None


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


def remove_stale(path: str, seconds: float) -> None:
    """Take the file away if it names a pid that no process has; OSError if that cannot be done.

    Storage gets these ``seconds`` to answer.
    """
    if path.startswith(_IN_MEMORY):
        _remove_stale(path)
        return
    from ocf_py.system.probing import Hung, look

    try:
        look(lambda: _remove_stale(path), seconds)
    except Hung as hung:
        raise StorageHangs(errno.ETIMEDOUT, f"{path}: {hung}") from hung


def _remove_stale(path: str) -> None:
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


def _executes(pid: int, executable: str) -> bool:
    try:
        running = posix.stat(f"/proc/{pid}/exe")
    except OSError:
        return False
    try:
        wanted = posix.stat(executable)
        if (running.st_dev, running.st_ino) == (wanted.st_dev, wanted.st_ino):
            return True
        interpreter = _read_interpreter(executable)
    except OSError:
        interpreter = ""
    if interpreter:
        return _interprets(pid, interpreter, executable)
    try:  # replaced by an upgrade since it was executed
        return posix.readlink(f"/proc/{pid}/exe") in (
            f"{_real_path(executable)} (deleted)",
            f"{executable} (deleted)",
        )
    except OSError:
        return False


def _read_interpreter(executable: str) -> str:
    """What a script names behind #! (execve(2)); "" where it is none."""
    first = read_file(executable).partition(b"\n")[0]
    words = first[2:].decode("utf-8", "replace").split()
    if not first.startswith(b"#!") or not words:
        return ""
    is_env = words[0].rpartition("/")[2] == "env" and len(words) > 1
    return words[-1] if is_env else words[0]


def _interprets(pid: int, interpreter: str, script: str) -> bool:
    words = read_file(f"/proc/{pid}/cmdline").split(b"\0")
    if script.encode("utf-8", "surrogateescape") not in words[1:_INTERPRETED]:
        return False
    if interpreter.startswith("/"):
        wanted, running = posix.stat(interpreter), posix.stat(f"/proc/{pid}/exe")
        return (wanted.st_dev, wanted.st_ino) == (running.st_dev, running.st_ino)
    name = posix.readlink(f"/proc/{pid}/exe").rpartition("/")[2]
    return name.startswith(interpreter)


def _real_path(path: str) -> str:
    try:
        handle = posix.open(path, posix.O_PATH | posix.O_CLOEXEC)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return path
        raise
    try:
        return posix.readlink(f"/proc/self/fd/{handle}")
    finally:
        posix.close(handle)

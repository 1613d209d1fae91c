"""Whether a process executes a program: what proves that it is the service's own."""

from __future__ import annotations

import errno
import posix

from ocf_py.system import read_file

_DELETED = " (deleted)"  # behind the path of a file that is no more: proc(5)
_INTERPRETED = 4  # words of a command line, within which an interpreter has its script


def executes(pid: int, executable: str) -> bool:
    """Whether the process executes this file, or interprets it where it is a script.

    OSError where nothing can be told.
    """
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
            f"{_real_path(executable)}{_DELETED}",
            f"{executable}{_DELETED}",
        )
    except OSError:
        return False


def tell_executable(pid: int) -> str:
    """What a process executes, as ``DEV:INO PATH``, which `is_executed` reads; OSError if gone."""
    running = posix.stat(f"/proc/{pid}/exe")
    path = posix.readlink(f"/proc/{pid}/exe").removesuffix(_DELETED)
    return f"{running.st_dev}:{running.st_ino} {path}"


def is_executed(known: str, pid: int) -> bool:
    """Whether a process executes what was told: that file, or what an upgrade put in its place."""
    try:
        told = tell_executable(pid)
    except OSError:
        return False
    return any(one == other for one, other in zip(known.split(" ", 1), told.split(" ", 1)))


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

"""Runs as a program: makes the namespaces of one sandbox and stays as their init.

Two processes: the keeper outside, which lives as long as its standard input is open, and pid 1
inside, which dies with the keeper and takes everything in its namespace along (pid_namespaces(7)).
The keeper writes pid 1's number, as seen from outside, once all is ready; its errors go to stderr.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

# linux/sched.h, linux/mount.h, linux/prctl.h
_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
_CLONE_NEWPID, _CLONE_NEWNET = 0x20000000, 0x40000000
_MS_NOSUID, _MS_NODEV, _MS_NOEXEC = 0x2, 0x4, 0x8
_MS_REC, _MS_PRIVATE = 0x4000, 0x40000
_PR_SET_PDEATHSIG = 1

_libc = ctypes.CDLL(None, use_errno=True)


def main(library: str, *folders: str) -> None:
    """Keep a sandbox whose ``folders`` are empty; ``library`` is where ocf_py is found."""
    _check(
        "unshare",
        _libc.unshare(_CLONE_NEWPID | _CLONE_NEWNS | _CLONE_NEWNET | _CLONE_NEWUTS | _CLONE_NEWIPC),
    )
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        _run_init(writer, library, folders)
    os.close(writer)
    if os.read(reader, 1):
        os.write(1, f"{child}\n".encode())
        os.read(0, 1)  # until whoever made the sandbox closes it, or dies
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def _run_init(writer: int, library: str, folders: tuple[str, ...]) -> None:
    """Be pid 1: prepare, say so, and reap orphans until killed; never returns."""
    try:
        _check("prctl", _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL))
        _prepare(library, folders)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        os.write(writer, b".")  # fails if the keeper died before it could be watched
        null = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(null, standard)
        os.closerange(3, 256)
        while True:
            signal.sigwait({signal.SIGCHLD})
            _reap()
    except BaseException as error:  # noqa: BLE001 - a fork must never return to its caller
        os.write(2, f"{type(error).__name__}: {error}\n".encode())
    finally:
        os._exit(1)


def _prepare(library: str, folders: tuple[str, ...]) -> None:
    # First of all: the library may lie below a folder that is covered now.
    sys.path.insert(0, library)
    from ocf_py.system.network import Network

    _mount("none", "/", None, _MS_REC | _MS_PRIVATE, None)
    strict = _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    _mount("proc", "/proc", "proc", strict, None)
    _mount("sysfs", "/sys", "sysfs", strict, None)  # shows the interfaces of its own namespace
    for folder in folders:
        mode = os.stat(folder).st_mode & 0o7777
        _mount("tmpfs", folder, "tmpfs", _MS_NOSUID | _MS_NODEV, f"mode={mode:o}")
    _check("sethostname", _libc.sethostname(b"sandbox", 7))
    network = Network()
    network.set_up(1)  # lo is the first link of every namespace
    network.close()


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None) -> None:
    arguments = [text.encode() if text else None for text in (source, target, kind)]
    _check(
        f"mount of {source} on {target}",
        _libc.mount(*arguments, ctypes.c_ulong(flags), data.encode() if data else None),
    )


def _check(what: str, result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"{error}")

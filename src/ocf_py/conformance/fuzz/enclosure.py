"""Runs as a program inside a sandbox: from then on nothing in there can harm the machine.

An agent that is given odd paths, as root, must not reach the files that the sandbox shares with
the machine. /etc becomes a copy, /tmp an empty folder, and all the rest read-only, but for /run,
/dev, which are the sandbox's own, and /proc. There what is the kernel's, and not the sandbox's, is
read-only too: an agent that fences its own node writes to /proc/sysrq-trigger.

Its arguments are paths that have to stay what they are, below /tmp too.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# linux/mount.h
_MS_RDONLY, _MS_REMOUNT, _MS_BIND, _MS_MOVE, _MS_REC = 1, 32, 4096, 8192, 16384
_FLAGS = {"nosuid": 2, "nodev": 4, "noexec": 8, "noatime": 1024, "nodiratime": 2048}
_FLAGS["relatime"] = 1 << 21
_OWN = ("/run", "/dev", "/proc")
#: What of /proc is the whole machine's, and what in there is of a namespace; where there is one.
_GLOBAL = ("sys", "sysrq-trigger", "irq", "bus", "scsi", "acpi", "mtrr")
_NAMESPACED = ("net", "kernel/ns_last_pid", "kernel/hostname", "kernel/domainname")
_POINT, _OPTIONS = 4, 5  # fields of a line of mountinfo, proc(5)

_libc = ctypes.CDLL(None, use_errno=True)


def main(kept: list[str]) -> None:
    """Close everything."""
    tops = sorted({"/".join(one.split("/")[:3]) for one in kept if _is_below_tmp(one)})
    handles = [(one, os.open(one, os.O_PATH)) for one in tops]
    shared = [(point, flags) for point, flags in _list_mounts() if not _is_own(point)]
    for point, flags in shared:
        try:
            _mount("none", point, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY | flags)
        except (FileNotFoundError, ValueError):
            continue  # covered by another mount
    _verify(point for point, _ in shared)
    _close_proc()
    os.mkdir("/run/etc")
    _mount("tmpfs", "/run/etc", "tmpfs", 0)
    os.chmod("/run/etc", 0o755)  # noqa: S103 - as everywhere
    _run("/bin/cp", "-a", "/etc/.", "/run/etc")
    _mount("/run/etc", "/etc", None, _MS_MOVE)
    os.rmdir("/run/etc")
    _mount("tmpfs", "/tmp", "tmpfs", 0)  # noqa: S108 - nothing is in it
    for path, handle in handles:
        os.mkdir(path)
        _mount(f"/proc/self/fd/{handle}", path, None, _MS_BIND | _MS_REC)


def _run(*argv: str) -> None:
    """What subprocess would do, whose import takes longer than the copy of /etc."""
    _, status = os.waitpid(os.posix_spawn(argv[0], argv, os.environ), 0)
    if status:
        raise ChildProcessError(f"{' '.join(argv)}: {os.waitstatus_to_exitcode(status)}")


def _close_proc() -> None:
    """Makes read-only what of /proc is no namespace's, proc(5)."""
    kept = [
        (name, os.open(f"/proc/sys/{name}", os.O_PATH))
        for name in _NAMESPACED
        if os.path.exists(f"/proc/sys/{name}")
    ]
    for name in _GLOBAL:
        path = f"/proc/{name}"
        if os.path.exists(path):
            _mount(path, path, None, _MS_BIND)
            _mount("none", path, None, _MS_REMOUNT | _MS_BIND | _MS_RDONLY)
    for name, handle in kept:
        _mount(f"/proc/self/fd/{handle}", f"/proc/sys/{name}", None, _MS_BIND)


def _is_own(path: str) -> bool:
    return path in _OWN or path.startswith(tuple(f"{own}/" for own in _OWN))


def _is_below_tmp(path: str) -> bool:
    return path.startswith("/tmp/")  # noqa: S108 - a name


def _list_mounts() -> list[tuple[str, int]]:
    """Every mount point and the flags it has."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        lines = [line.split() for line in file]
    mounts = []
    for words in lines:
        point = words[_POINT].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        options = words[_OPTIONS].split(",")
        mounts.append((point, sum(_FLAGS.get(option, 0) for option in options)))
    return mounts


def _verify(points: Iterable[str]) -> None:
    """Nothing that a path leads to is left open; OSError otherwise."""
    names = (f"/{name}" for name in os.listdir("/") if not os.path.islink(f"/{name}"))
    for path in (*points, *names):
        if _is_own(path) or not os.path.exists(path):
            continue
        if not os.statvfs(path).f_flag & os.ST_RDONLY:
            raise OSError(f"{path} could not be made read-only")


def _mount(source: str, target: str, kind: str | None, flags: int) -> None:
    arguments = [os.fsencode(text) if text else None for text in (source, target, kind)]
    if _libc.mount(*arguments, ctypes.c_ulong(flags), None) != 0:
        number = ctypes.get_errno()
        if number == errno.EINVAL:
            raise ValueError(f"{target} is no mount point")
        raise OSError(number, f"mount {target}: {os.strerror(number)}")


if __name__ == "__main__":
    main(sys.argv[1:])

"""The Linux calls the lab needs that Python (3.9 to 3.11 at least) does not have."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# include/uapi/linux/sched.h
CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

# include/uapi/linux/mount.h
MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_MOVE = 8192
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

# include/uapi/linux/prctl.h, capability.h
PR_SET_PDEATHSIG = 1
PR_SET_NAME = 15
PR_CAPBSET_DROP = 24
CAP_SYS_MODULE = 16
CAP_SYS_RAWIO = 17
CAP_SYS_TIME = 25

_DEEPEST_PATH = 4096  # directories between a chroot and the real root: PATH_MAX / 1

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")


def unshare(flags: int) -> None:
    """Move the calling process into new namespaces."""
    _check(_libc.unshare(flags), f"unshare({flags:#x})")


def set_namespace(descriptor: int, kind: int) -> None:
    """Move the calling thread into the namespace an open /proc/PID/ns file names, setns(2)."""
    _check(_libc.setns(descriptor, kind), f"setns({kind:#x})")


def mount(
    source: str | None, target: str, kind: str | None = None, flags: int = 0, options: str = ""
) -> None:
    """Attach a file system; `options` is its own comma-separated list."""
    result = _libc.mount(
        None if source is None else os.fsencode(source),
        os.fsencode(target),
        None if kind is None else kind.encode(),
        ctypes.c_ulong(flags),
        os.fsencode(options) or None,
    )
    _check(result, f"mount {kind or source} on {target}")


def detach(target: str) -> None:
    """Take a mount out of the tree now, and let it end when its last user does, umount2(2)."""
    _check(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def bind(source: str, target: str, *, read_only: bool = False) -> None:
    """Show a file or directory at a second place."""
    mount(source, target, None, MS_BIND)
    if read_only:
        mount(None, target, None, MS_BIND | MS_REMOUNT | MS_RDONLY)


def end_with_parent() -> None:
    """Have the kernel kill this process when the thread that forked it ends, however it ends."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def set_process_name(name: str) -> None:
    """Set what ps and top show, at most 15 bytes."""
    _libc.prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def give_up_machine_capabilities() -> None:
    """Drop what no namespace confines: kernel modules, raw I/O ports and the machine's clock."""
    for capability in (CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_TIME):
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@contextlib.contextmanager
def at_namespace_root() -> Iterator[None]:
    """Leave a chroot for a moment, as mount propagation can only be set at the real root.

    A chroot need not be a mount point, and then mount(2) refuses to make it private. A process
    whose working directory lies outside its root may climb: that is how chroot(2) is defined.
    """
    home = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
    here = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    try:
        climb_to_namespace_root()
        yield
    finally:
        os.fchdir(home)
        os.chroot(".")
        os.fchdir(here)
        os.close(home)
        os.close(here)


def climb_to_namespace_root() -> None:
    """Make the mount namespace's own root the root and working directory of this process."""
    os.chdir("/")
    os.chroot("/proc")  # any directory below: now "." is outside the root
    for _ in range(_DEEPEST_PATH):
        below = os.stat(".")
        os.chdir("..")
        if os.path.samestat(below, os.stat(".")):
            break
    os.chroot(".")


def isolate_mounts() -> None:
    """Enter a new mount namespace of which nothing ever shows outside."""
    unshare(CLONE_NEWNS)
    with at_namespace_root():
        mount(None, "/", None, MS_REC | MS_PRIVATE)


def change_root(new_root: str) -> None:
    """Make a mounted tree the root of this mount namespace and let go of all else in it."""
    target = os.open(new_root, os.O_RDONLY | os.O_DIRECTORY)
    climb_to_namespace_root()
    os.fchdir(target)
    os.close(target)
    if _libc.pivot_root(b".", b".") == 0:
        detach(".")  # the old root now lies on top of the new one
    else:  # the machine runs from its initramfs, which cannot be pivoted away: cover it
        mount(".", "/", None, MS_MOVE)
        os.chroot(".")
    os.chdir("/")

"""The Linux calls the lab needs that Python (3.9 to 3.11 at least) does not have.

Every command in a node comes through here in a process of its own: this imports what it must.
"""

from __future__ import annotations

import ctypes
import os

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

# include/uapi/asm-generic/signal.h
SIGINT = 2
SIGQUIT = 3
SIGKILL = 9
_SIG_IGN = ctypes.c_void_p(1)

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
    _libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)


def ignore_signal(number: int) -> None:
    """signal(2), without the module of that name: it takes longer than all else of a command."""
    _libc.signal(number, _SIG_IGN)


def pivot_root() -> bool:
    """Have the working directory take the root's place, and the root lie on it; if it can be."""
    return bool(_libc.pivot_root(b".", b".") == 0)


def set_process_name(name: str) -> None:
    """Set what ps and top show, at most 15 bytes."""
    _libc.prctl(PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def give_up_machine_capabilities() -> None:
    """Drop what no namespace confines: kernel modules, raw I/O ports and the machine's clock."""
    for capability in (CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_TIME):
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)

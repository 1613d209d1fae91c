"""Named network namespaces, as ip-netns(8) keeps them, entered by this very process.

Only the network changes: files, /dev/log and the start record stay those of the node. A name can
be taken away while processes keep the namespace, and all its addresses, alive; what it is known by
then is the number of its inode (namespaces(7)).
"""

from __future__ import annotations

import errno
import posix

NAMES = "/run/netns"
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_OURS = "/proc/self/ns/net"
# What says that there is none of this name: EINVAL where a plain file was left of it.
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.EINVAL)


def enter(name: str, inode: int = 0) -> int:
    """Enter a namespace; returns what `leave` needs to come back.

    It is that of ``inode`` where this is known and still there, whether it has a name or not, else
    that of ``name``. Raises NoNamespace, or OSError as the kernel says.
    """
    path = f"{NAMES}/{name}"
    if inode and identify(name) != inode:
        path = _find(inode) or path
    home = -1
    try:
        theirs = posix.open(path, posix.O_RDONLY | posix.O_CLOEXEC)
        try:
            home = posix.open(_OURS, posix.O_RDONLY | posix.O_CLOEXEC)
            _set_namespace(theirs)
        finally:
            posix.close(theirs)
    except BaseException as error:
        if home >= 0:
            posix.close(home)
        if isinstance(error, OSError) and error.errno in _ABSENT:
            from .network import NoNamespace

            raise NoNamespace(f"there is no network namespace {name!r}") from None
        raise
    return home


def leave(home: int) -> None:
    """Go back to where `enter` came from."""
    try:
        _set_namespace(home)
    finally:
        posix.close(home)


def identify(name: str) -> int:
    """The number by which a namespace is known as long as it lives; 0 where the name is none."""
    try:
        return posix.stat(f"{NAMES}/{name}").st_ino
    except OSError:
        return 0


def _find(inode: int) -> str:
    """Find a namespace that some process is in, by its number; "" if there is none."""
    nsfs = posix.stat(_OURS).st_dev
    for pid in posix.listdir("/proc"):
        if pid.isdigit():
            path = f"/proc/{pid}/ns/net"
            try:
                found = posix.stat(path)
            except OSError:  # it has ended, or is none of ours to look at
                continue
            if (found.st_dev, found.st_ino) == (nsfs, inode):
                return path
    return ""


def _set_namespace(handle: int) -> None:
    """setns(2), which Python itself has from 3.12 on."""
    native = getattr(posix, "setns", None)
    if native is not None:
        native(handle, _CLONE_NEWNET)
        return
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(handle, _CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, posix.strerror(number))

"""Named network namespaces, as ip-netns(8) keeps them, entered by this very process.

Only the network changes: files, /dev/log and the start record stay those of the node.
"""

from __future__ import annotations

import posix

NAMES = "/run/netns"
_CLONE_NEWNET = 0x40000000  # linux/sched.h
_OURS = "/proc/self/ns/net"


def is_there(name: str) -> bool:
    """Tell whether there is a namespace of this name, and not just a file that once stood for it.

    Raises OSError where that cannot be told.
    """
    nsfs = posix.stat(_OURS).st_dev
    try:
        return posix.stat(f"{NAMES}/{name}").st_dev == nsfs
    except (FileNotFoundError, NotADirectoryError):
        return False


def enter(name: str) -> int:
    """Enter the namespace of this name; returns what `leave` needs to come back.

    Raises OSError as the kernel says.
    """
    theirs = posix.open(f"{NAMES}/{name}", posix.O_RDONLY | posix.O_CLOEXEC)
    home = -1
    try:
        home = posix.open(_OURS, posix.O_RDONLY | posix.O_CLOEXEC)
        _set_namespace(theirs)
    except BaseException:
        if home >= 0:
            posix.close(home)
        raise
    finally:
        posix.close(theirs)
    return home


def leave(home: int) -> None:
    """Go back to where `enter` came from."""
    try:
        _set_namespace(home)
    finally:
        posix.close(home)


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

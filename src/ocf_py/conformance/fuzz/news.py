"""Where the kernel tells that something has happened, to files or to the network.

It says so before the system call that made it happen returns: a process that has ended has no news
to come.
"""

from __future__ import annotations

import _socket
import ctypes
import errno
import os

# linux/inotify.h: inotify(7)
_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED, _CREATE, _DELETE = 0x2, 0x4, 0x8, 0xC0, 0x100, 0x200
_ONLY_FOLDERS, _NO_LINKS = 0x1000000, 0x2000000
#: Who writes through a mapping is heard of as the file is closed.
_EVERY_CHANGE = _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED | _CREATE | _DELETE
_TOO_MANY = (errno.ENOSPC, errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.ENOSYS)
_BUFFER = 65536  # bytes
_NONE = -1

# linux/rtnetlink.h: rtnetlink(7)
_AF_NETLINK, _NETLINK_ROUTE = 16, 0
_LINK, _TC, _ADDRESS_4, _ROUTES_4, _RULE_4 = 1, 4, 5, (6, 7), 8
_ADDRESS_6, _ROUTES_6, _LINK_6, _RULE_6 = 9, (10, 11), 12, 19
_GROUPS = (_LINK, _TC, _ADDRESS_4, *_ROUTES_4, _RULE_4, _ADDRESS_6, *_ROUTES_6, _LINK_6, _RULE_6)

_libc = ctypes.CDLL(None, use_errno=True)


class FileNews:
    """News of what happens in the folders that are followed, at first that there are some.

    Where the kernel has no more room for it, there always are.
    """

    def __init__(self) -> None:
        self._is_first = True
        self._handle: int = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._handle == _NONE:
            self._give_up(ctypes.get_errno(), "inotify")

    def follow(self, folder: str) -> None:
        """Is told from now on of what happens in it; FileNotFoundError, NotADirectoryError."""
        if self._handle == _NONE:
            return
        mask = _EVERY_CHANGE | _ONLY_FOLDERS | _NO_LINKS
        if _libc.inotify_add_watch(self._handle, os.fsencode(folder), ctypes.c_uint32(mask)) < 0:
            self._give_up(ctypes.get_errno(), folder)

    def have_come(self) -> bool:
        """Whether something has happened since this was asked the last time."""
        if self._handle == _NONE:
            return True
        some, self._is_first = self._is_first, False
        try:
            while os.read(self._handle, _BUFFER):
                some = True
        except BlockingIOError:
            pass
        return some

    def _give_up(self, number: int, what: str) -> None:
        if number not in _TOO_MANY:
            raise OSError(number, os.strerror(number), what)
        if self._handle != _NONE:
            os.close(self._handle)
            self._handle = _NONE


class NetworkNews:
    """News of links, addresses, routes and rules of this network namespace, at first some."""

    def __init__(self) -> None:
        self._socket = _socket.socket(_AF_NETLINK, _socket.SOCK_RAW, _NETLINK_ROUTE)
        self._socket.setblocking(False)  # noqa: FBT003 - the system's own call
        self._socket.bind((0, sum(1 << group - 1 for group in _GROUPS)))
        self._is_first = True

    def have_come(self) -> bool:
        """Whether something has happened since this was asked the last time."""
        some, self._is_first = self._is_first, False
        while True:
            try:
                self._socket.recv(_BUFFER)
            except BlockingIOError:
                return some
            except OSError as problem:
                if problem.errno != errno.ENOBUFS:  # too many to keep
                    raise
            some = True

"""Whether anything in a directory tree may have changed: inotify(7), through the C library.

It says that something did, not what: the pass finds that out. It hears nothing of writes through a
memory mapping before the file is closed, so a tree is called settled by it only as far as inotify
goes; the interval between two passes is the floor.
"""

from __future__ import annotations

import errno
import os
import posix
import select
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ctypes
    from types import TracebackType

_EVENT = struct.Struct("=iIII")  # struct inotify_event: watch, mask, cookie, length of the name
_READ = 1 << 16
# Of sys/inotify.h.
_MODIFY, _ATTRIB, _CLOSE_WRITE, _MOVED_FROM, _MOVED_TO = 0x2, 0x4, 0x8, 0x40, 0x80
_CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x100, 0x200, 0x400, 0x800
_OVERFLOW, _IGNORED, _ISDIR = 0x4000, 0x8000, 0x40000000
_ONLYDIR, _DONT_FOLLOW = 0x01000000, 0x02000000
_NONBLOCK_CLOEXEC = posix.O_NONBLOCK | posix.O_CLOEXEC
_OF_INTEREST = (
    _MODIFY
    | _ATTRIB
    | _CLOSE_WRITE
    | _MOVED_FROM
    | _MOVED_TO
    | _CREATE
    | _DELETE
    | _DELETE_SELF
    | _MOVE_SELF
    | _ONLYDIR
    | _DONT_FOLLOW
)


class Changes:
    """A context manager that watches the tree below ``top`` from its creation on.

    ``is_complete`` is false where not every folder could be watched (fs.inotify.max_user_watches):
    then nothing that it does not say means anything. OSError where nothing can be watched at all.
    """

    def __init__(self, top: str) -> None:
        import ctypes

        self._top = os.fsencode(top)
        self._libc: ctypes.CDLL = ctypes.CDLL(None, use_errno=True)
        self._folders: dict[int, bytes] = {}
        self.is_complete = True
        self._handle = self._libc.inotify_init1(_NONBLOCK_CLOEXEC)
        if self._handle < 0:
            raise self._error(top)
        try:
            self._watch_below(self._top)
        except BaseException:
            posix.close(self._handle)
            raise

    def __enter__(self) -> Changes:  # noqa: PYI034 - Self is not in Python 3.9
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        posix.close(self._handle)

    def fileno(self) -> int:
        """What select(2) and poll(2) wait for."""
        return int(self._handle)

    def wait(self, seconds: float) -> bool:
        """Whether something may have changed since the last call; waits ``seconds`` for it.

        All that happened before it returned True is covered by that: folders that are new are
        watched by then.
        """
        ready = select.poll()
        ready.register(self._handle, select.POLLIN)
        return bool(ready.poll(int(seconds * 1000))) and self._drain()

    def _drain(self) -> bool:
        changed = False
        while True:
            try:
                content = posix.read(self._handle, _READ)
            except BlockingIOError:
                return changed
            at = 0
            while at < len(content):
                watch, mask, _, length = _EVENT.unpack_from(content, at)
                name = content[at + _EVENT.size : at + _EVENT.size + length].rstrip(b"\0")
                at += _EVENT.size + length
                changed = self._note(watch, mask, name) or changed

    def _note(self, watch: int, mask: int, name: bytes) -> bool:
        if mask & _OVERFLOW:
            self._watch_below(self._top)  # a folder that was made meanwhile is among the lost
            return True
        if mask & _IGNORED:
            self._folders.pop(watch, None)
            return False
        folder = self._folders.get(watch)
        if folder is not None and mask & _ISDIR and mask & (_CREATE | _MOVED_TO):
            self._watch_below(os.path.join(folder, name))
        return True

    def _watch_below(self, top: bytes) -> None:
        """Watch a folder, then look for more in it: what is made between is heard of."""
        folders = [top]
        while folders:
            folder = folders.pop()
            if not self._watch(folder):
                continue
            try:
                with os.scandir(folder) as entries:
                    folders += [one.path for one in entries if one.is_dir(follow_symlinks=False)]
            except FileNotFoundError:
                pass  # gone again, which is heard of too

    def _watch(self, folder: bytes) -> bool:
        watch = self._libc.inotify_add_watch(self._handle, folder, _OF_INTEREST)
        if watch >= 0:
            self._folders[watch] = folder
            return True
        error = self._error(os.fsdecode(folder))
        if error.errno == errno.ENOSPC:
            self.is_complete = False
            return False
        if error.errno in (errno.ENOENT, errno.ENOTDIR) and folder != self._top:
            return False
        raise error

    @staticmethod
    def _error(path: str) -> OSError:
        import ctypes

        number = ctypes.get_errno()
        return OSError(number, posix.strerror(number), path)

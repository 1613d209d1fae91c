"""The record on disk, beside the data: read with suspicion, written durably."""

from __future__ import annotations

import posix

from .record import Record
from .record_text import LONGEST_TEXT, RecordUnusable, dump, load
from .refusals import is_full

_NAME = "record"
# Bytes of the ballast, and of the part that one write takes from it: several records.
_BALLAST, _WEIGHT, _PART = "ballast", 1 << 18, 1 << 14
_PLENTY = 8  # ballasts that have to be free before one is loaded
_FILE_TYPE, _REGULAR = 0o170000, 0o100000  # inode(7)


class RecordFile:
    """The record of ``node`` in the folder ``store``, which is root's alone."""

    def __init__(self, store: str, node: str) -> None:
        self.store = store
        self.node = node

    @property
    def path(self) -> str:
        """Where the record is, for messages."""
        return f"{self.store}/{_NAME}"

    def read(self) -> Record:
        """Return the record, an empty one where there is none yet.

        RecordUnusable where it cannot be followed: to go on without would forget what was promised.
        OSError as the disk says.
        """
        try:
            # Not waiting: what lies there may be no file at all.
            flags = posix.O_RDONLY | posix.O_NOFOLLOW | posix.O_NONBLOCK | posix.O_CLOEXEC
            handle = posix.open(self.path, flags)
        except FileNotFoundError:
            return Record(self.node)
        try:
            status = posix.fstat(handle)
            if status.st_mode & _FILE_TYPE != _REGULAR or status.st_uid != posix.geteuid():
                raise RecordUnusable(f"{self.path} is no regular file of its reader's")
            content = _read(handle)
        finally:
            posix.close(handle)
        try:
            record = load(content)
        except RecordUnusable as unusable:
            raise RecordUnusable(f"{self.path} {unusable}") from None
        if record.node != self.node:
            raise RecordUnusable(f"{self.path} is of the node {record.node}, not of {self.node}")
        return record

    def write(self, record: Record) -> None:
        """Put the record in place, on disk when this returns; OSError if that cannot be done.

        On a full disk the ballast makes room for it, a part at a time: what fills the disk goes on.
        """
        from ocf_py.system.durable import replace_durably

        flags = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_NOFOLLOW | posix.O_CLOEXEC
        directory = posix.open(self.store, flags)
        try:
            content = dump(record)
            while True:
                try:
                    replace_durably(directory, _NAME, content)
                except OSError as error:
                    if not is_full(error) or not _lighten(directory):
                        raise
                else:
                    return
        finally:
            posix.close(directory)

    def load_ballast(self) -> None:
        """Take the room that records will need on a full disk, where there is plenty; OSError."""
        flags = posix.O_RDWR | posix.O_CREAT | posix.O_NOFOLLOW | posix.O_CLOEXEC
        handle = posix.open(f"{self.store}/{_BALLAST}", flags, 0o600)
        try:
            room = posix.fstatvfs(handle)
            is_plenty = room.f_bavail * room.f_frsize > _PLENTY * _WEIGHT
            if is_plenty and posix.fstat(handle).st_size < _WEIGHT:
                posix.posix_fallocate(handle, 0, _WEIGHT)
        finally:
            posix.close(handle)

    def remove_leftovers(self) -> None:
        """Remove what a kill amid `write` left; for the one who writes, at its start."""
        for name in posix.listdir(self.store):
            if name.startswith(f".{_NAME}."):
                posix.unlink(f"{self.store}/{name}")


def _lighten(directory: int) -> bool:
    """Give up a part of the ballast; False where there is none left. OSError."""
    flags = posix.O_RDWR | posix.O_NOFOLLOW | posix.O_CLOEXEC
    try:
        handle = posix.open(_BALLAST, flags, dir_fd=directory)
    except FileNotFoundError:
        return False
    try:
        weight = posix.fstat(handle).st_size
        posix.ftruncate(handle, max(0, weight - _PART))
        return weight > 0
    finally:
        posix.close(handle)


def _read(handle: int) -> bytes:
    """All of it, or one byte more than the longest text has."""
    content = b""
    while len(content) <= LONGEST_TEXT:
        part = posix.read(handle, LONGEST_TEXT + 1 - len(content))
        if not part:
            break
        content += part
    return content

"""Subvolumes of btrfs, and their snapshots: ioctls of linux/btrfs.h."""

from __future__ import annotations

import errno
import os
import posix
import struct

_SNAP_DESTROY, _SNAP_CREATE_V2 = 0x5000940F, 0x50009417
_INO_LOOKUP, _GET_SUBVOL_ROOTREF = 0xD0009412, 0xD000943D
_SIZE = 4096  # bytes, of what each of them is given
_READ_ONLY = 1 << 1  # BTRFS_SUBVOL_RDONLY
_FIRST_FREE_OBJECTID = 256  # the inode of every subvolume's top
_VOL_ARGS = struct.Struct("q")  # struct btrfs_ioctl_vol_args: fd; then the name
_VOL_ARGS_V2 = struct.Struct("qQQ4Q")  # struct btrfs_ioctl_vol_args_v2: fd, transid, flags, unused
_LOOKUP = struct.Struct("QQ")  # struct btrfs_ioctl_ino_lookup_args: treeid, objectid; then the path
_REFERENCE = struct.Struct("QQ")  # treeid, dirid, of struct btrfs_ioctl_get_subvol_rootref_args
_MOST_REFERENCES = 255


class NoSubvolume(ValueError):  # noqa: N818 - says what is
    """A path is not in a subvolume whose top can be seen; the message says why."""


class HoldsSubvolume(NoSubvolume):
    """A folder holds another subvolume, which a snapshot would leave out."""


def find_whole(path: str) -> str:
    """As `find_top`, where a snapshot has all of ``path``; else HoldsSubvolume."""
    top = find_top(path)
    nested = find_nested(top, path)
    if nested:
        raise HoldsSubvolume(f"{nested[0]} holds a subvolume, which a snapshot leaves out")
    return top


def find_top(path: str) -> str:
    """The path of the top of the subvolume that ``path`` is in; NoSubvolume, OSError."""
    top = os.path.realpath(path)
    try:
        _look_up(top, _FIRST_FREE_OBJECTID)
    except OSError as error:
        if error.errno != errno.ENOTTY:
            raise
        raise NoSubvolume(f"{path} is not on btrfs") from None
    device = os.stat(top).st_dev
    while os.stat(top).st_ino != _FIRST_FREE_OBJECTID:
        top = os.path.dirname(top)
        if os.stat(top).st_dev != device:
            raise NoSubvolume(f"{path} is on btrfs, but the top of its subvolume is not mounted")
    return top


def find_nested(top: str, path: str) -> list[str]:
    """The folders at or below ``path`` that hold subvolumes of that of ``top``; OSError.

    A snapshot of ``top`` has an empty folder in the place of each.
    """
    way = os.path.relpath(os.path.realpath(path), top)
    places = [os.path.normpath(_look_up(top, folder)) for folder in _list_parents(top)]
    return [f"{top}/{one}" for one in places if one == way or one.startswith(f"{way}/")]


def take_snapshot(top: str, target: str) -> None:
    """Make ``target`` a read-only snapshot of the subvolume ``top``; OSError.

    It holds what was written before, on disk or not.
    """
    source = _open(top)
    try:
        head = _VOL_ARGS_V2.pack(source, 0, _READ_ONLY, 0, 0, 0, 0)
        _call_in_folder(_SNAP_CREATE_V2, head, target)
    finally:
        posix.close(source)


def remove_snapshot(path: str) -> None:
    """Remove a snapshot, at once, whatever its size: the kernel frees its room later; OSError."""
    _call_in_folder(_SNAP_DESTROY, _VOL_ARGS.pack(0), path)


def _call_in_folder(request: int, head: bytes, path: str) -> None:
    from fcntl import ioctl

    folder = _open(os.path.dirname(path))
    try:
        ioctl(folder, request, _fill(head + os.fsencode(os.path.basename(path))))
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from None
    finally:
        posix.close(folder)


def _look_up(top: str, inode: int) -> str:
    """The path of a folder of a subvolume from its top, with a slash at its end."""
    told = _ask(top, _INO_LOOKUP, _LOOKUP.pack(0, inode))
    return os.fsdecode(told[_LOOKUP.size :].partition(b"\0")[0])


def _list_parents(top: str) -> list[int]:
    """The inodes of the folders that hold the subvolumes below one."""
    least, found = 0, []
    while True:
        told = _ask(top, _GET_SUBVOL_ROOTREF, struct.pack("Q", least), allowed=errno.EOVERFLOW)
        count = told[8 + _MOST_REFERENCES * _REFERENCE.size]
        some = [_REFERENCE.unpack_from(told, 8 + n * _REFERENCE.size) for n in range(count)]
        found += [folder for _, folder in some]
        if count < _MOST_REFERENCES:
            return found
        least = some[-1][0] + 1


def _ask(top: str, request: int, head: bytes, allowed: int = 0) -> bytes:
    from fcntl import ioctl

    handle, told = _open(top), _fill(head)
    try:
        ioctl(handle, request, told)
    except OSError as error:
        if error.errno != allowed:
            raise OSError(error.errno, error.strerror, top) from None
    finally:
        posix.close(handle)
    return bytes(told)


def _fill(head: bytes) -> bytearray:
    return bytearray(head.ljust(_SIZE, b"\0"))


def _open(path: str) -> int:
    return posix.open(path, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)

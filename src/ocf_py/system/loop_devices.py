"""Which file a loop device shows: loop(4), linux/loop.h."""

from __future__ import annotations

import posix

from . import read_file

_LOOP_MAJOR = "7"  # linux/major.h
_LOOP_GET_STATUS64 = 0x4C05
_STATUS_SIZE = 232  # struct loop_info64, which begins with the file's device and inode
_BLOCKS = "/sys/dev/block"


def is_image(path: str, number: str, offset: int) -> bool:
    """Whether the block device of this number ("MAJOR:MINOR") shows the file ``path``.

    Shown is what begins at ``offset``, in bytes; any where that is negative.
    By the file's name first, which may have been deleted; it is written from where the one who
    attached it stood, so in a chroot or another mount namespace the file itself decides.
    """
    major, _, minor = number.partition(":")
    if major != _LOOP_MAJOR:
        return False
    loop = f"{_BLOCKS}/{number}/loop"
    try:
        if offset >= 0 and int(read_file(f"{loop}/offset")) != offset:
            return False
        backing = read_file(f"{loop}/backing_file")
    except OSError:
        backing = b""
    known = backing.decode("utf-8", "surrogateescape").removesuffix("\n")
    return path == known.removesuffix(" (deleted)") or _shows(f"/dev/loop{minor}", path)


def _shows(device: str, path: str) -> bool:
    from _struct import unpack_from
    from fcntl import ioctl

    try:
        status = posix.stat(path)
        handle = posix.open(device, posix.O_RDONLY | posix.O_NONBLOCK | posix.O_CLOEXEC)
    except OSError:
        return False
    try:
        told = bytearray(_STATUS_SIZE)
        ioctl(handle, _LOOP_GET_STATUS64, told)
    except OSError:  # it is attached to nothing any more
        return False
    finally:
        posix.close(handle)
    return bool(unpack_from("=QQ", told) == (status.st_dev, status.st_ino))

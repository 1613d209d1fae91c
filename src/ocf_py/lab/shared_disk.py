"""A disk that every node of a lab sees, as the one of an array or a SAN: a loop device.

The kernel has loop devices for all namespaces together, so this one must go by itself whatever
becomes of the lab: it clears itself when its last user is gone, and the daemon is the first one.
It lies on the lab's tmpfs. A node that loses its power does not lose what it has not written out
yet: one kernel serves all nodes, and its cache outlives them.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocf_py.lab.settings import Settings

#: The disk's name in /dev of each node.
SHARED_DISK = "sda"
#: Its device, in every node.
SHARED_DEVICE = f"/dev/{SHARED_DISK}"
# include/uapi/linux/loop.h
_LOOP_CTL_GET_FREE, _LOOP_CONFIGURE = 0x4C82, 0x4C0A
_LO_FLAGS_AUTOCLEAR = 4
_CONFIG = struct.Struct("=II 40x 3I I 64s 64s 32s 16x 64x")  # struct loop_config
_SECTOR = 4096
_LOOP_CONTROL, _LOOP = (10, 237), 7  # Documentation/admin-guide/devices.txt
_MEBIBYTE = 1 << 20
_MOST_ATTEMPTS = 16


class SharedDisk:
    """Open as long as the daemon lives; `close` lets it go when no node has it mounted."""

    def __init__(self, settings: Settings) -> None:
        image = settings.disks / "shared.img"
        backing = os.open(image, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.truncate(backing, settings.disk_mib * _MEBIBYTE)  # sparse: it costs what is written
            self._handle = _attach(settings, backing, os.fsencode(image))
        finally:
            os.close(backing)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._handle)


def disk_number(settings: Settings) -> int | None:
    """The device number of a lab's disk, in the lab's mount namespace; None if it has none."""
    try:
        return os.stat(settings.disks / SHARED_DISK).st_rdev
    except FileNotFoundError:
        return None


def _attach(settings: Settings, backing: int, name: bytes) -> int:
    """Put the file behind a free loop device; returns that one, open."""
    # By names of our own, as a chroot need not have them in its /dev.
    control_path, device_path = settings.disks / "loop-control", settings.disks / SHARED_DISK
    os.mknod(control_path, stat.S_IFCHR | 0o600, os.makedev(*_LOOP_CONTROL))
    control = os.open(control_path, os.O_RDWR | os.O_CLOEXEC)
    config = _CONFIG.pack(backing, _SECTOR, 0, 0, 0, _LO_FLAGS_AUTOCLEAR, name[:63], b"", b"")
    try:
        for _ in range(_MOST_ATTEMPTS):
            number = fcntl.ioctl(control, _LOOP_CTL_GET_FREE)
            device_path.unlink(missing_ok=True)
            os.mknod(device_path, stat.S_IFBLK | 0o600, os.makedev(_LOOP, number))
            device = os.open(device_path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, _LOOP_CONFIGURE, config)
            except OSError as error:
                os.close(device)
                if error.errno != errno.EBUSY:  # somebody else was faster
                    raise
            else:
                return device
        raise OSError(errno.EBUSY, "every loop device that is free is taken by somebody else")
    finally:
        os.close(control)

"""A block device that is known again, whatever becomes of its name and its number: /sys/dev/block.

The kernel gives a number to the next device once its own has gone (a logical volume, a loop
device), but no sequence twice in a boot: diskseq of sysfs-block, since Linux 5.15.
"""

from __future__ import annotations

import posix

from . import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCKS = "/sys/dev/block"
_BTRFS = "/sys/fs/btrfs"
_LOOP = "7:"  # linux/major.h
_UNKNOWN = "-"


class BlockDevice:
    """One device of this boot. Text form "NUMBER SEQUENCE PATH".

    ``number`` is "MAJOR:MINOR", ``sequence`` is "" where the kernel does not tell, ``path`` is the
    name it was found under.
    """

    __slots__ = ("number", "path", "sequence")

    def __init__(self, number: str, sequence: str, path: str) -> None:
        self.number = number
        self.sequence = sequence
        self.path = path

    @classmethod
    def parse(cls, text: str) -> BlockDevice:
        """Read the text form."""
        number, _, rest = text.partition(" ")
        sequence, _, path = rest.partition(" ")
        return cls(number, "" if sequence == _UNKNOWN else sequence, path)

    def __str__(self) -> str:
        return f"{self.number} {self.sequence or _UNKNOWN} {self.path}"

    @property
    def is_loop(self) -> bool:
        """Whether it shows one file today and another tomorrow, under one name and number."""
        return self.number.startswith(_LOOP)


def find_path(number: str, find_number: Callable[[str], str | None]) -> str:
    """A path below /dev that leads to the device of this number; "" where none does."""
    names = [f"/dev/block/{number}"]
    for file, prefix in (("uevent", "/dev/"), ("dm/name", "/dev/mapper/")):
        try:
            text = read_file(f"{_BLOCKS}/{number}/{file}").decode("utf-8", "surrogateescape")
        except OSError:
            continue
        if file == "uevent":
            text = text.partition("DEVNAME=")[2]
        names.append(prefix + text.partition("\n")[0])
    return next((name for name in names if find_number(name) == number), "")


def list_holders(number: str) -> list[str]:
    """The block devices that are made of this one (LVM, multipath, an array, bcache), in words."""
    folder = f"{_BLOCKS}/{number}/holders"
    try:
        names = posix.listdir(folder)
    except OSError:
        return []
    found = []
    for name in sorted(names):
        try:
            mapped = read_file(f"{folder}/{name}/dm/name").decode("utf-8", "replace").strip()
        except OSError:
            found.append(f"/dev/{name}")
        else:
            found.append(f"/dev/mapper/{mapped}")
    return found


def are_siblings(number: str, other: str) -> bool:
    """Whether two block devices carry one btrfs file system."""
    try:
        names = {posix.readlink(f"{_BLOCKS}/{one}").rpartition("/")[2] for one in (number, other)}
        for system in posix.listdir(_BTRFS):
            try:
                if names <= set(posix.listdir(f"{_BTRFS}/{system}/devices")):
                    return True
            except OSError:  # "features", which is no file system
                continue
    except OSError:
        pass
    return False

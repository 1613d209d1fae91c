"""Who has a device of DRBD open, so that it can be neither demoted nor taken down."""

from __future__ import annotations

import posix

from ocf_py.system import read_file, read_whole
from ocf_py.system.block_devices import list_holders
from ocf_py.system.holders import find_namespaces
from ocf_py.system.mounts import read_table, unescape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_MAJOR = 147  # LANANA: drbd's block devices
_FILE_TYPE, _BLOCK = 0o170000, 0o060000  # inode(7)


def find_openers(minors: list[int]) -> list[str]:
    """The mounts, devices, swap areas and processes that use these devices, in words."""
    numbers = [posix.makedev(_MAJOR, minor) for minor in minors]
    return [*_find_mounts(minors), *_find_devices(minors), *_find_swap(numbers), *_find(numbers)]


def _find_mounts(minors: list[int]) -> Iterator[str]:
    texts = {f"{_MAJOR}:{minor}" for minor in minors}
    mounts = [one for one in read_table() if one.device in texts]
    for one in mounts:
        yield f"mounted on {one.point}"
    for text in texts.difference(one.device for one in mounts):
        for where in find_namespaces(text):
            yield f"mounted in {where}"


def _find_devices(minors: list[int]) -> Iterator[str]:
    """What the kernel has built on it: device mapper, arrays, loop devices."""
    for minor in minors:
        yield from list_holders(f"{_MAJOR}:{minor}")
    nodes = {f"/dev/drbd{minor}" for minor in minors}
    for name in _list("/sys/block"):
        if name.startswith("loop"):
            try:
                backing = read_file(f"/sys/block/{name}/loop/backing_file").decode().strip()
            except (OSError, ValueError):
                continue
            if backing in nodes:
                yield f"/dev/{name}"


def _find_swap(numbers: list[int]) -> Iterator[str]:
    try:
        lines = read_whole("/proc/swaps").split(b"\n")[1:]
    except OSError:
        return
    for line in filter(None, lines):
        path = unescape(line.split()[0])
        if _number(path) in numbers:
            yield f"swap on {path}"


def _find(numbers: list[int]) -> Iterator[str]:
    """The processes with a descriptor of it."""
    for pid in filter(str.isdigit, _list("/proc")):
        folder = f"/proc/{pid}/fd"
        if any(_is_opened(f"{folder}/{one}", numbers) for one in _list(folder)):
            try:
                command = read_file(f"/proc/{pid}/comm").decode("utf-8", "replace").strip()
            except OSError:  # it has ended meanwhile
                continue
            yield f"pid {pid} ({command})"


def _is_opened(link: str, numbers: list[int]) -> bool:
    """Whether a descriptor is of one of them; what lies on a dead server is not looked at."""
    try:
        return "/dev/" in posix.readlink(link) and _number(link) in numbers
    except OSError:
        return False


def _number(path: str) -> int:
    """The device that a path leads to, -1 where it is no block device."""
    try:
        found = posix.stat(path)
    except OSError:
        return -1
    return found.st_rdev if found.st_mode & _FILE_TYPE == _BLOCK else -1


def _list(folder: str) -> list[str]:
    try:
        return posix.listdir(folder)
    except OSError:
        return []

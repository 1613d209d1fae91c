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

_FILE_TYPE, _BLOCK = 0o170000, 0o060000  # inode(7)


def find_openers(numbers: list[str]) -> list[str]:
    """The mounts, devices, swap areas and processes that use these devices, in words.

    ``numbers`` are "MAJOR:MINOR".
    """
    return [
        *_find_mounts(numbers),
        *(holder for number in numbers for holder in list_holders(number)),
        *_find_loops(numbers),
        *_find_swap(numbers),
        *_find_processes(numbers),
    ]


def _find_mounts(numbers: list[str]) -> Iterator[str]:
    mounts = [one for one in read_table() if one.device in numbers]
    for one in mounts:
        yield f"mounted on {one.point}"
    for number in set(numbers).difference(one.device for one in mounts):
        for where in find_namespaces(number):
            yield f"mounted in {where}"


def _find_loops(numbers: list[str]) -> Iterator[str]:
    for name in _list("/sys/block"):
        if name.startswith("loop"):
            try:
                backing = read_file(f"/sys/block/{name}/loop/backing_file").rstrip(b"\n")
            except OSError:
                continue
            if _number(backing.decode("utf-8", "surrogateescape")) in numbers:
                yield f"/dev/{name}"


def _find_swap(numbers: list[str]) -> Iterator[str]:
    try:
        lines = read_whole("/proc/swaps").split(b"\n")[1:]
    except OSError:
        return
    for line in filter(None, lines):
        path = unescape(line.split()[0])
        if _number(path) in numbers:
            yield f"swap on {path}"


def _find_processes(numbers: list[str]) -> Iterator[str]:
    for pid in filter(str.isdigit, _list("/proc")):
        folder = f"/proc/{pid}/fd"
        if any(_is_opened(f"{folder}/{one}", numbers) for one in _list(folder)):
            try:
                command = read_file(f"/proc/{pid}/comm").decode("utf-8", "replace").strip()
            except OSError:  # it has ended meanwhile
                continue
            yield f"pid {pid} ({command})"


def _is_opened(link: str, numbers: list[str]) -> bool:
    """Whether a descriptor is of one of them; what lies on a dead server is not looked at."""
    try:
        return "/dev/" in posix.readlink(link) and _number(link) in numbers
    except OSError:
        return False


def _number(path: str) -> str:
    """The number of the device that a path leads to, "" where it is no block device."""
    try:
        found = posix.stat(path)
    except OSError:
        return ""
    if found.st_mode & _FILE_TYPE != _BLOCK:
        return ""
    return f"{posix.major(found.st_rdev)}:{posix.minor(found.st_rdev)}"


def _list(folder: str) -> list[str]:
    try:
        return posix.listdir(folder)
    except OSError:
        return []

"""What the lookout sees of mounts, shared memory and processes: things → how they are, in words."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Picture = dict[str, str]

_IPC = ("shm", "sem", "msg")  # sysvipc(7)
_AT_WORK, _GONE = "RD", "ZX"  # proc(5)
_EXITING = 0x4  # PF_EXITING of linux/sched.h: it has no command line any more, and does nothing
DEAD = "dead"  # how such a process is, and one that nobody has reaped


def collect(seen: Iterable[tuple[str, str]]) -> Picture:
    """Things by their names; of two that bear the same the second is "name #2"."""
    picture: Picture = {}
    for thing, how in seen:
        name, number = thing, 1
        while name in picture:
            number += 1
            name = f"{thing} #{number}"
        picture[name] = how
    return picture


class Mounts:
    """Mount points, without the numbers that the kernel counts on."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._picture: Picture = {}

    def look(self) -> Picture:
        """The same object as before, if the kernel's list is the same."""
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            lines = file.readlines()
        if lines != self._lines:
            self._lines, self._picture = lines, collect(map(_describe_mount, lines))
        return self._picture


def _describe_mount(line: str) -> tuple[str, str]:
    own, _, filesystem = line.rstrip("\n").partition(" - ")
    _, _, _, root, point, options, *_ = own.split(" ")
    return f"mount {point}", f"{root} {options} {filesystem}"


def look_at_ipc() -> Picture:
    """System V shared memory, semaphores and message queues: by id, with key, mode and owner."""
    return collect(_list_ipc())


def _list_ipc() -> Iterator[tuple[str, str]]:
    for kind in _IPC:
        try:
            with open(f"/proc/sysvipc/{kind}", encoding="ascii") as file:
                names, *rows = (line.split() for line in file)
        except FileNotFoundError:  # the kernel has none
            continue
        for row in rows:
            known = dict(zip(names, row))
            how = f"key {known['key']}, mode {known['perms']} of {known['uid']}:{known['gid']}"
            yield f"{kind} {row[1]}", how


def look_at_processes() -> tuple[Picture, list[str]]:
    """Every process of the namespace but this one, by pid and start time, and those at work."""
    picture: Picture = {}
    at_work = []
    own = str(os.getpid())
    for name in list_folder("/proc"):
        if not name.isdigit() or name == own:
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="surrogateescape") as file:
                words = file.read().rpartition(")")[2].split()
            with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="surrogateescape") as file:
                command = file.read().replace("\0", " ").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, thing = words[0], f"process {name} since {words[19]}"
        is_dead = state in _GONE or bool(int(words[6]) & _EXITING)
        picture[thing] = DEAD if is_dead else command
        if state in _AT_WORK:
            at_work.append(thing)
    return picture, at_work


def list_folder(path: str) -> list[str]:
    """The names in a folder; none if there is no such folder."""
    try:
        return os.listdir(path)
    except (FileNotFoundError, NotADirectoryError):
        return []

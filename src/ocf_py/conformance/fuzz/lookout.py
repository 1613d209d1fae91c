"""Runs as a program inside a sandbox and tells, at each line it is given, what has changed.

It looks with its own eyes and ip(8): nothing of the code that the agents are made of is in it. Its
answer is one line of JSON: an object of what is new or other since the answer before (thing → how
it is), and a list of the things that have gone.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

#: What can be written in there, see `enclosure`.
FOLDERS = ("/run", "/etc", "/tmp", "/dev")  # noqa: S108 - names
#: And these, where the sandbox has them for its own, see `furniture`.
_MOUNTED = ("/var/tmp", "/dev/shm")  # noqa: S108 - names
_IPC = ("shm", "sem", "msg")  # sysvipc(7)
#: The caller's own: what its stand-ins for Pacemaker's tools write down, and keep.
_CALLERS = ("/dev/pacemaker-tools/asked", "/dev/pacemaker-tools/attribute.")
_FRESH = 0.1  # seconds: a clock of the kernel may stand still for a while, ctime with it
_IP = shutil.which("ip") or "/usr/sbin/ip"
_FOREVER = 0xFFFFFFFF  # rtnetlink(7), INFINITY_LIFE_TIME
_LIFETIMES = ("valid_life_time", "preferred_life_time", "expires")
_QUESTIONS = "link show\naddress show\nroute show table all\nrule show\n"
_TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "block device",
}


class Lookout:
    """Looks, and remembers what it saw last."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}
        self._known: dict[str, Known] = {}

    def tell_news(self) -> tuple[dict[str, str], list[str]]:
        """What is new or other, and what has gone."""
        now: dict[str, str] = {}
        for thing, how in self._look():
            name, number = thing, 1
            while name in now:
                number += 1
                name = f"{thing} #{number}"
            now[name] = how
        news = {thing: how for thing, how in now.items() if self._seen.get(thing) != how}
        gone = [thing for thing in self._seen if thing not in now]
        self._seen = now
        return news, gone

    def _look(self) -> Iterator[tuple[str, str]]:
        network = Questions([])
        namespaces = [(name, Questions(["-n", name])) for name in _list("/run/netns")]
        # Meanwhile, since that is as much work again:
        for folder in (*FOLDERS, *filter(os.path.ismount, _MOUNTED)):
            yield from self._look_at_files(folder)
        yield from look_at_mounts()
        yield from look_at_ipc()
        yield from look_at_network("", network)
        for name, questions in namespaces:
            yield from look_at_network(f" in {name}", questions)
        yield from look_at_processes()  # last: those that asked have gone

    # ------------------------------------------------------------------ files

    def _look_at_files(self, top: str) -> Iterator[tuple[str, str]]:
        """A folder and all that is in it, on the same file system."""
        status = os.lstat(top)
        yield f"path {top}", _describe(status)
        device = status.st_dev
        folders = [top]
        while folders:
            try:
                entries = os.scandir(folders.pop())
            except (FileNotFoundError, NotADirectoryError):
                continue  # it went as it was looked at
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                    known = self._known.get(entry.path)
                    # Nothing can touch an inode without its ctime, but the clock may stand still.
                    if known is None or known.mark != (status.st_ctime_ns, status.st_ino):
                        known = self._describe_afresh(entry.path, status, device)
                except FileNotFoundError:
                    continue
                if known.is_folder and status.st_dev == device:
                    folders.append(entry.path)
                if not entry.path.startswith(_CALLERS):
                    yield known.description

    def _describe_afresh(self, path: str, status: os.stat_result, device: int) -> Known:
        known = Known(
            (status.st_ctime_ns, status.st_ino),
            (f"path {path}", _describe_all(path, status, device)),
            stat.S_ISDIR(status.st_mode),
        )
        if time.time() - status.st_ctime > _FRESH:
            self._known[path] = known
        return known


class Known(NamedTuple):
    """What is known of a file, as long as its inode bears the same mark."""

    mark: tuple[int, int]
    description: tuple[str, str]
    is_folder: bool


def _describe_all(path: str, status: os.stat_result, device: int) -> str:
    """Type, mode, owner and content, unless it is of another file system: a namespace has none."""
    if stat.S_ISLNK(status.st_mode):
        return f"{_describe(status)} to {os.readlink(path)}"
    if stat.S_ISREG(status.st_mode) and status.st_dev == device:
        with open(path, "rb") as file:
            digest = hashlib.sha256(file.read()).hexdigest()[:16]
        return f"{_describe(status)}, {status.st_size} bytes, {digest}"
    return f"{_describe(status)} {status.st_rdev}" if status.st_rdev else _describe(status)


def _describe(status: os.stat_result) -> str:
    kind = _TYPES[stat.S_IFMT(status.st_mode)]
    return f"{kind} {stat.S_IMODE(status.st_mode):04o} of {status.st_uid}:{status.st_gid}"


# ---------------------------------------------------------------------------- network


class Questions:
    """What ip(8) is asked about one network namespace, for both families at once."""

    def __init__(self, options: list[str]) -> None:
        self._asked = []
        for family in ("-4", "-6"):
            process = subprocess.Popen(
                [_IP, "-j", *options, family, "-batch", "-"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            assert process.stdin is not None  # noqa: S101 - made with PIPE above
            process.stdin.write(_QUESTIONS)
            process.stdin.flush()
            self._asked.append((family, process))

    def read_answers(self) -> Iterator[tuple[str, list[Any]]]:
        """Yields the family, and its lists of links, addresses, routes and rules."""
        for family, process in self._asked:
            out, complaints = process.communicate()
            if process.returncode or complaints:
                raise RuntimeError(f"ip: {complaints.strip()}")
            answers = [json.loads(line) for line in out.splitlines() if line.strip()]
            yield family, [[one for one in answer if one] for answer in answers]  # padded with {}


def look_at_network(where: str, questions: Questions) -> Iterator[tuple[str, str]]:
    """Links, addresses, routes of all tables and rules of one network namespace."""
    for family, (links, addresses, routes, rules) in questions.read_answers():
        if family == "-4":
            for link in links:
                yield f"link {link['ifname']}{where}", _dump(link)
        for link in addresses:
            for address in link.get("addr_info", ()):
                yield (
                    f"address {address['local']}/{address['prefixlen']} on {link['ifname']}{where}",
                    _dump(_without_time(address)),
                )
        for route in routes:
            words = [
                f"{word} {route[word]}" for word in ("dev", "table", "metric") if word in route
            ]
            yield f"route {route['dst']} {' '.join(words)}{where}", _dump(_without_time(route))
        for rule in rules:
            yield f"rule {family} {rule['priority']} {rule.get('src')}{where}", _dump(rule)


def _without_time(thing: dict[str, Any]) -> dict[str, Any]:
    """An address or a route without what its age alone changes."""
    lasts = {name: thing[name] for name in _LIFETIMES if thing.get(name, _FOREVER) != _FOREVER}
    without = {**thing, **dict.fromkeys(lasts, "limited")}
    if "preferred_life_time" in lasts:
        without.pop("deprecated", None)  # which comes about when that has passed
    return without


def _dump(thing: dict[str, Any]) -> str:
    return json.dumps(
        {name: value for name, value in thing.items() if name != "addr_info"}, sort_keys=True
    )


# ---------------------------------------------------------------------------- mounts, processes


def look_at_mounts() -> Iterator[tuple[str, str]]:
    """Mount points, without the numbers that the kernel counts on."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        for line in file:
            own, _, filesystem = line.rstrip("\n").partition(" - ")
            _, _, _, root, point, options, *_ = own.split(" ")
            yield f"mount {point}", f"{root} {options} {filesystem}"


def look_at_ipc() -> Iterator[tuple[str, str]]:
    """System V shared memory, semaphores and message queues: by id, with key, mode and owner."""
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


def look_at_processes() -> Iterator[tuple[str, str]]:
    """Every process of the namespace but this one, by pid and start time."""
    own = str(os.getpid())
    for name in _list("/proc"):
        if not name.isdigit() or name == own:
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="surrogateescape") as file:
                words = file.read().rpartition(")")[2].split()
            with open(f"/proc/{name}/cmdline", encoding="utf-8", errors="surrogateescape") as file:
                command = file.read().replace("\0", " ").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        yield f"process {name} since {words[19]}", "dead" if words[0] in "ZX" else command


def _list(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def main() -> None:
    """Answer every line until the input ends."""
    lookout = Lookout()
    for _ in sys.stdin:
        sys.stdout.write(json.dumps(lookout.tell_news()) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""Who keeps a mount from being taken away: processes, and the kernel itself.

A process holds the mount on which it has a file open or mapped, its working directory, its root or
its program: proc_pid_fd(5) and its kin say so. Compared are mount ids, which no other mount of
the same file system shares; so a bind mount's source is nobody's home here. Run it where it may
hang (see `probing`): to look at what lies on a dead server can.
"""

from __future__ import annotations

import posix

from . import read_file, read_whole
from .mounts import is_within, read_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .mounts import Mount, MountTable

_LINKS = ("cwd", "root", "exe")
_O_PATH = 0o10000000  # asm-generic/fcntl.h, which posix does not name
_MAPPED = 5  # the field of /proc/PID/maps that is the path


class Mounts:
    """What is looked for: the ids of mounts, and where they are.

    ``numbers`` are those of all their file systems, "MAJOR:MINOR". ``devices`` are those that must
    have no user at all: a process that has one mounted where this namespace does not see it, or
    that has kept it when it was detached, holds it too. Empty for a bind mount, whose file system
    goes on living. ``lost`` is the id of a mount of one of them that is in the table no more, which
    tells where files do not have its number: btrfs counts each subvolume apart.
    """

    __slots__ = ("_known", "_lost", "devices", "ids", "numbers", "points")

    def __init__(self, mounts: Iterable[Mount], devices: set[str], lost: int = 0) -> None:
        self.ids = {one.mount_id for one in mounts}
        self.points = [one.point for one in mounts]
        self.numbers = {one.device for one in mounts} | devices
        self.devices = devices
        self._lost = lost
        self._known: dict[int, str] | None = None

    def holds(self, mount_id: int, device: Callable[[], str]) -> bool:
        """Whether what lies on this mount, of a file system with this device, is on ours."""
        if mount_id in self.ids:
            return True
        if not self.devices or mount_id in self._visible:
            return False
        number = device()
        return number in self.devices or (
            mount_id == self._lost
            and number.startswith("0:")
            and not _is_in_any_namespace(mount_id)
        )

    def split_numbers(self) -> list[tuple[str, str, str]]:
        """The numbers, taken apart at their colons."""
        return [one.partition(":") for one in self.numbers]

    @property
    def _visible(self) -> dict[int, str]:
        if self._known is None:
            self._known = {one.mount_id: one.device for one in read_table()}
        return self._known


def find_holders(mounts: Mounts) -> Iterator[tuple[int, int, str, int, str]]:
    """Find the processes that hold any of the mounts: (pid, start ticks, command, user id, what).

    What can hang comes last: a process that maps a file of a dead server lets nobody read its maps.
    ``what`` says how: "cwd /srv/data/x", "open /srv/data/log", "maps /srv/data/lib.so".
    """
    from .processes import identify

    waiting = [name for name in posix.listdir("/proc") if name.isdigit()]
    waiting.remove(str(posix.getpid()))
    for look in (_list_uses, _list_sockets(mounts), _list_mapped):
        for name in tuple(waiting):
            try:
                what = next(look(f"/proc/{name}", mounts), "")
                identity = identify(int(name)) if what else None
                if identity is None:
                    continue
                command = read_file(f"/proc/{name}/comm").decode("utf-8", "replace").strip()
                owner = posix.stat(f"/proc/{name}").st_uid
            except OSError:  # it has ended meanwhile
                continue
            waiting.remove(name)
            yield identity.pid, identity.start_time, command, owner, what


def _list_uses(folder: str, mounts: Mounts) -> Iterator[str]:
    for link in _LINKS:
        path = f"{folder}/{link}"
        if _is_on(path, mounts):
            yield f"{link} {_target(path)}"
    for number in _list(f"{folder}/fd"):
        path = f"{folder}/fd/{number}"
        mount_id = _mount_id(f"{folder}/fdinfo/{number}")
        if mount_id and mounts.holds(mount_id, lambda: _device(path)):  # noqa: B023 - asked at once
            yield f"open {_target(path)}"


def _list_sockets(mounts: Mounts) -> Callable[[str, Mounts], Iterator[str]]:
    """Look for what has a socket open that is bound to a name on one of the mounts."""
    found: list[frozenset[str]] = []  # once it is asked for

    def look(folder: str, _: Mounts) -> Iterator[str]:
        if not found:
            found.append(_find_sockets(mounts))
        for number in _list(f"{folder}/fd") if found[0] else ():
            target = _target(f"{folder}/fd/{number}")
            if target in found[0]:
                yield f"open {target}"

    return look


def _list_mapped(folder: str, mounts: Mounts) -> Iterator[str]:
    """What is mapped from a file system of ours, and on which mount its own link says it is."""
    numbers = [f"{int(major):02x}:{int(minor):02x}" for major, _, minor in mounts.split_numbers()]
    for line in _read_lines(f"{folder}/maps"):
        fields = line.split(None, _MAPPED)
        if len(fields) <= _MAPPED:
            continue  # of no file
        span, target = fields[0], fields[_MAPPED]
        is_near = fields[3] in numbers or any(is_within(target, one) for one in mounts.points)
        # The names in map_files are without the zeros that stand in front here.
        start, _, end = span.partition("-")
        path = f"{folder}/map_files/{start.lstrip('0') or '0'}-{end.lstrip('0')}"
        if is_near and _is_on(path, mounts):
            yield f"maps {_target(path)}"


def _is_on(path: str, mounts: Mounts) -> bool:
    """Whether what a link of /proc leads to is on one of the mounts."""
    try:
        handle = posix.open(path, _O_PATH | posix.O_CLOEXEC)
    except OSError:
        return False
    try:
        mount_id = _mount_id(f"/proc/self/fdinfo/{handle}")
        return bool(mount_id) and mounts.holds(mount_id, lambda: _device(path))
    finally:
        posix.close(handle)


def _mount_id(fdinfo: str) -> int:
    try:
        content = read_file(fdinfo)
    except OSError:
        return 0
    _, _, rest = content.partition(b"mnt_id:\t")
    return int(rest.split(b"\n")[0]) if rest else 0


def _device(path: str) -> str:
    try:
        number = posix.stat(path).st_dev
    except OSError:
        return ""
    return f"{posix.major(number)}:{posix.minor(number)}"


def _target(path: str) -> str:
    try:
        return posix.readlink(path)
    except OSError:
        return ""


def _list(folder: str) -> list[str]:
    try:
        return posix.listdir(folder)
    except OSError:
        return []


def find_mounting(mark: dict[str, str]) -> Iterator[tuple[int, int]]:
    """Programs that carry ``mark`` in their environment: mount(8), fsck(8) and their helpers.

    As (pid, start ticks). An agent that was killed leaves them behind, and what they mount appears
    after a stop. A daemon is none of them, as it serves what it has mounted: it has a session of
    its own. Nor is one that is not root's, or has mounts of its own, whatever it carries. Run it
    where it may hang, as `find_holders`.
    """
    from .processes import GROUP, SESSION, START_TIME, read_stat

    ours = _target("/proc/self/ns/mnt")
    entries = {f"{name}={value}".encode("utf-8", "surrogateescape") for name, value in mark.items()}
    for pid in filter(str.isdigit, posix.listdir("/proc")):
        folder = f"/proc/{pid}"
        try:
            stat = read_stat(int(pid))
            if not stat or stat[SESSION] == stat[GROUP] or _target(f"{folder}/ns/mnt") != ours:
                continue
            if posix.stat(folder).st_uid == 0 and entries <= set(
                read_whole(f"{folder}/environ").split(b"\0")
            ):
                yield int(pid), int(stat[START_TIME])
        except OSError:  # it has ended meanwhile
            continue


def find_namespaces(device: str) -> list[str]:
    """Who has the file system of this number mounted in a namespace of their own, in words."""
    found = []
    for pid, lines in _list_other_namespaces():
        if any(line.split(" ", 3)[2:3] == [device] for line in lines):
            command = "".join(_read_lines(f"/proc/{pid}/comm")[:1])
            found.append(f"the mount namespace of pid {pid} ({command})")
    return found


def _is_in_any_namespace(mount_id: int) -> bool:
    """Whether a mount that our namespace does not have is attached in another."""
    start = f"{mount_id} "
    return any(line.startswith(start) for _, lines in _list_other_namespaces() for line in lines)


def _list_other_namespaces() -> Iterator[tuple[str, list[str]]]:
    """Each mount namespace beside our own: a process in it, and the lines of its table."""
    seen = {_target("/proc/self/ns/mnt"), ""}
    for pid in sorted(filter(str.isdigit, posix.listdir("/proc")), key=int):
        namespace = _target(f"/proc/{pid}/ns/mnt")
        if namespace not in seen:
            seen.add(namespace)
            yield pid, _read_lines(f"/proc/{pid}/mountinfo")


# ------------------------------------------------------------------ sockets, and the kernel


def _find_sockets(mounts: Mounts) -> frozenset[str]:
    """The sockets bound to a name on one of the mounts, as the links of their descriptors read."""
    from .unix_sockets import list_bound

    found = set()
    try:
        for inode, device, path in list_bound():
            is_near = device in mounts.numbers and any(
                is_within(path, one) for one in mounts.points
            )
            if device in mounts.devices or (is_near and _is_on(path, mounts)):
                found.add(f"socket:[{inode}]")
    except OSError:  # a kernel that does not tell
        pass
    return frozenset(found)


def find_kernel_holders(points: list[str], table: MountTable) -> list[str]:
    """What of the kernel's own holds what is mounted there, which no signal frees, in words."""
    return [
        *_find_swap(points),
        *_find_loops(points),
        *_find_exports(points),
        *_find_overlays(points, table),
    ]


def _find_swap(points: list[str]) -> Iterator[str]:
    for line in _read_lines("/proc/swaps")[1:]:
        path = _unescape(line.split(" ")[0].split("\t")[0])
        if any(is_within(path, point) for point in points):
            yield f"swap on {path}"


def _find_loops(points: list[str]) -> Iterator[str]:
    for name in _list("/sys/block"):
        if name.startswith("loop"):
            lines = _read_lines(f"/sys/block/{name}/loop/backing_file")
            if lines and any(is_within(lines[0], point) for point in points):
                yield f"/dev/{name}, whose image is {lines[0]}"


def _find_exports(points: list[str]) -> Iterator[str]:
    for line in _read_lines("/proc/fs/nfsd/exports"):
        path = _unescape(line.split("\t")[0])
        if path.startswith("/") and any(is_within(path, point) for point in points):
            yield f"the NFS export {path}"


def _find_overlays(points: list[str], table: MountTable) -> Iterator[str]:
    for one in table:
        if one.fstype == "overlay" and one.point not in points:
            words = [word.partition("=")[2] for word in one.super_options.split(",")]
            layers = [layer for word in words for layer in word.split(":")]
            if any(is_within(layer, point) for layer in layers for point in points):
                yield f"the overlay on {one.point}"


def _unescape(text: str) -> str:
    from .mounts import unescape

    return unescape(text.encode("utf-8", "surrogateescape"))


def _read_lines(path: str) -> list[str]:
    try:
        content = read_whole(path)
    except OSError:
        return []
    lines = content.decode("utf-8", "surrogateescape").split("\n")
    return [line for line in lines if line]

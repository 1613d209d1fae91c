"""The mount table of this process's namespace, from /proc/self/mountinfo.

Source: proc_pid_mountinfo(5). Paths are text; bytes that are no UTF-8 are lone surrogates.
"""

from __future__ import annotations

import posix

from . import read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_TABLE = "/proc/self/mountinfo"
_MOST_READINGS = 8
_MOST_LINKS = 40  # MAXSYMLINKS of path_resolution(7)
_POINT = 4  # the field's place in a line
#: What a server keeps, which may never answer; as the program may that is behind a fuse.
SERVED = frozenset(
    (
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "glusterfs", "9p", "virtiofs", "afs"),
        *("beegfs", "pvfs2", "lustre"),
    )
)
_LINK_SECONDS = 2.0
#: What a file system says of itself once it takes nothing any more (ext4, since Linux 6.15).
_SHUT_DOWN = ("emergency_ro", "shutdown")


class Mount:
    """One mount. ``device`` is "MAJOR:MINOR", as the kernel counts the file system's.

    ``root`` is the part of the file system that is mounted, ``point`` where; ``options`` are this
    mount's, ``super_options`` the file system's. ``order`` is the place in the table, which is
    the order in which mounts were made.
    """

    __slots__ = (
        "device",
        "fstype",
        "mount_id",
        "options",
        "order",
        "parent_id",
        "point",
        "root",
        "source",
        "super_options",
    )

    def __init__(  # noqa: PLR0913, PLR0917 - a line of the table has that many fields
        self,
        mount_id: int,
        parent_id: int,
        device: str,
        root: str,
        point: str,
        options: str,
        fstype: str,
        source: str,
        super_options: str,
        order: int = 0,
    ) -> None:
        self.mount_id = mount_id
        self.parent_id = parent_id
        self.device = device
        self.root = root
        self.point = point
        self.options = options
        self.fstype = fstype
        self.source = source
        self.super_options = super_options
        self.order = order

    @classmethod
    def decode(cls, line: bytes, order: int = 0) -> Mount:
        """Read one line; ValueError where it is none."""
        fields = line.split(b" ")
        dash = fields.index(b"-", 6)  # behind the optional fields, which say how it propagates
        return cls(
            int(fields[0]),
            int(fields[1]),
            fields[2].decode(),
            unescape(fields[3]),
            unescape(fields[_POINT]),
            unescape(fields[5]),
            unescape(fields[dash + 1]),
            unescape(fields[dash + 2]),
            unescape(b" ".join(fields[dash + 3 :])),
            order,
        )

    @property
    def is_read_only(self) -> bool:
        """By this mount, or by the whole file system."""
        return "ro" in self.options.split(",") or self.has_no_writer

    @property
    def has_no_writer(self) -> bool:
        """The whole file system is read-only, not this mount of it alone."""
        return "ro" in self.super_options.split(",")

    @property
    def is_shut_down(self) -> bool:
        """The file system has given itself up after an error."""
        return any(word in _SHUT_DOWN for word in self.super_options.split(","))

    @property
    def is_anonymous(self) -> bool:
        """Whether it is on no block device, or has a number apart from it, such as btrfs has."""
        return self.device.startswith("0:")

    @property
    def signature(self) -> str:
        """What tells this mount from others of this boot: its id, device, name and root.

        Id, and the device of what is on none, are given to another once it has gone. A source that
        is a path is no part of it: a device may be renamed under a mount.
        """
        name = "-" if self.source.startswith("/") else self.source
        return f"{self.mount_id} {self.device} {self.fstype} {name} {self.root}"

    def __repr__(self) -> str:
        return f"<Mount {self.mount_id} {self.source!r} on {self.point!r}>"


class Place:
    """What the table says of one directory.

    ``stack`` are the mounts on it that a walk down the path meets, the topmost last; ``buried``
    those that a mount over one of the directories above hides; ``above`` is the mount that the
    walk ends in.
    """

    __slots__ = ("above", "buried", "stack")

    def __init__(self, stack: list[Mount], buried: list[Mount], above: Mount | None) -> None:
        self.stack = stack
        self.buried = buried
        self.above = above


class MountTable:
    """All mounts of one moment; a line is taken apart when somebody asks for it."""

    __slots__ = ("_lines",)

    def __init__(self, content: bytes) -> None:
        self._lines = [line for line in content.split(b"\n") if line]

    def look(self, path: str) -> Place:
        """Walk down ``path`` (absolute, resolved) as path_resolution(7) does."""
        chain: list[Mount] = []
        on_the_way = list(self._select(_with_parents(path)))
        ids = {one.mount_id for one in on_the_way}
        # The first has a parent that nobody in this namespace, or below this root, can see.
        roots = [one for one in on_the_way if one.parent_id not in ids or _is_own_parent(one)]
        found = _nearest(roots)
        while found is not None:
            chain.append(found)
            above = found.mount_id
            found = _nearest(
                [one for one in on_the_way if one.parent_id == above and one not in chain]
            )
        there = [one for one in on_the_way if one.point == path]
        return Place(
            [one for one in chain if one.point == path],
            [one for one in there if one not in chain],
            chain[-1] if chain else None,
        )

    def list_below(self, mount: Mount) -> list[Mount]:
        """Everything mounted in or over ``mount``, in the order in which it can be unmounted."""
        children: dict[int, list[Mount]] = {}
        for one in self:
            if not _is_own_parent(one):
                children.setdefault(one.parent_id, []).append(one)
        below: list[Mount] = []
        waiting = list(children.get(mount.mount_id, ()))
        while waiting:
            one = waiting.pop()
            below.append(one)
            waiting += children.get(one.mount_id, ())
        below.reverse()  # whoever was met later lies deeper, or beside
        return below

    def resolve(self, path: str) -> str:
        """Follow the symbolic links of ``path``; what does not exist stands as it is written.

        A directory that has a mount on it is never asked: that may be one that hangs. What lies on
        a server is asked in a child, and taken as it is written where there is no answer.
        """
        points = {unescape(line.split(b" ", _POINT + 1)[_POINT]) for line in self._lines}
        waiting = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        done = ""
        links = 0
        while waiting:
            part = waiting.pop()
            if part == "..":
                done = done.rpartition("/")[0]
                continue
            step = f"{done}/{part}"
            try:
                target = "" if step in points else self._read_link(step)
            except (OSError, ValueError):  # no link, nothing, or no path at all (a NUL)
                target = ""
            links += bool(target)
            if not target or links > _MOST_LINKS:
                done = step
                continue
            if target.startswith("/"):
                done = ""
            waiting += [one for one in reversed(target.split("/")) if one not in ("", ".")]
        return done or "/"

    def may_hang(self, path: str) -> bool:
        """Whether ``path`` lies on what a server keeps, which may never answer."""
        if not any(_is_served(_fstype(line)) for line in self._lines):
            return False
        above = self.look(path).above
        return above is not None and _is_served(above.fstype)

    def _read_link(self, path: str) -> str:
        if not self.may_hang(path):
            return posix.readlink(path)
        from .probing import Hung, look

        try:
            return str(look(lambda: posix.readlink(path), _LINK_SECONDS))
        except Hung as hung:
            raise OSError(0, str(hung)) from hung

    def __iter__(self) -> Iterator[Mount]:
        for order, line in enumerate(self._lines):
            yield Mount.decode(line, order)

    def _select(self, points: set[bytes]) -> Iterator[Mount]:
        for order, line in enumerate(self._lines):
            if line.split(b" ", _POINT + 1)[_POINT] in points:
                yield Mount.decode(line, order)


def read_table() -> MountTable:
    """Read the table as it is; OSError where there is none.

    Kernels before 5.8 may leave a line out while others go: what two readings agree on is true.
    """
    content = read_whole(_TABLE)
    for _ in range(_MOST_READINGS):
        before, content = content, read_whole(_TABLE)
        if before == content:
            break
    return MountTable(content)


def unescape(text: bytes) -> str:
    """Decode what seq_escape() of the kernel made: each octal escape is one byte."""
    if b"\\" in text:
        first, *rest = text.split(b"\\")
        text = first + b"".join(bytes((int(part[:3], 8),)) + part[3:] for part in rest)
    return text.decode("utf-8", "surrogateescape")


def escape(path: str) -> bytes:
    """Write a path as the table does."""
    text = path.encode("utf-8", "surrogateescape").replace(b"\\", b"\\134")
    return text.replace(b" ", b"\\040").replace(b"\t", b"\\011").replace(b"\n", b"\\012")


def normalize(path: str) -> str:
    """Take doubled and trailing slashes and "." out of an absolute path; ".." stays."""
    return "/" + "/".join(part for part in path.split("/") if part not in ("", "."))


def is_within(path: str, directory: str) -> bool:
    """Whether ``path`` is ``directory`` or below it, by their components."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _with_parents(path: str) -> set[bytes]:
    parts = escape(path).split(b"/")
    return {b"/".join(parts[: length + 1]) or b"/" for length in range(len(parts))}


def _fstype(line: bytes) -> str:
    return line.partition(b" - ")[2].partition(b" ")[0].decode("utf-8", "surrogateescape")


def _is_served(fstype: str) -> bool:
    return fstype in SERVED or fstype.startswith("fuse.") or fstype == "fuse"


def _nearest(candidates: list[Mount]) -> Mount | None:
    """The one that a walk meets first; of several in one place the one made last."""
    if not candidates:
        return None
    return min(candidates, key=lambda one: (len(one.point), -one.order))


def _is_own_parent(mount: Mount) -> bool:
    return mount.parent_id == mount.mount_id

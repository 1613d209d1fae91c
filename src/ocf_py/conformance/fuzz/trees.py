"""What the lookout sees of files: a folder and all that is in it, on the same file system."""

from __future__ import annotations

import hashlib
import os
import stat
import time

from ocf_py.conformance.fuzz.news import FileNews
from ocf_py.conformance.fuzz.views import collect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.conformance.fuzz.views import Picture

    #: What is known of a file as long as its inode bears the same mark, of its change time and
    #: number: the mark, what it is called, how it is, and whether it is a folder.
    Known = tuple[tuple[int, int], str, str, bool]

#: The caller's own: what its stand-ins for Pacemaker's tools write down, and keep.
_CALLERS = ("/dev/pacemaker-tools/asked", "/dev/pacemaker-tools/attribute.")
_FRESH = 0.1  # seconds: a clock of the kernel may stand still for a while, ctime with it
_TYPES = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "folder",
    stat.S_IFLNK: "link",
    stat.S_IFIFO: "pipe",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "block device",
}


class Tree:
    """A folder, looked at again only if the kernel has told of something that happened in it."""

    def __init__(self, top: str) -> None:
        self._top = top
        self._news = FileNews()
        self._known: dict[str, Known] = {}
        self._picture: Picture = {}

    def look(self, *, anew: bool) -> Picture:
        """The same object as before, if nothing has happened since, unless it has to be `anew`."""
        if self._news.have_come() or anew:
            self._picture = collect(self._scan())
        return self._picture

    def _scan(self) -> Iterator[tuple[str, str]]:
        status = os.lstat(self._top)
        yield f"path {self._top}", _describe(status)
        device = status.st_dev
        folders = [self._top]
        while folders:
            folder = folders.pop()
            try:
                self._news.follow(folder)  # first, or what happens meanwhile would be missed
                entries = os.scandir(folder)
            except (FileNotFoundError, NotADirectoryError):
                continue  # it went as it was looked at
            for entry in entries:
                try:
                    status = entry.stat(follow_symlinks=False)
                    known = self._known.get(entry.path)
                    # Nothing can touch an inode without its ctime, but the clock may stand still.
                    if known is None or known[0] != (status.st_ctime_ns, status.st_ino):
                        known = self._describe_afresh(entry.path, status, device)
                except FileNotFoundError:
                    continue
                _, thing, how, is_folder = known
                if is_folder and status.st_dev == device:
                    folders.append(entry.path)
                if not entry.path.startswith(_CALLERS):
                    yield thing, how

    def _describe_afresh(self, path: str, status: os.stat_result, device: int) -> Known:
        known = (
            (status.st_ctime_ns, status.st_ino),
            f"path {path}",
            _describe_all(path, status, device),
            stat.S_ISDIR(status.st_mode),
        )
        if time.time() - status.st_ctime > _FRESH:
            self._known[path] = known
        return known


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

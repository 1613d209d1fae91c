"""The hard links within a tree: which paths are one file."""

from __future__ import annotations

from . import trees

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Links:
    """Of the tree below ``top``: how many entries it has, and its groups of hard links.

    Links from outside do not count. It takes some hundred bytes for each file while it looks.
    """

    def __init__(self, top: str) -> None:
        self.entries = 0
        seen: set[int] = set()
        several: set[int] = set()
        for _, entry in trees.walk(top):
            self.entries += 1
            if not entry.is_dir(follow_symlinks=False):
                inode = entry.inode()
                (several if inode in seen else seen).add(inode)
        self._group_of: dict[bytes, int] = {}
        self._groups: dict[int, list[bytes]] = {}
        if several:
            self._name(top, several)

    def _name(self, top: str, several: set[int]) -> None:
        for path, entry in trees.walk(top):
            inode = entry.inode()
            if inode in several and not entry.is_dir(follow_symlinks=False):
                self._group_of[path] = inode
                self._groups.setdefault(inode, []).append(path)

    @property
    def members(self) -> list[bytes]:
        """Every path that has another name."""
        return list(self._group_of)

    def group(self, path: bytes) -> list[bytes]:
        """All names of the same file, ``path`` among them; empty where it has one alone."""
        return self._groups.get(self._group_of.get(path, 0), [])

    def find_split(self, leaders: Mapping[bytes, bytes]) -> set[bytes]:
        """Find the groups that are more than one file elsewhere; returns all their paths.

        ``leaders`` says of each path that is there which one it is a link of. rsync keeps links
        together that are the same in everything but that.
        """
        return {
            path
            for group in self._groups.values()
            if len({leaders[path] for path in group if path in leaders}) > 1
            for path in group
        }

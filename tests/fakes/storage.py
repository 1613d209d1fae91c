"""Storage without a kernel: holds state behind the seam's interface, refuses the impossible.

Folders, files and symbolic links are real, below the folder of the test; devices and mounts are
not. Sources are told apart by their paths, as far as links lead.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ocf_py.system.mounts import Mount, MountTable, escape
from ocf_py.system.storage import Storage

if TYPE_CHECKING:
    from ocf_py.system.holders import Mounts
    from ocf_py.system.processes import ProcessIdentity

_ON_DEVICES = ("ext4", "gfs2", "ocfs2")
_KNOWN_TYPES = (*_ON_DEVICES, "tmpfs", "none")


class FakeStorage(Storage):
    """Block devices are in ``numbers``, by their paths; processes in ``holders``, by their pids.

    A holder is the directory that it is in, and whether it ignores SIGTERM.
    """

    __slots__ = ("_next", "_root", "holders", "mounts", "numbers")

    def __init__(self) -> None:
        super().__init__(lambda: 10.0)
        self._root = Mount(1, 0, "254:0", "/", "/", "rw", "ext4", "/dev/root", "rw")
        self.numbers: dict[str, str] = {}
        self.mounts = [self._root]
        self.holders: dict[int, tuple[str, int, bool]] = {}
        self._next = 100

    def read_table(self) -> MountTable:
        return MountTable(b"\n".join(_encode(one) for one in self.mounts))

    def find_number(self, path: str) -> str | None:
        return self.numbers.get(os.path.realpath(path)) if path.startswith("/") else None

    def is_present(self, device: str) -> bool:
        return device in self.numbers.values()

    def has_tool(self, name: str) -> bool:
        return True

    def knows_type(self, fstype: str) -> bool:
        return fstype in _KNOWN_TYPES

    def find_sequence(self, number: str) -> str:
        return ""

    def find_node(self, number: str, path: str) -> str:
        return path if self.find_number(path) == number else ""

    def check(self, source: str, fstype: str, *, mark: str = "") -> tuple[int, str]:
        assert not any(one.source == source for one in self.mounts), "it is mounted"
        return 0, ""

    def is_claimed(self, path: str) -> bool:
        return any(one.device == self.numbers[os.path.realpath(path)] for one in self.mounts)

    def find_on(self, point: str) -> Mount | None:
        """The topmost mount that a path leads to, if it is one."""
        stack = self.read_table().look(point).stack
        return next(
            (one for one in self.mounts if stack and one.mount_id == stack[-1].mount_id), None
        )

    # ------------------------------------------------------------------ mounting

    def mount(self, source: str, point: str, fstype: str, options: str, *, mark: str = "") -> str:
        words = options.split(",")
        point = os.path.realpath(point)
        if "remount" in words:
            return self._remount(point, words)
        if not self.is_folder(point):
            return f"mount: {point}: mount point does not exist."
        if fstype not in _KNOWN_TYPES:
            return f"mount: {point}: unknown filesystem type '{fstype}'."
        state = "ro" if "ro" in words else "rw"
        above = self.read_table().look(point).above
        assert above is not None
        device, root = f"0:{self._next}", "/"
        if "bind" in words or "rbind" in words:
            folder = os.path.realpath(source)
            under = self.read_table().look(folder).above
            assert under is not None
            inside = folder[len(under.point) :] if under.point != "/" else folder
            device, root = under.device, (under.root.rstrip("/") + "/" + inside.strip("/"))
            source, fstype = under.source, under.fstype
        elif fstype in _ON_DEVICES:
            number = self.find_number(source)
            if number is None:
                return f"mount: {point}: special device {source} does not exist."
            device = number
        self.mounts.append(
            Mount(self._next, above.mount_id, device, root, point, state, fstype, source, state)
        )
        self._next += 1
        return ""

    def _remount(self, point: str, words: list[str]) -> str:
        found = self.find_on(point)
        if found is None:
            return f"mount: {point}: mount point not mounted or bad option."
        state = "ro" if "ro" in words else "rw"
        found.options = state
        if "bind" not in words:
            found.super_options = state
        return ""

    def unmount(self, point: str, *flags: str, seconds: float) -> str:
        assert seconds > 0
        found = self.find_on(point)
        if found is None:
            return f"umount: {point}: not mounted."
        is_busy = any(one.parent_id == found.mount_id for one in self.mounts)
        if is_busy or any(held == found.mount_id for _, held, _ in self.holders.values()):
            return f"umount: {point}: target is busy."
        self.mounts.remove(found)
        return ""

    def part(self, point: str) -> str:
        return ""  # nothing propagates here

    def is_silent(self, point: str, seconds: float) -> bool:
        return False  # every server answers here

    def find_mounting(self, mark: str, seconds: float) -> tuple[list[ProcessIdentity], str]:
        return [], ""

    # ------------------------------------------------------------------ holders

    def find_holders(
        self, mounts: Mounts, seconds: float
    ) -> tuple[list[tuple[int, int, str, int, str]], list[str], str]:
        found = [
            (pid, 1, "sleep", 0, f"cwd {path}")
            for pid, (path, held, _) in self.holders.items()
            if held in mounts.ids
        ]
        return found, [], ""

    def hold(self, path: str, *, stubborn: bool) -> int:
        """Put a process into a directory."""
        path = os.path.realpath(path)
        above = self.read_table().look(path).above
        assert above is not None
        pid = 9_000_000 + self._next  # beyond what a kernel gives
        self._next += 1
        self.holders[pid] = (path, above.mount_id, stubborn)
        return pid

    def look(self, body: Any, seconds: float) -> Any:
        return body()


def _encode(one: Mount) -> bytes:
    fields = [
        *(str(number).encode() for number in (one.mount_id, one.parent_id)),
        one.device.encode(),
        *(escape(text) for text in (one.root, one.point, one.options)),
        b"-",
        *(escape(text) for text in (one.fstype, one.source, one.super_options)),
    ]
    return b" ".join(fields)

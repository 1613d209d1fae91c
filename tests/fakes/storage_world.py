"""The world of Filesystem's checks without a kernel: the runner in here, over a fake storage."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

import ocf_py as ocf
from filesystem import Filesystem
from ocf_py.system import unmounting
from ocf_py.system.systemd_mounts import SystemdMounts
from tests.fakes.mortal import InHere, Mortal
from tests.fakes.storage import FakeStorage

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pytest

    from ocf_py.system.processes import ProcessIdentity

_MOST_STEPS = 40
_QUESTIONS = frozenset(
    ("find_holders", "is_claimed", "make_folder", "mount", "read_table", "unmount")
)


class MortalStorage(Mortal, FakeStorage):
    """A fake storage that may kill its user."""

    questions = _QUESTIONS


class FakeStorageWorld(InHere):
    """Devices, mounts and processes are fake; folders and links are real."""

    instance = "fs"

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.base = os.path.realpath(folder / "t")
        self._folder = folder
        self.storage = storage = MortalStorage()
        (folder / "t").mkdir()
        patch.setattr(unmounting, "send_signal", self._signal)
        patch.setattr(unmounting, "leave", lambda: None)

        class Agent(Filesystem):
            """The file system

            on a fake storage.
            """

            @ocf.seam
            def storage(self) -> Any:
                return storage

            @ocf.seam
            def systemd(self) -> Any:
                return SystemdMounts(lambda: 1.0, str(folder))

        super().__init__("Filesystem", Agent, storage, folder / "ocfpy")

    # ------------------------------------------------------------------ what a check does

    def steps(self, action: str) -> Sequence[int]:
        return range(_MOST_STEPS)

    def disk(self, letter: str, name: str = "") -> str:
        path = f"{self._folder}/dev/{name or 'disk-' + letter}"
        self.storage.numbers[os.path.realpath(path)] = f"8:{ord(letter)}"
        return path

    def mount(self, source: str, point: str, fstype: str = "ext4", options: str = "") -> None:
        self.make_folder(point)
        said = self.storage.mount(source, point, fstype, options)
        assert not said, said

    def unmount(self, point: str) -> None:
        said = self.storage.unmount(os.path.realpath(point), seconds=1)
        assert not said, said

    def remount(self, point: str, options: str) -> None:
        assert not self.storage.mount("", point, "", options)

    def mounted(self, point: str) -> list[str]:
        return [one.source for one in self.storage.mounts if one.point == point]

    def hold(self, path: str, *, stubborn: bool = False) -> int:
        return self.storage.hold(path, stubborn=stubborn)

    def lives(self, pid: int) -> bool:
        return pid in self.storage.holders

    def release(self, pid: int) -> None:
        self.storage.holders.pop(pid, None)

    def make_folder(self, path: str) -> None:
        os.makedirs(path, exist_ok=True)

    def link(self, path: str, target: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        os.symlink(target, path)

    def records(self) -> list[str]:
        return [path.name for path in self._records.glob("[!.]*")]

    def _signal(self, identity: ProcessIdentity, number: int) -> bool:
        _, _, is_stubborn = self.storage.holders[identity.pid]
        if number == signal.SIGKILL or (number == signal.SIGTERM and not is_stubborn):
            del self.storage.holders[identity.pid]
        return True

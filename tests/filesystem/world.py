"""The world a Filesystem check plays in: one host, two disks, and the agent to call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Check = Callable[["World"], None]

RECURRING = 10_000  # ms


class World(Protocol):
    """One host with two disks, `a` and `b`, that hold an empty ext4 each; nothing is mounted."""

    #: The exit reason of the last call.
    reason: str
    #: An empty folder to make mount points in.
    base: str

    def call(
        self,
        action: str,
        *,
        interval: int = 0,
        level: int = 0,
        timeout: int = 20,
        meta: dict[str, str] | None = None,
        kill_after: int | None = None,
        **parameters: Any,
    ) -> int | None:
        """Call the agent; None if it was killed, `kill_after` steps behind its beginning."""

    def steps(self, action: str) -> Sequence[int]:
        """Where to kill an action: as many steps as it takes, or a choice of them."""

    def disk(self, letter: str, name: str = "") -> str:
        """The path of a disk, or a further path, of this name, to the same disk."""

    def mount(self, source: str, point: str, fstype: str = "ext4", options: str = "") -> None:
        """Mount by hand; the mount point is made."""

    def unmount(self, point: str) -> None:
        """Unmount by hand what is topmost."""

    def remount(self, point: str, options: str) -> None:
        """Change the options of a mount."""

    def mounted(self, point: str) -> list[str]:
        """What is mounted on a directory, by its source, the topmost last."""

    def hold(self, path: str, *, stubborn: bool = False) -> int:
        """A process whose working directory is `path`; a stubborn one ignores SIGTERM."""

    def lives(self, pid: int) -> bool:
        """Whether a holder is still there."""

    def release(self, pid: int) -> None:
        """End a holder, if it is still there."""

    def make_folder(self, path: str) -> None:
        """Make a directory."""

    def link(self, path: str, target: str) -> None:
        """Make a symbolic link, in place of one that is there."""

    def records(self) -> list[str]:
        """The start records there are."""


CHECKS: list[Check] = []


def check(function: Check) -> Check:
    """Registers a check for every world."""
    CHECKS.append(function)
    return function


def asked(world: World, letter: str = "a", name: str = "data", **more: str) -> dict[str, Any]:
    """Parameters that mount a disk on a folder of this name."""
    return {
        "device": world.disk(letter),
        "directory": f"{world.base}/{name}",
        "fstype": "ext4",
        **more,
    }

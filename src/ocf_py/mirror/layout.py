"""Where the trees of one mirror are: the live one, and in the store beside it all others."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager

from ocf_py.system.mounts import is_within, read_table

from . import trees
from .order import BUSY, PLACE, PassRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_STAGING = "staging"
_RUBBISH = "rubbish-"
_MOMENTS = "moments"
_PAUSE = 0.02  # seconds


class Layout:
    """A directory that is mirrored, and the store beside it, on the same file system."""

    def __init__(self, directory: str, store: str) -> None:
        self.directory = directory
        self.store = store

    @property
    def staging(self) -> str:
        """Where a pass is built; after the exchange, where the tree before is."""
        return f"{self.store}/{_STAGING}"

    @property
    def moments(self) -> str:
        """Where the snapshots of the promoted directory are."""
        return f"{self.store}/{_MOMENTS}"

    def check(self) -> None:
        """PassRefused where the directory is not where its store says it must be."""
        try:
            ours, its = os.lstat(self.store), os.lstat(self.directory)
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}: is it mounted?"
            raise PassRefused(PLACE, reason) from error
        for path in (self.directory, self.store):
            if os.path.islink(path) or not os.path.isdir(path):
                raise PassRefused(PLACE, f"{path} is no directory")
        if ours.st_dev != its.st_dev:
            raise PassRefused(
                PLACE,
                f"{self.directory} and {self.store} are on two file systems: a tree cannot be "
                "exchanged between them",
            )

    def check_exchange(self) -> None:
        """PassRefused where the directory could not give way to the staged tree.

        What is mounted in there would go along with it, and in the end be removed.
        """
        self.check()
        for path in (self.directory, self.staging):
            for point in _find_mounts(path):
                reason = f"something is mounted on {point}: a tree with that in it is not exchanged"
                raise PassRefused(PLACE, reason)

    @contextmanager
    def lock(self, seconds: float = 0.0, *, is_handed_on: bool = False) -> Iterator[None]:
        """Be the only one who works in the store; PassRefused if another still does in ``seconds``.

        Where it ``is_handed_on``, the programs started meanwhile hold it too: a process that is
        killed may leave one behind for a moment, which still writes.
        """
        handle = os.open(self.store, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.set_inheritable(handle, is_handed_on)
            end = time.monotonic() + seconds
            while not _try_lock(handle):
                if time.monotonic() >= end:
                    reason = f"another pass works in {self.store} and has not ended yet"
                    raise PassRefused(BUSY, reason)
                time.sleep(_PAUSE)
            yield
        finally:
            os.close(handle)

    def discard(self, path: str) -> None:
        """Move a tree of the store out of the way; at once, whatever its size. `sweep` removes it.

        Nothing happens where there is none.
        """
        number = 1
        while os.path.lexists(f"{self.store}/{_RUBBISH}{number}"):
            number += 1
        if os.path.lexists(path):
            trees.move(path, f"{self.store}/{_RUBBISH}{number}")

    @property
    def rubbish(self) -> list[str]:
        """The trees that are only there to be removed."""
        return [
            f"{self.store}/{name}"
            for name in sorted(os.listdir(self.store))
            if name.startswith(_RUBBISH)
        ]

    def sweep(self) -> None:
        """Remove what was discarded: seconds for a tree of many files.

        It needs no lock: nobody else does anything with such a tree, and of two that sweep, one
        passes over what the other is at.
        """
        for path in self.rubbish:
            try:
                handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            try:
                # What is mounted there is no rubbish.
                if _try_lock(handle) and not _find_mounts(path):
                    trees.remove(path)
            finally:
                os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _find_mounts(path: str) -> list[str]:
    """The mount points at and below a directory."""
    resolved = os.path.realpath(path)
    return [mount.point for mount in read_table() if is_within(mount.point, resolved)]

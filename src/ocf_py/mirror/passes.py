"""One pass: a whole copy of the source beside the live tree, then exchanged with it.

At every moment the directory holds a complete pass, whatever dies when. The record says before the
exchange what is about to come, and which directory it is by its inode; `recover` looks which of
the two is there.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from . import record as records
from . import trees
from .decisions import SET_ASIDE
from .generations import Position
from .record import Incoming
from .transfer import TransferFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .decisions import Follow
    from .record import Record
    from .record_file import RecordFile

_STAGING = "staging"
_ASIDE = "aside"
_PERCENT = 100


class PassRefused(Exception):  # noqa: N818 - says what is
    """The pass was not made, or made and not taken: the live tree is the one before."""


@dataclass(frozen=True)
class Guards:
    """What a pass must not do: ``max_delete`` in percent of the entries, ``min_free`` in bytes."""

    max_delete: int = 50
    min_free: int = 0


class Place:
    """A directory that is mirrored, and the store beside it, on the same file system."""

    def __init__(self, directory: str, file: RecordFile) -> None:
        self.directory = directory
        self.store = file.store
        self.file = file

    @property
    def staging(self) -> str:
        """Where a pass is built; after the exchange, where the tree before is."""
        return f"{self.store}/{_STAGING}"

    def check(self) -> None:
        """PassRefused where the directory is not where its store says it must be."""
        try:
            ours, its = os.lstat(self.store), os.lstat(self.directory)
        except OSError as error:
            raise PassRefused(f"{error.filename}: {error.strerror}: is it mounted?") from error
        if not os.path.isdir(self.directory) or os.path.islink(self.directory):
            raise PassRefused(f"{self.directory} is no directory")
        if ours.st_dev != its.st_dev:
            raise PassRefused(
                f"{self.directory} and {self.store} are on two file systems: a tree cannot be "
                "exchanged between them"
            )

    def recover(self) -> Record:
        """Finish what a crash interrupted, and return the record as it is then."""
        self.file.remove_leftovers()
        record = self.file.read()
        coming = record.incoming
        if coming is not None:
            if os.lstat(self.directory).st_ino == coming.inode:
                record = self._finish(record)
            else:
                record = records.withdraw(record)
                self.file.write(record)
        trees.remove(self.staging)
        return record

    def take(self, record: Record, position: Position, source: Record, follow: Follow) -> Record:
        """Exchange the staged tree with the live one; returns the record as it is then."""
        trees.sync_file_system(self.staging)
        inode = os.lstat(self.staging).st_ino
        aside = self._name_aside(record) if follow.kind == SET_ASIDE else ""
        incoming = Incoming(inode, position, source.lineage, aside, follow.end if aside else "")
        record = records.intend(record, incoming)
        self.file.write(record)
        trees.exchange(self.staging, self.directory)
        return self._finish(record)

    def _finish(self, record: Record) -> Record:
        coming = record.incoming
        if coming is not None and coming.aside:
            aside = f"{self.store}/{coming.aside}"
            if not os.path.lexists(aside):  # the crash may have come behind the rename
                trees.move(self.staging, aside)
        record = records.arrive(record)
        self.file.write(record)
        return record

    def _name_aside(self, record: Record) -> str:
        known = record.generation or "found"
        number = 1
        while os.path.lexists(f"{self.store}/{_ASIDE}-{known}-{number}"):
            number += 1
        return f"{_ASIDE}-{known}-{number}"


def make_pass(
    place: Place,
    record: Record,
    source: Record,
    follow: Follow,
    pull: Callable[[str, str], bool],
    look_again: Callable[[], Record],
    guards: Guards,
) -> Record:
    """Copy ``source`` once, and return the record behind it; PassRefused where nothing changed.

    ``pull(target, like)`` copies the source's tree, and says whether files vanished under it;
    ``look_again`` reads the source's record anew, which tells whether the source has moved.
    """
    place.check()
    _check_space(place, guards)
    trees.remove(place.staging)
    os.mkdir(place.staging, 0o700)
    try:
        pull(place.staging, place.directory)
        trees.remove_sockets(place.staging)
        _check_content(place, follow, guards)
        _check_space(place, guards)
        position = _position(source, look_again())
        after = place.take(record, position, source, follow)
    except (TransferFailed, OSError) as error:
        raise PassRefused(str(error)) from error
    finally:
        # An exchange whose record was not written is for `recover` to judge: nothing is removed.
        if place.file.read().incoming is None:
            trees.remove(place.staging)
    return after


def _position(before: Record, after: Record) -> Position:
    """How far a pass has come that ran between two looks at its source."""
    if before.tree is None or after.generation != before.generation:
        raise PassRefused("the source changed its generation while it was copied")
    if not before.is_open:  # nobody writes to it
        return before.tree
    return Position(before.tree.generation, before.moment, after.moment)


def _check_space(place: Place, guards: Guards) -> None:
    found = os.statvfs(place.store)
    free = found.f_bavail * found.f_frsize
    if free < guards.min_free:
        raise PassRefused(f"{free} bytes are free in {place.store}, min_free={guards.min_free}")


def _check_content(place: Place, follow: Follow, guards: Guards) -> None:
    """A source that lost most of what it had is more likely broken than tidied up.

    A tree that is set aside loses nothing, and what was found there has nothing in common with it.
    """
    if trees.is_empty(place.staging) and not trees.is_empty(place.directory):
        raise PassRefused("the source is empty: is its file system mounted?")
    if follow.kind == SET_ASIDE:
        return
    every, missing = trees.count_missing(place.directory, place.staging)
    if missing * _PERCENT > every * guards.max_delete:
        raise PassRefused(
            f"{missing} of {every} entries would vanish, more than max_delete={guards.max_delete} %"
        )


def exclusions(patterns: Sequence[str]) -> list[str]:
    """The options by which rsync leaves these patterns out."""
    return [f"--exclude={pattern}" for pattern in patterns]

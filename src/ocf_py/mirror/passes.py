"""The short part of a pass: the tree that was built is exchanged with the live one.

At every moment the directory holds a complete pass, whatever dies when. The record says before the
exchange what is about to come, and which directory it is by its inode; `recover` looks which of
the two is there. Only the owner of the record does any of this; nothing here takes long.
"""

from __future__ import annotations

import os

from . import record as records
from . import trees
from .decisions import FOLLOW, SET_ASIDE
from .layout import Layout
from .order import PLACE, SOURCE, PassRefused
from .record import Incoming

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .decisions import Follow
    from .order import Built
    from .record import Record
    from .record_file import RecordFile

_ASIDE = "aside"


class Place:
    """A directory that is mirrored, the store beside it, and the record in there."""

    def __init__(self, directory: str, file: RecordFile) -> None:
        self.directory = directory
        self.store = file.store
        self.file = file
        self.layout = Layout(directory, file.store)

    def recover(self) -> Record:
        """Finish what a crash interrupted, and return the record as it is then."""
        self.file.remove_leftovers()
        record = self.file.read()
        coming = record.incoming
        if coming is None:
            return record
        if os.lstat(self.directory).st_ino == coming.inode:
            # Not for the record alone to survive a loss of power that comes now.
            for folder in (self.store, os.path.dirname(self.directory)):
                trees.sync_folder(folder)
            record = records.arrive(record)
        else:
            if coming.aside:  # it may have its name already, but not the tree that is meant by it
                self.layout.discard(f"{self.store}/{coming.aside}")
            record = records.withdraw(record)
        self.file.write(record)
        return record

    def take(self, record: Record, built: Built, follow: Follow) -> Record:
        """Let a pass that was built be the live tree; returns the record as it is then.

        ``record`` is the present one, and ``follow`` was decided on it. PassRefused where the pass
        does not go with them, or the disk refuses: the tree and the record are those before then.
        OSError where it refuses that, too: then `recover` says what they are, if it can.
        """
        if follow.kind not in (FOLLOW, SET_ASIDE) or built.aside != (follow.kind == SET_ASIDE):
            raise PassRefused(SOURCE, f"it was built for another case than: {follow.reason}")
        aside = self._name_aside(record) if built.aside else ""
        inode = built.inode or os.lstat(self.directory).st_ino
        end = follow.end if aside else ""
        coming = Incoming(inode, built.position, built.after.lineage, aside, end)
        record = records.intend(record, coming)
        try:
            if built.inode:
                self._exchange(record, coming)
            record = records.arrive(record)
            self.file.write(record)
        except OSError as error:
            record = self.recover()
            if record.tree != coming.position:
                reason = f"{error.filename or self.store}: {error.strerror}"
                raise PassRefused(PLACE, reason) from error
        return record

    def _exchange(self, record: Record, coming: Incoming) -> None:
        """Put the staged tree into the place of the live one, which the record tells before.

        What is to be kept of it has its name by that one step: the staged tree lends it the place.
        """
        with self.layout.lock():
            self.layout.check_exchange()
            if os.lstat(self.layout.staging).st_ino != coming.inode:
                raise PassRefused(PLACE, f"{self.layout.staging} is not what was built")
            self.file.write(record)
            place = self.layout.staging
            if coming.aside:
                place = f"{self.store}/{coming.aside}"
                trees.move(self.layout.staging, place)
            trees.exchange(place, self.directory)

    def find_exchanged(self, record: Record) -> str:
        """Why the directory is not the copy that the record tells of, "" where it is; OSError.

        An owner's is whatever is in it: it was written to.
        """
        if record.tree is None or record.owns:
            return ""
        if record.live and os.lstat(self.directory).st_ino != record.live:
            return f"{self.directory} is another directory than the copy that was made here"
        if record.filled and trees.is_empty(self.directory):
            return f"{self.directory} was emptied: the copy that was made here is gone"
        return ""

    def retire(self) -> None:
        """Give up the tree before: of its files, the live tree has the very inodes.

        For a promotion, since what is written to the live tree would be written to the other too.
        """
        self.layout.discard(self.layout.staging)

    def _name_aside(self, record: Record) -> str:
        known = record.generation or "found"
        number = 1
        while os.path.lexists(f"{self.store}/{_ASIDE}-{known}-{number}"):
            number += 1
        return f"{_ASIDE}-{known}-{number}"

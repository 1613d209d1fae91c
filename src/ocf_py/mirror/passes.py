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
        if coming is not None:
            if os.lstat(self.directory).st_ino == coming.inode:
                record = self._finish(record)
            else:
                record = records.withdraw(record)
                self.file.write(record)
        return record

    def take(self, record: Record, built: Built, follow: Follow) -> Record:
        """Let a pass that was built be the live tree; returns the record as it is then.

        ``record`` is the present one, and ``follow`` was decided on it. PassRefused, and nothing
        is changed, where the pass does not go with them.
        """
        if follow.kind not in (FOLLOW, SET_ASIDE) or built.aside != (follow.kind == SET_ASIDE):
            raise PassRefused(SOURCE, f"it was built for another case than: {follow.reason}")
        position = built.position
        aside = self._name_aside(record) if follow.kind == SET_ASIDE else ""
        end = follow.end if aside else ""
        with self.layout.lock():
            inode = built.inode or os.lstat(self.directory).st_ino
            coming = Incoming(inode, position, built.after.lineage, aside, end)
            record = records.intend(record, coming)
            if not built.inode:  # the live tree is the incoming one: one step, and nothing to undo
                record = records.arrive(record)
                self.file.write(record)
                return record
            self.layout.check()
            if os.lstat(self.layout.staging).st_ino != built.inode:
                raise PassRefused(PLACE, f"{self.layout.staging} is not what was built")
            self.file.write(record)
            trees.exchange(self.layout.staging, self.directory)
            return self._finish(record)

    def retire(self) -> None:
        """Give up the tree before: of its files, the live tree has the very inodes.

        For a promotion, since what is written to the live tree would be written to the other too.
        """
        self.layout.discard(self.layout.staging)

    def _finish(self, record: Record) -> Record:
        coming = record.incoming
        if coming is not None and coming.aside:
            aside = f"{self.store}/{coming.aside}"
            if not os.path.lexists(aside):  # the crash may have come behind the rename
                trees.move(self.layout.staging, aside)
        record = records.arrive(record)
        self.file.write(record)
        return record

    def _name_aside(self, record: Record) -> str:
        known = record.generation or "found"
        number = 1
        while os.path.lexists(f"{self.store}/{_ASIDE}-{known}-{number}"):
            number += 1
        return f"{_ASIDE}-{known}-{number}"

"""The record in memory and on disk at once: the one place where it changes."""

from __future__ import annotations

import contextlib

from . import record as records
from . import trees
from .clock import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from .passes import Place
    from .record import Record


class Ledger:
    """One instance's record. Whoever holds it is the only one who writes it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        #: Since when (CLOCK_BOOTTIME) a write has been waited for, None where none is.
        self.waits_since: float | None = None
        #: What an interrupted exchange left is settled first. RecordUnusable, OSError.
        self.record = place.recover()
        place.file.write(self.record)  # the peers read it: an empty one tells them something, too

    def change(self, function: Callable[..., Record], *what: Any, **more: Any) -> None:
        """Make the record what ``function(record, ...)`` returns, on disk when this returns.

        OSError where it cannot be written; the record stays then what it was.
        """
        changed = function(self.record, *what, **more)
        if changed != self.record:
            with self.at_disk():
                self.place.file.write(changed)
            self.record = changed

    def note_content(self) -> None:
        """Have the record say whether there is anything in the directory; OSError."""
        filled = not trees.is_empty(self.place.directory)
        self.change(records.note_content, filled=filled)

    @contextlib.contextmanager
    def at_disk(self) -> Iterator[None]:
        """All waits for the disk meanwhile, on purpose: nothing is done that no record tells of."""
        self.waits_since = now()
        try:
            yield
        finally:
            self.waits_since = None

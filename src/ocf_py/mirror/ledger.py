"""The record in memory and on disk at once: the one place where it changes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .passes import Place
    from .record import Record


class Ledger:
    """One instance's record. Whoever holds it is the only one who writes it."""

    def __init__(self, place: Place) -> None:
        self.place = place
        #: What an interrupted exchange left is settled first. RecordUnusable, OSError.
        self.record = place.recover()
        place.file.write(self.record)  # the peers read it: an empty one tells them something, too

    def change(self, function: Callable[..., Record], *what: Any, **more: Any) -> None:
        """Make the record what ``function(record, ...)`` returns, on disk when this returns.

        OSError where it cannot be written; the record stays then what it was.
        """
        changed = function(self.record, *what, **more)
        if changed != self.record:
            self.place.file.write(changed)
            self.record = changed

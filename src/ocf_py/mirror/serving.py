"""The promoted side: it counts the moments of its tree, and lets the copies know of them."""

from __future__ import annotations

import asyncio
import errno

from . import record as records
from .changes import Changes
from .clock import now
from .generations import names
from .moments import Moments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .ledger import Ledger
    from .pokes import Pokes
    from .record import Record

_PAUSE = 0.2  # seconds between two moments: as close as the disk and the copies can follow
_BLIND_PAUSE = 1.0  # where nobody tells of changes, any time may have seen one
#: Seconds in which a change is in the record, whatever tells of it and however busy the worker is.
PUBLISHED_WITHIN = 1.5


class Serving:
    """From a promotion to the demotion; with ``show``, the daemon is told of a moment that is held.

    ``withhold`` has it serve nothing, or all again: a tree whose record is behind must not be
    copied, since the copies would take it for the one before.

    The ``copies`` are the nodes that are told of changes.
    """

    def __init__(
        self,
        ledger: Ledger,
        pokes: Pokes,
        show: Callable[[dict[int, str]], None],
        withhold: Callable[[bool], None],
    ) -> None:
        self._withhold = withhold
        #: Why the record does not tell of the last changes, "" where it does.
        self.trouble = ""
        self._ledger = ledger
        self._pokes = pokes
        self._changes: Changes | None = None
        self._last = 0.0
        self._pending: asyncio.TimerHandle | None = None
        self.moments = Moments(ledger, self._catch_up, show)
        self.copies: list[str] = []

    @property
    def hears_changes(self) -> bool:
        """Whether every change to the tree is heard of."""
        return self._changes is not None and self._changes.is_complete

    async def watch(self, *, by_inotify: bool) -> None:
        """Begin to listen for changes, before the first can happen; OSError is told by hearing."""
        if by_inotify:
            try:
                self._changes = await asyncio.to_thread(Changes, self._ledger.place.directory)
            except OSError:
                self._changes = None
        loop = asyncio.get_running_loop()
        if self._changes is not None:
            loop.add_reader(self._changes.fileno(), self._on_change)
        if not self.hears_changes:
            self._pending = loop.call_later(_BLIND_PAUSE, self._advance)

    def end(self) -> None:
        """Listen no longer."""
        if self._pending is not None:
            self._pending.cancel()
            self._pending = None
        if self._changes is not None:
            asyncio.get_running_loop().remove_reader(self._changes.fileno())
            self._changes.__exit__(None, None, None)
            self._changes = None
        self._let_in()

    def _catch_up(self) -> None:
        """Publish a moment now, if anything may have changed since the last; OSError."""
        self._on_change()
        if self._pending is not None:
            self._pending.cancel()
            self._advance()
        if self.trouble:
            raise OSError(errno.EAGAIN, self.trouble)

    def _on_change(self) -> None:
        if self._changes is None or not self._changes.wait(0) or self._pending is not None:
            return
        loop = asyncio.get_running_loop()
        self._pending = loop.call_later(max(0.0, self._last + _PAUSE - now()), self._advance)

    def _advance(self) -> None:
        self._pending = None
        self._last = now()
        try:
            self._ledger.change(records.advance)
            self._let_in()
        except OSError as error:
            self.trouble = f"what changed is not in the record: {error.strerror}"
            self._shut_out()
        else:
            self.tell()
        if self.trouble or not self.hears_changes:
            self._pending = asyncio.get_running_loop().call_later(_BLIND_PAUSE, self._advance)

    def _shut_out(self) -> None:
        try:
            self._withhold(True)  # noqa: FBT003 - its only form
        except OSError as error:
            self.trouble += f"; and the copies cannot be kept out: {error.strerror}"

    def _let_in(self) -> None:
        """OSError: they stay out then."""
        if self.trouble:
            self._withhold(False)  # noqa: FBT003 - its only form
            self.trouble = ""

    def tell(self) -> None:
        """Let the copies look."""
        for node in self.copies:
            self._pokes.poke(node)


def has_all(copy: Record, source: Record) -> bool:
    """Whether a copy has the whole tree that a demoted source was sealed with."""
    if source.tree is None or copy.tree is None:
        return source.tree is None
    if copy.tree.generation == source.tree.generation:
        return copy.tree.holds(source.tree)
    return names(copy.lineage, source.tree.generation)

"""Moments that are held: read-only snapshots of the promoted tree, which the copies pull from.

One is taken when a copy asks for it, unless nothing has changed since the last. It is kept until
each copy that may be reading it has asked for a later one, or is gone.
"""

from __future__ import annotations

import asyncio
import os
from typing import NamedTuple

from ocf_py.system import btrfs

from . import record as records
from .clock import now

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .layout import Layout
    from .ledger import Ledger

_PAUSE = 0.5  # seconds between two snapshots: each makes the file system write all it has
_GRACE = 5.0  # seconds in which a copy that asked has read in the record which moment is held


class _Asked(NamedTuple):
    """The moment that a copy was given, and when."""

    moment: int
    at: float


class Moments:
    """Those of one instance, while it is promoted.

    ``catch_up`` publishes a moment if anything may have changed, ``show`` has the daemon serve the
    snapshots, by moment.
    """

    def __init__(
        self,
        ledger: Ledger,
        catch_up: Callable[[], None],
        show: Callable[[dict[int, str]], None],
    ) -> None:
        self._ledger = ledger
        self._catch_up = catch_up
        self._show = show
        self._taken: dict[int, float] = {}
        self._askers: dict[str, _Asked] = {}
        self._last = 0.0
        self._lock = asyncio.Lock()
        self._is_wanted = False
        #: Why none can be held, "" where one can: then the copies pull from the tree as it changes.
        self.trouble = ""

    def begin(self) -> None:
        """From now on a moment is held for whoever asks."""
        self._is_wanted = True

    async def end(self) -> None:
        """Hold none any more. Whoever still pulls from one sees its files vanish, and begins anew.

        OSError where one stays; those of a worker that was killed go along.
        """
        self._is_wanted = False
        async with self._lock:
            self._askers.clear()
            self._taken.clear()
            self.trouble = ""
            self._show({})
            await asyncio.to_thread(_clear, self._ledger.place.layout)

    async def hold(self, node: str) -> None:
        """Hold a moment for a node, not older than this call; the record tells which, or none."""
        async with self._lock:
            await asyncio.sleep(max(0.0, self._last + _PAUSE - now()))
            if not self._is_wanted:
                return
            self._catch_up()
            record = self._ledger.record
            if record.held != record.moment:
                await self._take(record.moment)
            self._askers.pop(node, None)
            if self._ledger.record.held:
                self._askers[node] = _Asked(self._ledger.record.held, now())
            await self._drop()

    async def keep_for(self, nodes: Iterable[str]) -> None:
        """Keep what these may be pulling from, and nothing for others: it takes room."""
        async with self._lock:
            for node in self._askers.keys() - {*nodes}:
                del self._askers[node]
            await self._drop()

    async def _take(self, moment: int) -> None:
        layout = self._ledger.place.layout
        try:
            await asyncio.to_thread(_snapshot, layout, moment)
            self._taken[moment] = self._last = now()
            self._show(_find_paths(layout, self._taken))
            self.trouble = ""
        except (OSError, btrfs.NoSubvolume) as error:
            moment, self.trouble = 0, f"no snapshot of {layout.directory}: {error}"
        if self._is_wanted:
            self._ledger.change(records.hold, moment)

    async def _drop(self) -> None:
        """Remove what nobody can be reading."""
        unused = [one for one in self._taken if not self._is_used(one)]
        if not unused:
            return
        if self._ledger.record.held in unused:
            self._ledger.change(records.hold, 0)
        for one in unused:
            del self._taken[one]
        layout = self._ledger.place.layout
        self._show(_find_paths(layout, self._taken))
        for one in unused:
            await asyncio.to_thread(btrfs.remove_snapshot, f"{layout.moments}/{one}")

    def _is_used(self, moment: int) -> bool:
        """Whether a copy was given this moment, or has read of it in the place of an earlier."""
        return any(
            asked.moment <= moment and self._taken[moment] <= asked.at + _GRACE
            for asked in self._askers.values()
        )


def _find_paths(layout: Layout, moments: Iterable[int]) -> dict[int, str]:
    """Where the directory is in the snapshot of each moment."""
    way = os.path.relpath(os.path.realpath(layout.directory), btrfs.find_top(layout.directory))
    return {one: f"{layout.moments}/{one}/{way}" for one in moments}


def _snapshot(layout: Layout, moment: int) -> None:
    top = btrfs.find_whole(layout.directory)
    os.makedirs(layout.moments, 0o700, exist_ok=True)
    btrfs.take_snapshot(top, f"{layout.moments}/{moment}")


def _clear(layout: Layout) -> None:
    try:
        names = os.listdir(layout.moments)
    except FileNotFoundError:
        return
    for name in names:
        btrfs.remove_snapshot(f"{layout.moments}/{name}")
    os.rmdir(layout.moments)

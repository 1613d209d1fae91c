"""The trees that were set aside: how many are kept, and that none shares a file with the live one.

A copy that was built beside one has the very inodes of what did not change, and what is written to
a promoted tree would be written to the kept one, too. So they are parted early, by a process of its
own while this is a copy, and a promotion finds little to do.
"""

from __future__ import annotations

import asyncio
import os

from . import record as records
from .clock import now
from .control import Refused
from .generations import FENCED
from .order import PassRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ocf_py.log import Log

    from .ledger import Ledger
    from .record import Aside
    from .settings import Settings

_AGAIN = 600.0  # seconds until a tree is parted anew, which there was too little room for
_SHARE = 0.5  # of a promotion's time: more is not given for a tree that may be removed


class Asides:
    """Those of one instance; ``unshare`` parts the named one, or raises PassRefused."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        unshare: Callable[[str], Awaitable[None]],
        log: Log,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._unshare = unshare
        self._log = log
        self._tried: dict[str, float] = {}
        self._parting: asyncio.Task[None] | None = None

    def prune(self) -> None:
        """Forget those that an admin removed; remove the oldest whose owner was fenced. OSError."""
        keep = self._settings.keep_aside
        asides = self._ledger.record.asides
        gone = [one.name for one in asides if _is_gone(self._path(one))]
        kept = [one for one in asides if one.name not in gone and one.end == FENCED]
        for one in kept[: max(0, len(kept) - keep)]:
            self._log.info(f"removing {one.name}: keep_aside={keep}")
            self._discard(one)
            gone.append(one.name)
        if gone:
            self._ledger.change(records.forget_asides, gone)

    def tend(self) -> None:
        """Part one, beside everything else, if there is one that was not parted yet."""
        if self._parting is not None and not self._parting.done():
            return
        for one in self._ledger.record.asides:
            if now() - self._tried.get(one.name, -_AGAIN) >= _AGAIN:
                self._tried[one.name] = now()
                self._parting = asyncio.ensure_future(self._part_early(one))
                return

    async def _part_early(self, one: Aside) -> None:
        try:
            await self._unshare(one.name)
        except (PassRefused, OSError) as refused:
            self._log.warning(f"{one.name} still shares files with the directory: {refused}")
        else:
            self._tried[one.name] = float("inf")

    async def part(self, end: float) -> None:
        """Part all, since what is written to the directory from now on is written to it alone.

        A tree whose owner was fenced is removed where that cannot be done until ``end``
        (CLOCK_BOOTTIME): keeping it is worth less than the promotion. Refused for another.
        """
        if self._parting is not None:
            self._parting.cancel()
            await asyncio.wait({self._parting})
        for one in self._ledger.record.asides:
            left = max(0.0, end - now())
            try:
                await asyncio.wait_for(
                    self._unshare(one.name), left * _SHARE if one.end == FENCED else left
                )
            except asyncio.TimeoutError:
                self._give_up(one, "copying them takes longer than this promote may")
            except PassRefused as refused:
                self._give_up(one, str(refused))

    def _give_up(self, one: Aside, reason: str) -> None:
        said = f"{one.name} still shares files with the directory: {reason}"
        if one.end != FENCED:
            raise Refused(said, "raise promote's timeout, make room, or remove what was set aside")
        self._log.warning(f"removing {said}")
        self._discard(one)
        self._ledger.change(records.forget_asides, [one.name])

    def _discard(self, one: Aside) -> None:
        with self._ledger.at_disk():
            self._ledger.place.layout.discard(self._path(one))

    def _path(self, one: Aside) -> str:
        return f"{self._settings.store}/{one.name}"


def _is_gone(path: str) -> bool:
    """Whether there is nothing under a name; OSError where that cannot be told."""
    try:
        os.lstat(path)
    except FileNotFoundError:
        return True
    return False

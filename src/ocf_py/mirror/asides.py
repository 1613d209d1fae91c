"""The trees that were set aside: how many are kept, and that none shares a file with the live one.

A copy that was built beside one has the very inodes of what did not change, so that keeping it
costs only the difference. What is written to a promoted tree would be written to the kept one, too:
before a promotion they are parted, and the kept one then has only what was in no other.
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

_SHARE = 0.5  # of a promotion's time: more is not given for a tree that may be removed


class Asides:
    """Those of one instance; ``part`` parts the named one, or raises PassRefused."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        part: Callable[[str], Awaitable[None]],
        log: Log,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._part = part
        self._log = log

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

    async def part(self, end: float) -> None:
        """Part all, since what is written to the directory from now on is written to it alone.

        A tree whose owner was fenced is removed where that cannot be done until ``end``
        (CLOCK_BOOTTIME): keeping it is worth less than the promotion. Refused for another.
        """
        for one in self._ledger.record.asides:
            left = max(0.0, end - now())
            try:
                share = _SHARE if one.end == FENCED else 1.0
                await asyncio.wait_for(self._part(one.name), left * share)
            except asyncio.TimeoutError:
                self._give_up(one, "parting them takes longer than this promote may")
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

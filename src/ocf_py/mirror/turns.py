"""Who works with the tree: one pass after another, or a change of roles, which goes first."""

from __future__ import annotations

import asyncio
import contextlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine
    from typing import Any


class Turns:
    """Rounds of the copy's own accord, which whoever has something better to do interrupts."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._round: asyncio.Task[None] | None = None
        self._waiting = 0
        #: Set when the next round should not wait for its time.
        self.wake = asyncio.Event()

    @property
    def is_taken(self) -> bool:
        """Whether somebody changes roles, or waits to."""
        return self._waiting > 0

    async def take_round(self, work: Coroutine[Any, Any, None]) -> None:
        """Do one round, unless it is interrupted."""
        async with self._turn:
            self._round = asyncio.ensure_future(work)
            await asyncio.wait({self._round})
            done, self._round = self._round, None
        if not done.cancelled():
            done.result()

    def interrupt(self) -> None:
        """Give up the round that is under way; a pass is killed."""
        if self._round is not None:
            self._round.cancel()

    @contextlib.asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Nothing else is done with the tree meanwhile; a new round follows at once."""
        self._waiting += 1
        self.interrupt()
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1
            self.wake.set()

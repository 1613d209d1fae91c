"""The side of a copy: whom it follows, how far behind it is, and what it can prove."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from . import record as records
from . import trees
from .clock import now
from .decisions import DIVERGED, REFUSE, SET_ASIDE, follow
from .order import GUARD, SOURCE, PassRefused
from .serving import PUBLISHED_WITHIN
from .settings import BTRFS
from .status import DIVERGED as DIVERGED_FAULT
from .status import TROUBLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from .decisions import Follow
    from .generations import Position
    from .ledger import Ledger
    from .order import Built
    from .pokes import Pokes
    from .record import Record
    from .settings import Settings
    from .surroundings import Surroundings

    #: Builds a pass from a node; the tree that is there will be set aside or not.
    Build = Callable[[str, bool], Awaitable[Built]]

_RETRY = 0.5  # seconds between two attempts at a final pass
_UNANSWERED = 5.0  # seconds without an answer: a daemon that was killed is back in two


@dataclass(frozen=True)
class LastPass:
    """One that was completed: from whom, when it began (CLOCK_BOOTTIME), and how long it took.

    ``is_settled`` says that what it copied is the source at one moment, as far as is known yet.
    """

    source: str
    began: float
    seconds: float
    is_settled: bool


class Following:
    """Passes from whoever is promoted; nothing here runs while this node is promoted itself."""

    def __init__(
        self,
        ledger: Ledger,
        surroundings: Surroundings,
        build: Build,
        pokes: Pokes,
        settings: Settings,
    ) -> None:
        self._settings = settings
        self._pokes = pokes
        self._ledger = ledger
        self._surroundings = surroundings
        self._build = build
        self._position: Position | None = None
        self._reached = 0.0
        self._since = 0.0
        self.source = ""
        self.last: LastPass | None = None
        self.fault: tuple[str, str] = ("", "")

    @property
    def lag(self) -> float:
        """Seconds since the last completed check of the present source began; infinite before."""
        if self.last is None or self.last.source != self.source:
            return math.inf
        return now() - self.last.began

    def find_fault(self) -> tuple[str, str]:
        """What keeps this from being a current copy: a kind and a line, or twice nothing.

        A first pass may take its time: nothing is wrong so far.
        """
        has_none = math.isinf(self.lag)
        behind = now() - self._since if has_none else self.lag
        if self.fault[0] or not self.source or behind <= self._settings.max_lag:
            return self.fault
        what = f"no pass of {self.source} yet" if has_none else f"behind {self.source}"
        return TROUBLE, f"{behind:.0f} s {what}"

    def rest(self) -> None:
        """Follow nobody: this node is promoted, or it all begins anew."""
        self.source, self.last, self.fault = "", None, ("", "")

    async def follow_once(self) -> None:
        """Look at all peers, and make a pass from the one that is promoted."""
        await self._surroundings.look()
        source = self._surroundings.find_source()
        if not source:
            self.fault = ("", "")
            return
        if source != self.source:
            self.source, self._since = source, now()
        try:
            await self._pass_from(source)
        except (PassRefused, OSError) as refused:
            self.fault = (TROUBLE, f"no pass from {source}: {refused}")

    async def _pass_from(self, node: str) -> bool:
        """One pass; PassRefused. False where the tree that is there may not give way."""
        began = now()
        record = self._surroundings.seen[node].record
        decision = self._decide(record)
        if decision.kind == DIVERGED:
            self.fault = (DIVERGED_FAULT, f"diverged from {node}: {decision.reason}")
            return False
        if decision.kind == REFUSE:
            self.fault = (TROUBLE, f"not following {node}: {decision.reason}")
            return False
        if record.is_open and self._settings.snapshot == BTRFS:
            await self._have_held(node)
        built = await self._build(node, decision.kind == SET_ASIDE)
        self._surroundings.hear(built.before, began)
        self._surroundings.hear(built.after, now())
        # What was heard meanwhile counts: the tree gives way by what is known at the exchange.
        again = self._decide(built.after)
        with self._ledger.at_disk():
            self._ledger.record = self._ledger.place.take(self._ledger.record, built, again)
        self._ledger.note_content()
        self.last = LastPass(node, began, now() - began, self._is_settled(built))
        self.fault = ("", "")
        return True

    def _is_settled(self, built: Built) -> bool:
        """Whether what was copied is the source at one moment.

        A change is published a little later than it is made: the moment has to last longer.
        """
        position = built.position
        if position != self._position:
            self._position, self._reached = position, now()
        has_lasted = now() - self._reached > PUBLISHED_WITHIN
        is_sure = built.held > 0 or has_lasted or not built.after.is_open
        return is_sure and position.began == position.ended

    async def _have_held(self, node: str) -> None:
        if not await self._pokes.ask_to_hold(node):
            raise PassRefused(SOURCE, "its worker does not answer on the port's UDP")

    def _decide(self, source: Record) -> Follow:
        is_empty = trees.is_empty(self._ledger.place.directory)
        return follow(self._ledger.record, source, is_empty=is_empty)

    # ------------------------------------------------------------------ the end of a source

    async def finish(self, nodes: Iterable[str], seconds: float) -> None:
        """The final pass: ``nodes`` were demoted, and serve what they wrote last.

        Tried again until it is made, the node leaves the membership or ``seconds`` are over;
        whoever was followed is lost then.
        """
        end = now() + seconds
        for node in nodes:
            is_sealed = False
            if node in self._surroundings.reachable():
                work = self._finish(node, end)
                is_sealed = bool(await self._surroundings.while_member(node, work))
            if node == self.source or is_sealed:
                self.lose(node, is_sealed=is_sealed)

    async def _finish(self, node: str, end: float) -> bool:
        """Whether the tree here is the very one that the node was demoted with.

        A node whose worker is dead is not waited for: the cluster does nothing else meanwhile.
        """
        answered = now()
        while True:
            reason = "it does not answer"
            try:
                left = max(0.0, end - now())
                await asyncio.wait_for(self._surroundings.look([node]), left)
                theirs = self._surroundings.seen.get(node)
                if theirs is not None and theirs.record.is_open:
                    return False  # promoted again, or never demoted: it is followed as ever
                if theirs is not None:
                    answered = now()
                    if theirs.record.tree == self._ledger.record.tree:
                        return True
                    if not await asyncio.wait_for(self._pass_from(node), max(0.0, end - now())):
                        return False
                    continue
            except PassRefused as refused:
                reason, answered = str(refused), now()
                if refused.kind == GUARD:  # it is refused however often it is tried
                    end = now()
            except asyncio.TimeoutError:
                pass
            if now() + _RETRY >= end or now() - answered > _UNANSWERED:
                self.fault = (TROUBLE, f"no final pass from {node}: {reason}")
                return False
            await asyncio.sleep(_RETRY)

    async def pull(self, node: str) -> None:
        """Take over a later pass that another copy has; PassRefused."""
        is_made = await self._surroundings.while_member(node, self._pass_from(node))
        if not is_made:
            reason = self.fault[1] if is_made is False else f"{node} has left the cluster"
            raise PassRefused(SOURCE, reason)

    def lose(self, node: str, *, is_sealed: bool = False) -> None:
        """Freeze what can be proven now that the source was demoted, or left the membership."""
        lag = self.lag if node == self.source else math.inf
        self._ledger.change(records.lose_source, node, lag, sealed=is_sealed)
        if node == self.source:
            self.source = ""

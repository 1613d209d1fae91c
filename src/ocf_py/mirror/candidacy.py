"""How good a candidate for promotion the instance is: the cluster plans by it, promote decides."""

from __future__ import annotations

from ocf_py.outcomes import MINUS_INFINITY

from .decisions import Verdict, allow_stale, judge_candidate, judge_promotion, stay
from .refusals import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from .following import Following
    from .ledger import Ledger
    from .settings import Settings
    from .surroundings import Surroundings


class Candidacy:
    """The verdict of one instance, as of the last look at its surroundings."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        surroundings: Surroundings,
        following: Following,
        tell: Callable[[], Awaitable[None]],
    ) -> None:
        #: Tells the cluster the verdict's score, whatever else is going on.
        self.tell = tell
        self._settings = settings
        self._ledger = ledger
        self._surroundings = surroundings
        self._following = following
        self.verdict = _no("it has only just started")
        self._given_way = ""

    def stay(self) -> None:
        """It is promoted."""
        self.verdict = stay()

    def refuse(self, verdict: Verdict) -> None:
        """A promotion came to this."""
        self.verdict = verdict

    def give_way(self, node: str, reason: str) -> Verdict:
        """What is to be taken over from ``node`` cannot be; it is a candidate itself, though."""
        said = f"{node} has a later pass, which cannot be taken over: {reason}"
        self._given_way = node
        return _no(said)

    @staticmethod
    def without_quorum() -> Verdict:
        """What had been allowed is not any more."""
        return _no("the quorum was lost meanwhile")

    def estimate(self) -> None:
        """Say, by the last look, how good a candidate this copy is."""
        record, facts = self._ledger.record, self._surroundings.facts()
        source, max_lag = self._following.source, self._settings.max_lag
        waiting, exchanged = self._surroundings.whom_to_wait_for(), self._find_exchanged()
        if exchanged:
            self.verdict = _no(exchanged)
            return
        if waiting:
            verdict = _no(f"the mirror on {waiting} has not answered yet")
        elif source:
            verdict = judge_candidate(record, facts, max_lag, self._following.lag, source)
        else:
            verdict = judge_promotion(record, facts, max_lag)
        if verdict.allowed and verdict.pull_from and verdict.pull_from == self._given_way:
            return  # as long as that one is there, this one would only be refused again
        self._given_way = ""
        self.verdict = self._lenient(verdict)

    async def decide(self) -> Verdict:
        """Look at everything anew, and say whether this instance may be promoted now."""
        if self._ledger.record.tree is None:
            self._ledger.note_content()
        await self._surroundings.look()
        await self._surroundings.confirm_death()
        waiting = self._surroundings.whom_to_wait_for()
        if waiting:
            return _no(f"the mirror on {waiting} has not answered yet")
        exchanged = self._find_exchanged()
        if exchanged:
            return _no(exchanged)
        facts = self._surroundings.facts()
        verdict = judge_promotion(self._ledger.record, facts, self._settings.max_lag)
        return self._lenient(verdict)

    def _find_exchanged(self) -> str:
        """Why what is in the directory is no copy of anything, whatever the record tells."""
        try:
            return self._ledger.place.find_exchanged(self._ledger.record)
        except OSError as error:
            return describe(error)

    def _lenient(self, verdict: Verdict) -> Verdict:
        if not self._settings.allow_stale:
            return verdict
        return allow_stale(verdict, self._ledger.record)


def _no(reason: str) -> Verdict:
    return Verdict(allowed=False, score=MINUS_INFINITY, reason=reason)

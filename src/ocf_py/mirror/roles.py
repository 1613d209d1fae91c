"""What the cluster asks of an instance, and an admin: to change its role, and all around that."""

from __future__ import annotations

import asyncio
import secrets as random

from ocf_py.log import Log
from ocf_py.outcomes import Failure

from . import record as records
from .clock import now
from .control import Refused
from .order import PassRefused
from .refusals import describe
from .serving import has_all
from .settings import BTRFS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any, NoReturn

    from .asides import Asides
    from .candidacy import Candidacy
    from .decisions import Verdict
    from .following import Following
    from .ledger import Ledger
    from .serving import Serving
    from .settings import Settings
    from .surroundings import Surroundings
    from .turns import Turns

_CONFIRMED_BY = 0.3  # seconds between two looks whether the copies have the final pass
_MOST_CHECKS = 3  # a pull before a promotion, and another if a peer is later still


class Roles:
    """Promoted or not, and the way between. Every method raises Refused where it does nothing."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        surroundings: Surroundings,
        serving: Serving,
        following: Following,
        candidacy: Candidacy,
        asides: Asides,
        turns: Turns,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._surroundings = surroundings
        self._serving = serving
        self._following = following
        self._candidacy = candidacy
        self._asides = asides
        self._turns = turns
        self._log = Log("MirrorSync", settings.instance)
        self._owes: set[str] = set()
        self._publishing: asyncio.Task[None] | None = None
        self.is_promoted = False

    # ------------------------------------------------------------------ promoted

    async def promote(self, seconds: float) -> None:
        """Be promoted, if that is allowed; peers that have a later pass are pulled from first."""
        if self.is_promoted:
            return
        end = now() + seconds
        async with self._turns.alone():
            verdict = await self._candidacy.decide()
            checks = 1
            while verdict.allowed and verdict.pull_from and checks < _MOST_CHECKS:
                refusal = await self._pull(verdict.pull_from)
                if refusal:
                    await self._decline(self._candidacy.give_way(verdict.pull_from, refusal))
                verdict = await self._candidacy.decide()
                checks += 1
            if not verdict.allowed:
                await self._decline(verdict)
            # A fenced node that is back by the time this is done was fenced all the same.
            before, had_quorum = records.end_of_parent(self._ledger.record), self._has_quorum
            self._ledger.place.layout.check()
            with self._ledger.at_disk():
                self._ledger.place.retire()
            await self._asides.part(end)
            await self._serving.watch(by_inotify=self._settings.trigger == "inotify")
            try:
                if had_quorum and not self._has_quorum:
                    await self._decline(self._candidacy.without_quorum())
                self._ledger.change(records.open_generation, random.token_hex(4), before)
            except (OSError, Refused):
                self._serving.end()
                raise
            self.is_promoted = True
            self._serving.copies = list(self._settings.peers)
            if self._settings.snapshot == BTRFS:
                self._serving.moments.begin()
            self._following.rest()
            self._candidacy.stay()
        self._log.info(f"promoted: generation {self._ledger.record.generation}: {verdict.reason}")
        self._publishing = asyncio.ensure_future(self.publish())

    @property
    def _has_quorum(self) -> bool:
        return self._surroundings.has_quorum

    async def _pull(self, node: str) -> str:
        """Take over the later pass of a peer; why that cannot be, if it can be reached at all."""
        try:
            await self._following.pull(node)
        except (PassRefused, OSError) as refused:
            # One that has left is not there to be promoted instead: it is decided anew.
            return str(refused) if node in self._surroundings.reachable() else ""
        return ""

    async def _decline(self, verdict: Verdict) -> NoReturn:
        """Refuse to be promoted, and tell the cluster first, lest it choose this one again."""
        self._ledger.change(records.decline)
        self._candidacy.refuse(verdict)
        await self._candidacy.tell()
        raise Refused(f"not promoted: {verdict.reason}")

    async def publish(self) -> None:
        """Let the cluster know the generation that this node owns, where that can be done."""
        try:
            await asyncio.to_thread(self._surroundings.publish)
        except (Failure, OSError) as error:
            self._log.warning(f"the generation is not in the cluster's attributes: {error}")

    async def demote(self, seconds: float, copies: Sequence[str] = ()) -> None:  # noqa: ARG002
        """Close the generation; its tree is served on, to ``copies`` that make their final pass."""
        async with self._turns.alone():
            self._ledger.change(records.seal)
            self._serving.end()
            await self.give_up_moments()
            self.is_promoted = False
            self._owes = {*copies} & self._settings.peers.keys()
            self._following.rest()
        self._candidacy.estimate()

    async def give_up_moments(self) -> None:
        """Nobody is to pull from a snapshot any more; also what a worker left that was killed."""
        try:
            await self._serving.moments.end()
        except OSError as error:
            self._log.warning(f"a snapshot stays: {describe(error)}")

    # ------------------------------------------------------------------ the others' roles

    async def announce(self, seconds: float, nodes: Sequence[str]) -> None:  # noqa: ARG002
        """The cluster is about to promote these.

        It may promote once more who is promoted, as after a reload: that changes nothing, so the
        announcement would never be answered, and the others would wait for that for good.
        """
        for node in nodes:
            is_done = self.is_promoted and node == self._settings.node
            if node in self._settings.addresses and not is_done:
                self._ledger.change(records.announce, node)

    async def finish(self, seconds: float, nodes: Sequence[str]) -> None:
        """These were demoted: the final pass."""
        if self.is_promoted:
            return
        async with self._turns.alone():
            await self._following.finish(
                [node for node in nodes if node in self._settings.peers], seconds
            )
            self._candidacy.estimate()

    async def look(
        self,
        seconds: float,  # noqa: ARG002
        started: Sequence[str] = (),
        stopped: Sequence[str] = (),
    ) -> None:
        """Something has changed among the others: the cluster started some, or stopped some."""
        self._surroundings.note_mirrors(started, stopped)
        self._turns.wake.set()

    async def stop(self, seconds: float, copies: Sequence[str] = ()) -> None:
        """Serve on until each of ``copies`` has the final pass."""
        end = now() + seconds
        if self.is_promoted:
            await self.demote(seconds, copies)
        self._owes &= {*copies}
        while self._owes and now() + _CONFIRMED_BY < end:
            self._owes &= {*self._surroundings.reachable()}
            await self._surroundings.look(self._owes)
            for node in [*self._owes]:
                seen = self._surroundings.seen.get(node)
                if seen is not None and has_all(seen.record, self._ledger.record):
                    self._owes.discard(node)
            if self._owes:
                await asyncio.sleep(_CONFIRMED_BY)
        if self._owes:
            without = ", ".join(sorted(self._owes))
            self._log.warning(f"stopping without the final pass of {without}")

    # ------------------------------------------------------------------ what an admin decides

    async def init(self, seconds: float) -> dict[str, Any]:  # noqa: ARG002
        """Open the first generation here."""
        async with self._turns.alone():
            await self._surroundings.look()
            record, facts = self._ledger.record, self._surroundings.facts()
            others = (one for peer in facts.peers.values() for one in peer.record.known)
            if record.tree is not None or record.conceded or {*record.known, *others}:
                raise Refused("there is a generation already", "see ocf-py mirror status")
            self._ledger.change(records.prevail, random.token_hex(4))
        self._candidacy.estimate()
        return {"generation": str(self._ledger.record.generation)}

    async def resolve(self, seconds: float, loser: str) -> dict[str, Any]:  # noqa: ARG002
        """Give up this node's tree, or what another has beside it."""
        if loser not in self._settings.addresses:
            raise Refused(
                f"{loser} is no node of this mirror",
                f"name one of {', '.join(sorted(self._settings.addresses))}",
            )
        if self.is_promoted:
            raise Refused(
                "it is promoted here", "a promoted directory is the truth; name the loser on itself"
            )
        async with self._turns.alone():
            await self._surroundings.look()
            if loser == self._settings.node:
                self._ledger.change(records.concede)
            else:
                self._ledger.change(records.prevail, random.token_hex(4))
            self._following.rest()
        self._candidacy.estimate()
        generation = self._ledger.record.generation
        return {"generation": None if generation is None else str(generation)}

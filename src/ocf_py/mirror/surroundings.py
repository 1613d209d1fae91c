"""What an instance knows of the others: the membership, their records, the cluster's attributes."""

from __future__ import annotations

import asyncio
import time
from typing import NamedTuple, TypeVar

from ocf_py.fencing_history import was_fenced
from ocf_py.outcomes import Failure

from . import record as records
from .clock import now
from .decisions import Facts, Peer
from .generations import Generation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

    from ocf_py.cluster import Cluster

    from .ledger import Ledger
    from .membership import View
    from .peers import Peers
    from .record import Record

_Result = TypeVar("_Result")

_PATIENCE = 60.0  # seconds for a member of the cluster to start its mirror, at a cold start


class Seen(NamedTuple):
    """A peer's record, and when the look at it began (CLOCK_BOOTTIME)."""

    record: Record
    at: float


class Surroundings:
    """The peers as far as they can be reached; a mirror of one node needs no quorum."""

    def __init__(
        self,
        ledger: Ledger,
        peers: Peers,
        cluster: Callable[[], Cluster],
        attribute: str,
        active: Iterable[str] = (),
    ) -> None:
        self._ledger = ledger
        self.peers = peers
        self._cluster = cluster
        self._attribute = attribute
        self._started = now()
        self._started_at = time.time()
        #: When each was alive for sure: a fencing from before that is not of its last death.
        self._alive_at: dict[str, float] = {}
        self._active = {*active}
        self._named: tuple[Generation, ...] = ()
        #: Set once it is known whether there is a membership, and which.
        self.is_known = asyncio.Event()
        self._concerning: dict[str, set[asyncio.Task[Any]]] = {}
        self.view: View | None = None
        self._unnamed = ""
        self.seen: dict[str, Seen] = {}

    # ------------------------------------------------------------------ the membership

    def recognize(self, view: View | None, node: str) -> View | None:
        """The view if ``node``, which this is, has its name in it; None where it has not.

        The others would have another name as well: none could be reached, and all would be asked
        for nothing.
        """
        self._unnamed = ""
        if view is None or node in view.members or not self.peers.sources:
            return view
        named = ", ".join(sorted(view.members))
        self._unnamed = (
            f"Corosync knows no node {node}, only {named}: give each node its name in the nodelist "
            "of corosync.conf"
        )
        return None

    @property
    def trouble(self) -> str:
        """What keeps this node from knowing the membership, or a peer that is there; or ""."""
        refusing = sorted(self.peers.refusing.intersection(self.reachable()))
        if self._unnamed or not refusing:
            return self._unnamed
        return (
            f"{', '.join(refusing)} refuses the secret of this node: "
            "secrets_file has to be the same on all nodes"
        )

    def note(self, view: View | None) -> tuple[set[str], set[str]]:
        """Take the membership as it is now; return who has joined, and who has left."""
        before = self.view.members if self.view else frozenset()
        after = view.members if view else frozenset()
        is_first = self.view is None
        self.view = view
        self.is_known.set()
        joined, left = set(after - before), set(before - after)
        if is_first and view is not None:  # while there was none, anybody was looked at
            left |= self.seen.keys() - after
        for node in left:
            self.seen.pop(node, None)
            for task in self._concerning.get(node, ()):
                task.cancel()
        if view is not None:
            self._active &= after  # whoever comes again starts its mirror again
        if is_first:
            return set(), left
        for node in joined:
            self._alive_at[node] = time.time()
        return joined, left

    @property
    def has_quorum(self) -> bool:
        """Whether others cannot have decided differently meanwhile."""
        return not self.peers.sources or (self.view is not None and self.view.quorum)

    def reachable(self) -> list[str]:
        """The peers that are in the cluster; all of them where nobody says who is."""
        if self.view is None:
            return list(self.peers.sources)
        return [node for node in self.peers.sources if node in self.view.members]

    async def while_member(self, node: str, work: Coroutine[Any, Any, _Result]) -> _Result | None:
        """What comes of ``work``, None where the node leaves the membership before it is done.

        The cluster fences nobody before an action is through that waits for the dead one.
        """
        task = asyncio.ensure_future(work)
        tasks = self._concerning.setdefault(node, set())
        tasks.add(task)
        try:
            await asyncio.wait({task})
        finally:
            tasks.discard(task)
            if not task.done():  # whoever waits for it was cancelled
                task.cancel()
                await asyncio.wait({task})
        return None if task.cancelled() else task.result()

    async def confirm_death(self) -> None:
        """Note in the record whether the source that was lost is confirmed to be dead."""
        proof = self._ledger.record.evidence
        if proof is None or proof.confirmed:
            return
        since = self._alive_at.get(proof.source, self._started_at)
        if await asyncio.to_thread(was_fenced, proof.source, since):
            self._ledger.change(records.confirm_death, proof.source)

    # ------------------------------------------------------------------ the peers

    async def look(self, nodes: Iterable[str] | None = None) -> None:
        """Read the records of the peers that can be reached, and remember what they name."""
        asked = self.reachable() if nodes is None else list(nodes)
        began = now()
        found = await asyncio.gather(
            *(self.while_member(node, self.peers.look(node)) for node in asked)
        )
        for node in asked:
            self.seen.pop(node, None)
        for record in found:
            if record is not None:
                self.hear(record, began)
        self._named = await asyncio.to_thread(self._read_attributes)
        self._ledger.change(records.hear_named, self._named)

    def hear(self, record: Record, at: float) -> None:
        """Take note of a peer's record that was read at ``at``."""
        self.seen[record.node] = Seen(record, at)
        self._alive_at[record.node] = time.time() - (now() - at)
        self._ledger.change(records.hear, record)

    def why_unheard(self, node: str) -> str:
        """Why nothing is known of a peer; "" where it was not looked at yet."""
        if node not in self.reachable():
            return "it is not in the cluster's membership"
        return self.peers.unheard.get(node, "")

    def find_source(self) -> str:
        """The peer that is promoted and can be reached, "" where none is."""
        serving = [
            (one.record.lineage[0].generation, node)
            for node, one in self.seen.items()
            if one.record.is_open and one.record.lineage
        ]
        return max(serving)[1] if serving else ""

    def facts(self) -> Facts:
        """What a decision goes by, as of the last look."""
        return Facts(
            peers={
                node: Peer(one.record, one.record.is_open, not one.record.filled)
                for node, one in self.seen.items()
            },
            all_answered=len(self.seen) == len(self.peers.sources),
            attributes=self._named,
            quorum=self.has_quorum,
            is_empty=not self._ledger.record.filled,
            nodes=len(self.peers.sources) + 1,
            members=frozenset(self.reachable()),
            active=frozenset(self._active.intersection(self.reachable())),
        )

    def note_mirrors(self, started: Iterable[str], stopped: Iterable[str]) -> None:
        """The cluster has started the mirror on some nodes, and stopped it on others."""
        self._active = (self._active | {*started}) - {*stopped}

    def whom_to_wait_for(self) -> str:
        """A member of the cluster whose mirror may be about to start, and to know better.

        So it is at a cold start of the site. Who has watched all the time waits for nobody.
        """
        if self.view is None or now() - self._started > _PATIENCE:
            return ""
        unmet = self._ledger.record.unmet
        return next((node for node in self.reachable() if node in unmet), "")

    # ------------------------------------------------------------------ the cluster's attributes

    def publish(self) -> None:
        """Write the generation that this node owns to an attribute of it; OSError, Failure.

        Whoever cannot reach this mirror, or finds it stopped, hears of the generation by that.
        """
        generation = self._ledger.record.generation
        if generation is not None and self._ledger.record.owns:
            self._cluster().set_attribute(self._attribute, str(generation))

    def _read_attributes(self) -> tuple[Generation, ...]:
        """The generations that the cluster's attributes name; none where they cannot be read."""
        if self.view is None:
            return ()
        try:
            texts = self._cluster().attributes(self._attribute)
        except Failure:
            return ()
        found = []
        for text in texts.values():
            counter, _, identity = text.partition("-")
            if counter.isdecimal() and identity:
                found.append(Generation(int(counter), identity))
        return tuple(found)

"""A cluster of up to four nodes that plays the generation protocol, and knows the whole truth.

The truth is what no node has: every write that was accepted, when and in which generation, who
has met whom, and who descends from whom. The nodes decide by the protocol alone; the judge compares
what they did with the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from ocf_py.mirror import decisions, record
from ocf_py.mirror.generations import DEMOTED, FENCED, OWN, Position

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ocf_py.mirror.decisions import Verdict
    from ocf_py.mirror.generations import Generation
    from ocf_py.mirror.record import Record

MAX_LAG = 2
NEVER = float("inf")


@dataclass
class Pass:
    """One that is under way: from whom, what the source had when it began, and at which moment."""

    source: str
    generation: Any
    began: int
    at_least: frozenset[int]
    decision: Any


@dataclass
class Node:
    """`record`, `tree`, `asides` and `inode` are on its disk; the rest goes with its power."""

    name: str
    record: Any
    tree: frozenset[int] = frozenset()
    asides: dict[str, frozenset[int]] = field(default_factory=dict)
    inode: int = 0
    up: bool = True
    #: Whether the cluster has started its instance: nobody hears of one in standby.
    active: bool = True
    ring: int = 0
    present: frozenset[str] = frozenset()
    has_quorum: bool = True
    promoted: bool = False
    has_seen_all: bool = True
    #: Who was there when its instance last looked.
    members: frozenset[str] = frozenset()
    source: str = ""
    checked: float = -NEVER
    under_way: Pass | None = None
    #: Whether it fails to write its generation to the cluster's attributes.
    is_mute: bool = False


@dataclass(frozen=True)
class Write:
    owner: str
    generation: Generation
    time: int


class Cluster:
    """`rules` and `records` are the protocol's modules, or copies of them that lack something."""

    def __init__(
        self,
        size: int,
        *,
        fencing: bool,
        voters: int = 0,
        rules: Any = decisions,
        records: Any = record,
    ) -> None:
        """`voters` are nodes that vote for the group 0, have no mirror and are always up."""
        self.rules = rules
        self.records = records
        self.fencing = fencing
        self.time = 0
        self._numbers = count(1)
        self._rings = count(1)
        self.voters = [f"v{number}" for number in range(1, voters + 1)]
        names = [f"n{number}" for number in range(1, size + 1)]
        self.nodes = {name: Node(name, records.Record(name)) for name in names}
        self.group = dict.fromkeys(names, 0)
        self.cut_links: set[frozenset[str]] = set()
        # The truth.
        self.writes: dict[int, Write] = {}
        self.parents: dict[Generation, Generation | None] = {}
        self.owners: dict[Generation, str] = {}
        self.ends: dict[Generation, str] = {}
        self.served_until: dict[Generation, int] = {}
        self.met: dict[frozenset[str], int] = {}
        self.learnt: dict[str, set[Generation]] = {name: set() for name in names}
        self.conceded: set[Generation] = set()
        self.forgiven: set[int] = set()
        self._meet()
        for node in self.nodes.values():
            self._begin_to_watch(node)
        first = self.nodes["n1"]
        self._open(first)

    # ------------------------------------------------------------------ who sees whom

    def ups(self) -> list[Node]:
        return [node for node in self.nodes.values() if node.up]

    def mates(self, node: Node) -> list[Node]:
        """All that are up in its partition, itself included."""
        return [other for other in self.ups() if self.group[other.name] == self.group[node.name]]

    def reachable(self, node: Node) -> list[Node]:
        return [
            other
            for other in self.mates(node)
            if other.active
            and other is not node
            and frozenset((node.name, other.name)) not in self.cut_links
        ]

    def actives(self) -> list[Node]:
        return [node for node in self.ups() if node.active]

    def peers(self, node: Node) -> list[str]:
        return [name for name in self.nodes if name != node.name]

    def _present(self, node: Node) -> frozenset[str]:
        voters = self.voters if self.group[node.name] == 0 else ()
        return frozenset((*(mate.name for mate in self.mates(node)), *voters))

    def has_quorum(self, node: Node) -> bool:
        """A majority; of two nodes also one that has seen the other since its stack started."""
        present, every = len(self._present(node)), len(self.nodes) + len(self.voters)
        if every == 2:
            return present == 2 or node.has_seen_all
        return present * 2 > every

    def _form_rings(self) -> None:
        """Corosync names each membership anew that is not as it was."""
        for group in {*self.group.values()}:
            mates = [node for node in self.ups() if self.group[node.name] == group]
            if any(node.present != self._present(node) for node in mates):
                ring = next(self._rings)
                for node in mates:
                    node.ring, node.present = ring, self._present(node)
                    node.has_seen_all = node.has_seen_all or len(mates) == len(self.nodes)

    def _begin_to_watch(self, node: Node) -> None:
        """An instance has started: has it missed anything?"""
        node.members = node.present
        if node.record.watched != str(node.ring):
            self._change(node, self.records.miss, self.peers(node))
        self._change(node, self.records.watch, str(node.ring))
        node.has_quorum = self.has_quorum(node)
        if not node.has_quorum:
            self._change(node, self.records.lose_sight, self.peers(node))

    def _meet(self) -> None:
        """The membership changes: each node sees who joined and who left."""
        self._form_rings()
        for node in self.actives():
            now, was_blind = node.present, not node.has_quorum
            for name in now - node.members - {node.name}:
                self._change(node, self.records.see_join, name)
            for name in node.members - now:
                if name == node.source:
                    self._lose_source(node)
            node.members = now
            node.has_quorum = self.has_quorum(node)
            if was_blind or not node.has_quorum:
                self._change(node, self.records.lose_sight, self.peers(node))
            self._change(node, self.records.watch, str(node.ring))
        self._note_contacts()

    def _note_contacts(self) -> None:
        for node in self.ups():
            for mate in self._present(node):
                self.met[frozenset((node.name, mate))] = self.time

    def _lose_source(self, node: Node, *, sealed: bool = False) -> None:
        lag = self.time - node.checked
        self._change(node, self.records.lose_source, node.source, lag, sealed=sealed)
        node.source, node.checked, node.under_way = "", -NEVER, None

    def _change(self, node: Node, change: Callable[..., Record], *what: Any, **more: Any) -> None:
        node.record = change(node.record, *what, **more)

    # ------------------------------------------------------------------ what happens

    def tick(self) -> None:
        self.time += 1
        for generation, owner in self.owners.items():
            node = self.nodes[owner]
            if node.promoted and node.record.generation == generation:
                self.served_until[generation] = self.time
        self._note_contacts()

    def write(self, node: Node) -> None:
        number = next(self._numbers)
        assert node.record.generation is not None
        self.writes[number] = Write(node.name, node.record.generation, self.time)
        node.tree |= {number}
        self._change(node, self.records.advance)

    def hear(self, node: Node) -> None:
        """Read every peer's record that can be reached, and the cluster's attributes."""
        named = [mate.record.generation for mate in self.mates(node) if not mate.is_mute]
        self._change(node, self.records.hear_named, [one for one in named if one])
        for peer in self.reachable(node):
            self._change(node, self.records.hear, peer.record)
            self.learnt[node.name] |= self.learnt[peer.name]

    def begin_pass(self, node: Node, source: Node) -> None:
        self._change(node, self.records.hear, source.record)
        self.learnt[node.name] |= self.learnt[source.name]
        decision = self.rules.follow(node.record, source.record, is_empty=not node.tree)
        if decision.kind not in (self.rules.FOLLOW, self.rules.SET_ASIDE):
            return
        node.source = source.name
        generation, moment = source.record.generation, source.record.moment
        node.under_way = Pass(source.name, generation, moment, source.tree, decision)
        node.record_time = self.time  # type: ignore[attr-defined]

    def end_pass(self, node: Node, kept: Callable[[set[int]], set[int]], crash: str = "") -> None:
        """`kept` chooses, of what was written meanwhile, what the pass has caught."""
        under_way, node.under_way = node.under_way, None
        assert under_way is not None
        source = self.nodes[under_way.source]
        gone = source not in self.reachable(node) or not source.promoted
        if gone or source.record.generation != under_way.generation:
            return
        meanwhile = set(source.tree - under_way.at_least)
        content = under_way.at_least | kept(meanwhile)
        moment = source.record.moment
        position = Position(under_way.generation, under_way.began, moment)
        lineage = source.record.lineage
        if self._exchange(node, content, position, lineage, under_way.decision, crash):
            node.checked = node.record_time  # type: ignore[attr-defined]

    def _pull(self, node: Node, peer: Node) -> None:
        """Take over the tree of a peer that nobody writes to."""
        decision = self.rules.follow(node.record, peer.record, is_empty=not node.tree)
        if decision.kind in (self.rules.FOLLOW, self.rules.SET_ASIDE):
            self._exchange(
                node, peer.tree, peer.record.tree, peer.record.lineage, decision, crash=""
            )

    def _exchange(
        self,
        node: Node,
        content: frozenset[int],
        position: Position,
        lineage: Any,
        decision: Any,
        crash: str,
    ) -> bool:
        inode = next(self._numbers)
        aside = f"aside-{inode}" if decision.kind == self.rules.SET_ASIDE else ""
        incoming = self.records.Incoming(inode, position, lineage, aside, decision.end)
        self._change(node, self.records.intend, incoming)
        if crash == "before":
            self.crash(node)
            return False
        if aside:
            node.asides[aside] = node.tree
        else:
            lost = node.tree - content
            assert not lost, f"{node.name} erases {lost}"
        node.tree, node.inode = content, inode
        if crash == "after":
            self.crash(node)
            return False
        self._change(node, self.records.arrive)
        return True

    def _recover(self, node: Node) -> None:
        coming = node.record.incoming
        if coming is not None:
            happened = coming.inode == node.inode
            self._change(node, self.records.arrive if happened else self.records.withdraw)

    def demote(self, node: Node, finishing: list[Node]) -> None:
        """A planned demotion; those of `finishing` make their final pass."""
        node.promoted = False
        self._change(node, self.records.seal)
        for mate in self.mates(node):
            if mate.source != node.name or not mate.active:
                continue
            can = mate in finishing and mate in self.reachable(node)
            if can:
                mate.under_way = None
                self._change(mate, self.records.hear, node.record)
                self._pull(mate, node)
            self._lose_source(mate, sealed=mate.record.tree == node.record.tree)
            if can and mate.record.tree == node.record.tree and self.has_quorum(mate):
                self._must_be_allowed(mate, "its source was demoted, and it has the final pass")

    def crash(self, node: Node) -> None:
        ready = [mate for mate in self.mates(node) if self._is_ready(mate, node)]
        node.up = node.active = node.promoted = False
        node.source, node.checked, node.under_way = "", -NEVER, None
        self._meet()
        if len(self.nodes) == 2 and self.fencing:
            for mate in filter(self.has_quorum, ready):
                self._must_be_allowed(mate, f"it had all of {node.name}, which died")

    def _is_ready(self, mate: Node, source: Node) -> bool:
        """A copy that follows to this very moment, of a line that nobody has left."""
        return (
            mate.source == source.name
            and source.promoted
            and mate.checked == self.time
            and mate.record.generation == source.record.generation
            and not any(self._is_split(mate.record.generation, one) for one in self.parents)
        )

    def boot(self, node: Node, *, standby: bool = False) -> None:
        node.up, node.has_seen_all, node.present = True, False, frozenset()
        self._meet()
        if not standby:
            self.start(node)

    def restart(self, node: Node) -> None:
        """The instance alone, unpromoted; the cluster's stack runs on."""
        was_allowed = self._may_follow_nobody(node) and self.judge(node).allowed
        self.stop(node)
        self.start(node)
        if was_allowed:
            self._must_be_allowed(node, "it was before it started anew")

    def _may_follow_nobody(self, node: Node) -> bool:
        """What it was worth while it followed somebody goes with its instance."""
        return not node.source and not any(mate.promoted for mate in self.mates(node))

    def stop(self, node: Node) -> None:
        """The instance alone, in order: as in standby, or before the node shuts down."""
        if node.promoted:
            self.demote(node, self.actives())
        node.active = False
        node.source, node.checked, node.under_way = "", -NEVER, None

    def shut_down(self, node: Node) -> None:
        self.stop(node)
        self.crash(node)

    def start(self, node: Node) -> None:
        node.active = True
        self._recover(node)
        self._begin_to_watch(node)
        mates = self.mates(node)
        promoted = [mate.name for mate in mates if mate.promoted and mate is not node]
        self._change(node, self.records.start, promoted)
        self.hear(node)

    def fence(self, node: Node) -> None:
        """The partition of `node` makes sure of all that it does not see."""
        for other in self.nodes.values():
            if self.group[other.name] != self.group[node.name] or not other.up:
                if other.up:
                    self.crash(other)
                for mate in self.mates(node):
                    if mate.active:
                        self._change(mate, self.records.confirm_death, other.name)

    def part(self, groups: dict[str, int]) -> None:
        self.group = groups
        self._meet()

    def promote(self, node: Node, *, dies: bool = False) -> bool:
        """As Pacemaker does it: fence, announce to all, then promote."""
        if self.fencing and self.has_quorum(node):
            self.fence(node)
        for mate in self.mates(node):
            if mate.active:
                self._change(mate, self.records.announce, node.name)
        if dies:
            self.crash(node)
            return False
        verdict = self.judge(node)
        if verdict.allowed and verdict.pull_from:
            self._pull(node, self.nodes[verdict.pull_from])
            verdict = self.judge(node)
        if not verdict.allowed or verdict.pull_from:
            self._change(node, self.records.decline)
            return False
        self._check_promotion(node)
        self._open(node)
        return True

    def _open(self, node: Node) -> None:
        parent = node.record.generation
        self._change(node, self.records.open_generation, f"{next(self._numbers):04x}")
        generation = node.record.generation
        assert generation is not None
        self.parents[generation] = parent
        self.owners[generation] = node.name
        self.ends[generation] = node.record.lineage[0].end
        self.served_until[generation] = self.time
        self.learnt[node.name].add(generation)
        self.forgiven |= self.writes.keys() - node.tree
        node.promoted = True
        node.source, node.checked, node.under_way = "", -NEVER, None

    def resolve(self, loser: Node) -> None:
        """An admin names the loser: with its tree goes what no other tree came from."""
        if loser.record.owns:
            others = [node for node in self.nodes.values() if node is not loser]
            kept = {one for node in others for one in self.line(node.record.generation)}
            lost = loser.record.generation
            self.conceded |= {lost} | ({*self.line(lost)} - kept)
        self._change(loser, self.records.concede)

    # ------------------------------------------------------------------ what the nodes decide

    def facts(self, node: Node) -> Any:
        peers = {
            peer.name: self.rules.Peer(peer.record, peer.promoted, not peer.tree)
            for peer in self.reachable(node)
        }
        return self.rules.Facts(
            peers=peers,
            all_answered=len(peers) == len(self.nodes) - 1,
            quorum=self.has_quorum(node),
            is_empty=not node.tree,
            nodes=len(self.nodes),
            members=frozenset(mate.name for mate in self.mates(node)),
            active=frozenset(mate.name for mate in self.mates(node) if mate.active),
        )

    def judge(self, node: Node) -> Verdict:
        self.hear(node)
        verdict: Verdict = self.rules.judge_promotion(node.record, self.facts(node), MAX_LAG)
        return verdict

    # ------------------------------------------------------------------ what the truth says of it

    def line(self, generation: Generation | None) -> Iterator[Generation]:
        while generation is not None:
            yield generation
            generation = self.parents[generation]

    def _is_split(self, one: Generation | None, other: Generation) -> bool:
        if other in self.conceded or one is None:
            return False
        return one not in self.line(other) and other not in self.line(one)

    def _must_be_allowed(self, node: Node, why: str) -> None:
        if any(self._is_split(node.record.generation, one) for one in self.parents):
            return
        if any(mate.promoted for mate in self.mates(node)) or not node.record.lineage:
            return
        if self._unanswered(node):
            return
        verdict = self.judge(node)
        assert verdict.allowed, f"{node.name} is never promoted, though {why}: {verdict.reason}"

    def _unanswered(self, node: Node) -> bool:
        told = [name for one in (node, *self.reachable(node)) for name in one.record.announced]
        return any(name != node.name for name in told)

    def _check_promotion(self, node: Node) -> None:
        """No stale copy while a fresher one is known, and nothing lost but what the lag allows."""
        line = set(self.line(node.record.generation))
        beside = [one.name for one in self.nodes.values() if one.promoted]
        assert not self.fencing or not beside, f"{node.name} is promoted beside {beside}"
        for one in (node, *self.reachable(node)):
            assert not one.promoted, f"{node.name} is promoted in sight of {one.name}"
            newer = self.learnt[one.name] - line - self.conceded
            assert not newer, f"{node.name} is promoted, though {one.name} knows of {newer}"
            if self._is_later(one, node):
                fresher = one.tree - node.tree
                assert not fresher, f"{node.name} is promoted, though {one.name} has {fresher}"
        self._check_loss(node)

    def _is_later(self, one: Node, node: Node) -> bool:
        """Of the same generation, and its pass began later: it can prove more."""
        theirs, mine = one.record.tree, node.record.tree
        same = one.record.generation == node.record.generation
        return same and theirs is not None and mine is not None and theirs.began > mine.began

    def _check_loss(self, node: Node) -> None:
        mates = self.mates(node)
        witnesses = self._present(node)
        running = [mate for mate in mates if mate.active]
        if node.record.owns and len(running) * 2 > len(self.nodes):
            return  # it owns the newest generation that most of the mirror know
        if not self.fencing or self.conceded or len(self.reachable(node)) + 1 < len(mates):
            return
        for number in self.writes.keys() - node.tree - self.forgiven:
            write = self.writes[number]
            met = max(self.met.get(frozenset((one, write.owner)), -1) for one in witnesses)
            provable = min(self.served_until[write.generation], met) - MAX_LAG
            assert write.time >= provable, (
                f"{node.name} is promoted without {number} of {write}, at {self.time}"
            )

    def check_nothing_is_erased(self) -> None:
        kept = set().union(*(node.tree for node in self.nodes.values()))
        for node in self.nodes.values():
            kept.update(*node.asides.values())
        lost = self.writes.keys() - kept
        assert not lost, f"erased: {lost}"

    def check_divergence_is_noticed(self) -> None:
        for node in self.actives():
            for peer in self.reachable(node):
                if self._have_diverged(node, peer) or self._have_diverged(peer, node):
                    decision = self.rules.follow(node.record, peer.record)
                    assert decision.kind == self.rules.DIVERGED, (node.name, peer.name, decision)
                if self._have_diverged(node, peer):
                    assert not self.judge(node).allowed

    def _have_diverged(self, node: Node, peer: Node) -> bool:
        """Both were written to since they had one tree, and the end of neither was certain.

        Of two in one line, `node` is the one whose generation the other has left.
        """
        mine, theirs = node.record.generation, peer.record.generation
        if mine is None or theirs is None or node.record.incoming or peer.record.incoming:
            return False
        if mine in self.line(theirs):
            if mine == theirs or not node.tree - peer.tree:
                return False
            (branch,) = [one for one in self.line(theirs) if self.parents[one] == mine]
            # Of the writes that the other lacks, some may be of a generation before.
            return not self.fencing and self.ends[branch] not in (DEMOTED, FENCED, OWN)
        return theirs not in self.line(mine)

    def check_somebody_can_be_promoted(self) -> None:
        """All come back and see each other: who owns the newest generation is promoted."""
        self.cut_links.clear()
        self.group = dict.fromkeys(self.nodes, 0)
        self._meet()
        for node in self.nodes.values():
            if not node.up:
                self.boot(node)
        for node in self.nodes.values():
            if not node.promoted:
                self.stop(node)
                self.start(node)
        for node in (*self.nodes.values(), *self.nodes.values()):
            self.hear(node)
        living = [one for one in self.parents if one not in self.conceded]
        newest = [one for one in living if set(living) <= set(self.line(one))]
        if any(node.promoted for node in self.nodes.values()) or not newest or self.conceded:
            return
        allowed = [node.name for node in self.nodes.values() if self.judge(node).allowed]
        assert allowed, {node.name: self.judge(node).reason for node in self.nodes.values()}

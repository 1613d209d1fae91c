"""What one node knows of its mirror: durable, published to the peers, and changed in one place.

Each change is a function from a record to the next; nothing here reads a clock, a disk or a
network. What may be done on the strength of a record is in `decisions`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .generations import (
    DEMOTED,
    FENCED,
    FIRST,
    OPEN,
    OWN,
    UNCONFIRMED,
    Generation,
    Lineage,
    Opening,
    Position,
    may_be_newer,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: How many of each a record keeps. A tree from before the oldest opening is taken for a stranger's.
LONGEST_LINEAGE = 128
MOST_HEARD = 32


@dataclass(frozen=True)
class Evidence:
    """What a copy could prove when its source was lost; frozen there and then.

    ``lag`` is the age, in seconds, of the last check that had found nothing newer. ``sealed`` says
    that the tree is the very one that the source was demoted with, ``confirmed`` that the cluster
    has confirmed the source's death.
    """

    source: str
    lag: float
    sealed: bool = False
    confirmed: bool = False


@dataclass(frozen=True)
class Aside:
    """A tree that was set aside: its name in the store, how its generation ended, how far it came.

    ``position`` is None for what was found in the directory and was no tree of the mirror.
    """

    name: str
    end: str
    position: Position | None


@dataclass(frozen=True)
class Incoming:
    """A complete pass about to take the live tree's place.

    It has, once the two were exchanged if ``inode`` is the live directory's. ``aside`` is the name
    under which the tree that gives way is kept, "" where nothing of it would be lost.
    """

    inode: int
    position: Position
    lineage: Lineage
    aside: str = ""
    end: str = ""


@dataclass(frozen=True)
class Record:
    """One node's. ``tree`` is None where the directory holds no complete tree of the mirror.

    ``moment`` is the last one published by this node as the owner of its generation, and ``held``
    the last that it keeps a snapshot of for the copies, 0 where there is none. ``heard`` are
    generations that peers named and this tree does not descend from, ``conceded`` those that an
    admin gave up. ``announced`` are nodes that the cluster was about to promote, until their
    own records tell what became of it. ``live`` is the inode of the directory that a copy's last
    pass came with, 0 where that is not known. ``filled`` says whether there was anything in the
    directory: with that pass, or where there is no tree, when the instance started.

    ``watched`` is the membership that the node last watched, as `stack.mark` tells it. What it did
    not watch others may have lived through: ``unmet`` are those of the mirror that it has not heard
    since.
    """

    node: str
    tree: Position | None = None
    owns: bool = False
    moment: int = 0
    held: int = 0
    lineage: Lineage = ()
    evidence: Evidence | None = None
    heard: tuple[Generation, ...] = ()
    conceded: tuple[Generation, ...] = ()
    announced: tuple[str, ...] = ()
    incoming: Incoming | None = None
    asides: tuple[Aside, ...] = ()
    filled: bool = False
    live: int = 0
    watched: str = ""
    unmet: tuple[str, ...] = ()

    @property
    def generation(self) -> Generation | None:
        """The generation of the tree."""
        return self.tree.generation if self.tree else None

    @property
    def is_open(self) -> bool:
        """Whether its node was promoted and has not closed its generation since."""
        return self.tree is not None and self.tree.ended == OPEN

    @property
    def known(self) -> tuple[Generation, ...]:
        """Every generation it can name that may be newer than another's."""
        own = (self.lineage[0].generation,) if self.lineage else ()
        return own + self.heard


# ---------------------------------------------------------------- the promoted node


def open_generation(record: Record, identity: str, end: str = "") -> Record:
    """Be promoted: the next generation, from the tree that is there; ``identity`` is random.

    ``end`` is how the generation before had ended when this was decided, "" where that is now.
    """
    counter = max((one.counter for one in (*record.known, *record.conceded)), default=0) + 1
    generation = Generation(counter, identity)
    opening = Opening(generation, record.node, record.tree, end or end_of_parent(record))
    return replace(
        record,
        tree=Position(generation, OPEN, OPEN),
        owns=True,
        moment=1,
        held=0,
        lineage=(opening, *record.lineage)[:LONGEST_LINEAGE],
        evidence=None,
        announced=(),
        unmet=(),
    )


def end_of_parent(record: Record) -> str:
    """How the generation of the tree has ended, as far as this node can tell."""
    if record.tree is None:
        return FIRST
    if record.owns:
        return OWN
    if record.evidence is None:
        return UNCONFIRMED
    if record.evidence.sealed:
        return DEMOTED
    return FENCED if record.evidence.confirmed else UNCONFIRMED


def advance(record: Record) -> Record:
    """Publish the next moment: the tree may have changed since the last."""
    return replace(record, moment=record.moment + 1)


def hold(record: Record, moment: int) -> Record:
    """Keep a snapshot of a moment; 0 for none. A generation that is closed needs none."""
    return replace(record, held=moment if record.is_open else 0)


def seal(record: Record) -> Record:
    """Close the own generation: after a demote, or at the start that follows a crash.

    The moment counts on once more, since what was written last may be in no pass.
    """
    if record.tree is None or not record.is_open:
        return record
    moment = record.moment + 1
    tree = Position(record.tree.generation, moment, moment)
    return replace(record, moment=moment, held=0, tree=tree)


# ---------------------------------------------------------------- a copy


def intend(record: Record, incoming: Incoming) -> Record:
    """Be about to exchange the live tree for ``incoming``."""
    return replace(record, incoming=incoming)


def arrive(record: Record) -> Record:
    """The exchange has happened: the tree is the incoming one."""
    coming = record.incoming
    if coming is None:
        return record
    asides = record.asides
    if coming.aside:
        asides = (*asides, Aside(coming.aside, coming.end, record.tree))
    return replace(
        record,
        tree=coming.position,
        owns=False,
        moment=0,
        held=0,
        lineage=coming.lineage,
        live=coming.inode,
        heard=tuple(one for one in record.heard if may_be_newer(coming.lineage, one)),
        # A later pass of the same generation, from another copy, takes nothing from the proof.
        evidence=record.evidence if record.generation == coming.position.generation else None,
        incoming=None,
        asides=asides,
        unmet=(),  # whoever was followed has lived through it all
    )


def withdraw(record: Record) -> Record:
    """The exchange has not happened, and will not."""
    return replace(record, incoming=None)


def lose_source(record: Record, source: str, lag: float, *, sealed: bool = False) -> Record:
    """Freeze what can be proven now that the source has left the membership or was demoted.

    ``lag`` is infinite where no check was completed since this instance started. What was proven
    before of the same source stays: a sealed tree does not age.
    """
    if record.evidence is not None and record.evidence.source == source:
        return record
    return replace(record, evidence=Evidence(source, lag, sealed=sealed, confirmed=sealed))


def confirm_death(record: Record, node: str) -> Record:
    """The cluster has confirmed the fencing of ``node``."""
    if record.evidence is None or record.evidence.source != node:
        return record
    return replace(record, evidence=replace(record.evidence, confirmed=True))


def see_join(record: Record, node: str) -> Record:
    """``node`` is in the membership again: what its loss had proven is void.

    It may have been promoted, and written to, wherever it was meanwhile.
    """
    if record.evidence is None or record.evidence.source != node:
        return record
    return replace(record, evidence=None)


def lose_sight(record: Record, peers: Iterable[str]) -> Record:
    """The node has no quorum: of its ``peers``, any may know better from now on.

    A source that was not confirmed dead by then may go on where this node does not see it.
    """
    blind = replace(record, unmet=tuple(sorted(peers)))
    if record.evidence is None or record.evidence.confirmed:
        return blind
    return replace(blind, evidence=None)


def watch(record: Record, membership: str) -> Record:
    """The node watches this membership; whatever changes in it is noted one by one."""
    return replace(record, watched=membership)


def miss(record: Record, peers: Iterable[str]) -> Record:
    """The membership is another than the one that was watched last, and nobody saw the change.

    Whoever was lost may have come back meanwhile, been promoted and lost again, the one of a final
    pass and the one whose death was confirmed as well. Without a change there was no such return.
    """
    return replace(record, evidence=None, unmet=tuple(sorted(peers)), watched="")


# ---------------------------------------------------------------- what is heard


def announce(record: Record, node: str) -> Record:
    """The cluster is about to promote ``node``; told to all active instances, that one too."""
    others = tuple(one for one in record.announced if one != node)
    return replace(record, announced=(*others, node)[-MOST_HEARD:])


def start(record: Record, promoted: Iterable[str] = ()) -> Record:
    """The instance starts, unpromoted: its own announced promotion has come to its end.

    Whom the cluster says is ``promoted`` was so while this instance was not there to be told.
    """
    started = decline(seal(record))
    for node in promoted:
        started = announce(started, node)
    return started


def decline(record: Record) -> Record:
    """The own announced promotion did not happen."""
    return _answer(record, record.node)


def hear(record: Record, peer: Record) -> Record:
    """Take note of what a peer's record names, for good: the peer may be gone when it counts."""
    answered = peer.node not in peer.announced
    told = _answer(record, peer.node) if answered else record
    told = replace(
        told,
        conceded=_merge(record.conceded, peer.conceded),
        unmet=tuple(one for one in record.unmet if one != peer.node),
    )
    return hear_named(told, (*record.heard, *peer.known))


def hear_named(record: Record, generations: Iterable[Generation]) -> Record:
    """Take note of generations that somebody names: a peer, or an attribute of the cluster."""
    new = [one for one in generations if may_be_newer(record.lineage, one)]
    heard = {*record.heard, *new} - {*record.conceded}
    return replace(record, heard=tuple(sorted(heard, reverse=True)[:MOST_HEARD]))


def concede(record: Record) -> Record:
    """Give the own tree up, as an admin decided: it no longer counts.

    It stays in the directory until there is another, and is set aside then like any found there.
    """
    given_up = (record.generation,) if record.owns and record.generation else ()
    return replace(
        record,
        tree=None,
        owns=False,
        moment=0,
        held=0,
        lineage=(),
        evidence=None,
        conceded=_merge(record.conceded, given_up),
    )


def prevail(record: Record, identity: str) -> Record:
    """Make the own tree the truth, as an admin decided: all that others have beside it is given up.

    A generation of its own says so to whoever comes back; ``identity`` is random.
    """
    conceded = _merge(record.conceded, record.heard)
    alone = replace(record, heard=(), conceded=conceded, announced=(), evidence=None, unmet=())
    return seal(open_generation(alone, identity))


def note_content(record: Record, *, filled: bool) -> Record:
    """Say whether there is anything in the directory."""
    return replace(record, filled=filled)


def forget_asides(record: Record, names: Iterable[str]) -> Record:
    """Trees that were set aside are there no longer."""
    gone = frozenset(names)
    return replace(record, asides=tuple(one for one in record.asides if one.name not in gone))


def _answer(record: Record, node: str) -> Record:
    return replace(record, announced=tuple(one for one in record.announced if one != node))


def _merge(some: tuple[Generation, ...], more: tuple[Generation, ...]) -> tuple[Generation, ...]:
    return tuple(sorted({*some, *more}, reverse=True)[:MOST_HEARD])

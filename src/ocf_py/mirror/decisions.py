"""The rules of the generation protocol: whom a copy may follow, and who may be promoted.

Pure: a record, what the peers' records say, and what the cluster says go in, a verdict with its
reason comes out. One rule is one function; `tests/unit/mirror` takes them out one at a time and
sees a schedule go wrong for each.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .generations import UNCONFIRMED, find_branch, may_be_newer, names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .generations import Generation, Opening, Position
    from .record import Record

# What becomes of the own tree when a source is to be followed.
FOLLOW = "follow"
SET_ASIDE = "set aside"
DIVERGED = "diverged"
REFUSE = "refuse"

MINUS_INFINITY = -1_000_000
_OWNER_SCORE = 1000
_SEALED_SCORE = 900
_COPY_SCORES = ((0.5, 500), (0.75, 300), (1.0, 100))  # up to this part of max_lag
_LESS_THAN_LATER = 10  # than a copy that has a later pass: it is promoted without a pull
_FIRST_SCORE = 100
_STALE_SCORE = 1


@dataclass(frozen=True)
class Follow:
    """What to do about a source: one of the four words, and why."""

    kind: str
    reason: str
    end: str = ""


@dataclass(frozen=True)
class Peer:
    """A peer whose record was read just now. ``serves`` says that it is promoted."""

    record: Record
    serves: bool = False
    is_empty: bool = False


@dataclass(frozen=True)
class Facts:
    """What is known beside the own record, at the moment of a decision.

    ``peers`` are those that answered, ``all_answered`` says that none is missing. ``attributes``
    are generations that the cluster's attributes name. ``quorum`` is a real one: of a majority, or
    with wait_for_all. ``nodes`` is how many the mirror has, ``members`` are those of them in the
    membership, and ``active`` those of these on which the cluster has started it.
    """

    peers: Mapping[str, Peer] = field(default_factory=dict)
    all_answered: bool = False
    attributes: tuple[Generation, ...] = ()
    quorum: bool = False
    is_empty: bool = False
    nodes: int = 0
    members: frozenset[str] = frozenset()
    active: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """Whether to be promoted, with which score, and why; ``pull_from`` is to be pulled first."""

    allowed: bool
    score: int
    reason: str
    pull_from: str = ""


# ---------------------------------------------------------------- may I follow this source?


def follow(mine: Record, source: Record, *, is_empty: bool = False) -> Follow:
    """Decide what becomes of the own tree when ``source`` is to be copied.

    Only a tree whose every write the source has may give way to it; any other is kept.
    ``is_empty`` says that there is nothing in the directory.
    """
    if source.tree is None:
        return Follow(REFUSE, f"{source.node} has no complete tree")
    if mine.tree is None:
        return _follow_first(is_empty=is_empty)
    if mine.tree.generation in source.conceded:
        return Follow(SET_ASIDE, "an admin has given this tree up", UNCONFIRMED)
    if mine.tree.generation == source.tree.generation:
        return _follow_within_generation(mine.tree, source.tree)
    branch = find_branch(source.lineage, mine.tree.generation)
    if branch is None:
        return _follow_stranger(mine, source)
    return _follow_descendant(mine.tree, branch)


def _follow_first(*, is_empty: bool) -> Follow:
    """What lies in a directory that has no tree of the mirror is kept, whosever it is."""
    if is_empty:
        return Follow(FOLLOW, "there is no tree here yet")
    return Follow(SET_ASIDE, "what is in the directory is no tree of the mirror", UNCONFIRMED)


def _follow_descendant(mine: Position, branch: Opening) -> Follow:
    """The source descends from this tree's generation: what matters is where it left it."""
    if _is_before_branch(mine, branch.parent):
        return Follow(FOLLOW, f"at or before the branch of generation {branch.generation}")
    if _end_is_unconfirmed(branch.end):
        return Follow(
            DIVERGED,
            f"{branch.owner} was promoted to generation {branch.generation} while this tree may "
            "have been written to",
        )
    return Follow(
        SET_ASIDE,
        f"this tree is ahead of the branch of generation {branch.generation}",
        branch.end,
    )


def _follow_within_generation(mine: Position, source: Position) -> Follow:
    """Two trees of one generation: the other must have begun where this one ended, or later.

    A pass over a source that moves holds writes from after its beginning: of two copies, the one
    that began later may lack them.
    """
    if source.holds(mine):
        return Follow(FOLLOW, f"of the same generation {source.generation}")
    return Follow(REFUSE, f"this tree may be ahead in generation {source.generation}")


def _is_before_branch(tree: Position, parent: Position | None) -> bool:
    """A tree that ended before the branch has nothing that the new line lacks.

    This holds for the former owner too: demoted, its tree ends at the moment it was sealed, and
    the copy that was promoted holds it if it made its final pass.
    """
    return parent is not None and parent.holds(tree)


def _end_is_unconfirmed(end: str) -> bool:
    """Without fencing or a demotion, nobody knows how long the other side went on writing.

    Two trees that both were written to are two truths: only an admin can choose.
    """
    return end == UNCONFIRMED


def _follow_stranger(mine: Record, source: Record) -> Follow:
    """A source whose line does not know this tree's generation is older, or of a split."""
    if source.generation is None or not names(mine.lineage, source.generation):
        return Follow(
            DIVERGED, f"{source.node} went another way, to generation {source.generation}"
        )
    branch = find_branch(mine.lineage, source.generation)
    if branch is not None and _went_on(source, branch):
        return Follow(
            DIVERGED,
            f"{source.node} goes on in generation {source.generation}, which {branch.owner} has "
            f"left for {branch.generation}",
        )
    return Follow(REFUSE, f"{source.node} is of the older generation {source.generation}")


def _went_on(source: Record, branch: Opening) -> bool:
    """Whether a source was written to after this line had left its generation."""
    if source.tree is None or branch.parent is None or branch.parent.holds(source.tree):
        return False
    return source.is_open or _end_is_unconfirmed(branch.end)


# ---------------------------------------------------------------- may I be promoted?


def judge_promotion(mine: Record, facts: Facts, max_lag: float) -> Verdict:
    """Decide a promotion that is about to happen. ``max_lag`` in seconds."""
    refusal = (
        _another_serves(facts)
        or _given_up(mine)
        or _names_newer(mine, facts)
        or _announced_elsewhere(mine, facts)
    )
    if refusal:
        return _stale(refusal)
    if mine.tree is None:
        return _judge_first(mine, facts)
    if not facts.quorum:
        return _stale("no quorum of a majority or with wait_for_all")
    missed = _missed(mine, facts)
    if missed:
        return _stale(missed, f"resolve RESOURCE --loser {mine.unmet[0]}")
    if mine.owns:
        return _as_owner(mine)
    return _as_copy(mine, facts, max_lag)


def judge_candidate(mine: Record, facts: Facts, max_lag: float, lag: float, source: str) -> Verdict:
    """Say how good a candidate a copy is while it follows ``source``: ``lag`` in seconds.

    The cluster plans moves by this score; whether one may happen is decided when the source has
    been demoted. Until the copy was told so and has its final pass, the score stands: to lower it
    amid a move would have the cluster turn back.
    """
    peer = facts.peers.get(source)
    if peer is None or mine.tree is None:
        return judge_promotion(mine, facts, max_lag)
    if mine.generation != peer.record.generation:
        return _stale(f"no complete pass of {source} yet")
    if lag > max_lag:
        return _stale(f"{lag:.0f} s behind {source}, more than max_lag={max_lag:g} s")
    return _allow(_score_copy(lag, max_lag), f"{lag:.0f} s behind {source}")


def stay() -> Verdict:
    """What a promoted instance is worth: as much as an owner."""
    return _allow(_OWNER_SCORE, "it is promoted")


def allow_stale(verdict: Verdict, mine: Record) -> Verdict:
    """What allow_stale=true makes of a refusal: the least of all scores, for a whole tree."""
    if verdict.allowed or mine.tree is None:
        return verdict
    return _allow(_STALE_SCORE, f"allow_stale is set, though: {verdict.reason}")


def _another_serves(facts: Facts) -> str:
    """One directory is the truth: nobody is promoted beside a peer that says it is."""
    for name, peer in facts.peers.items():
        if peer.serves:
            return f"{name} is promoted"
    return ""


def _given_up(mine: Record) -> str:
    """What an admin has given up is no truth, though this node may own it."""
    if mine.generation is not None and mine.generation in mine.conceded:
        return f"an admin has given generation {mine.generation} up"
    return ""


def _names_newer(mine: Record, facts: Facts) -> str:
    """A generation that this tree does not descend from, whoever names it, may hold later writes.

    The own record remembers what was heard before a restart; peers remember for those that are
    down. What an admin conceded does not count.
    """
    conceded = {*mine.conceded}
    for peer in facts.peers.values():
        conceded.update(peer.record.conceded)
    named = [("this node", one) for one in mine.heard]
    named += [(name, one) for name, peer in facts.peers.items() for one in peer.record.known]
    named += [("an attribute of the cluster", one) for one in facts.attributes]
    for name, generation in named:
        if generation not in conceded and may_be_newer(mine.lineage, generation):
            return f"{name} knows of generation {generation}, which this tree is not of"
    return ""


def _announced_elsewhere(mine: Record, facts: Facts) -> str:
    """A promotion that was announced and not heard of since may have been written to."""
    records = [mine, *(peer.record for peer in facts.peers.values())]
    for node in (name for one in records for name in one.announced):
        answer = facts.peers.get(node)
        is_answered = answer is not None and node not in answer.record.announced
        if node != mine.node and not is_answered:
            return f"{node} was about to be promoted, and has not been heard since"
    return ""


def _missed(mine: Record, facts: Facts) -> str:
    """What this node did not watch, all of the mirror account for, or a majority by their records.

    Other nodes make a quorum and hold no record: somebody may have been promoted with theirs. Where
    the mirror runs its record is waited for, however long; of a member that has it not started an
    attribute names what it owns.
    """
    for node in mine.unmet:
        if node in facts.active:
            return f"the mirror on {node} runs, and has not answered since this node was away"
    lost = [node for node in mine.unmet if node not in facts.members]
    heard = facts.nodes - len(mine.unmet)
    if lost and heard * 2 <= facts.nodes:
        return f"{' and '.join(lost)} may have been promoted while this node was away"
    return ""


def _as_owner(mine: Record) -> Verdict:
    """Who opened the newest generation wrote its last byte, however often it restarted."""
    return _allow(_OWNER_SCORE, f"it owns the newest generation, {mine.generation}")


def _as_copy(mine: Record, facts: Facts, max_lag: float) -> Verdict:
    """A copy is current by what it could prove when it lost its source, and by nothing else."""
    proof = mine.evidence
    if proof is None:
        return _stale("it did not follow its source to the end")
    later = _find_later(mine, facts)
    if later and follow(mine, facts.peers[later].record).kind == REFUSE:
        return _stale(f"{later} began a later pass, and this tree may have what that lacks")
    if proof.sealed:
        return _allow(_SEALED_SCORE, f"it has the final pass of {proof.source}", later)
    if proof.lag > max_lag:
        return _stale(
            f"it was {proof.lag:.0f} s behind when {proof.source} was lost, more than "
            f"max_lag={max_lag:g} s"
        )
    return _allow(
        _score_copy(proof.lag, max_lag) - (_LESS_THAN_LATER if later else 0),
        f"it was {proof.lag:.0f} s behind when {proof.source} was lost",
        later,
    )


def _find_later(mine: Record, facts: Facts) -> str:
    """The peer that has the latest pass of the same generation; "" where none is later."""
    best, latest = "", mine.tree.began if mine.tree else 0
    for name, peer in sorted(facts.peers.items()):
        theirs = peer.record.tree
        if theirs is not None and theirs.generation == mine.generation and theirs.began > latest:
            best, latest = name, theirs.began
    return best


def _judge_first(mine: Record, facts: Facts) -> Verdict:
    """With no generation anywhere, the one directory that has something in it is the truth.

    All peers have to say so: one that does not answer may have another.
    """
    if any(peer.record.tree is not None for peer in facts.peers.values()) or mine.conceded:
        return _stale("there is no complete tree here")
    if facts.is_empty:
        return _stale("the directory is empty, and there is no generation yet", "init RESOURCE")
    if not facts.all_answered:
        return _stale(
            "there is no generation yet, and not every peer has answered", "init RESOURCE"
        )
    if not all(peer.is_empty for peer in facts.peers.values()):
        return _stale(
            "there is no generation yet, and more than one directory is filled", "init RESOURCE"
        )
    return _allow(_FIRST_SCORE, "it has the only directory that is filled")


def _score_copy(lag: float, max_lag: float) -> int:
    """In few steps: every change of a score has the cluster think everything over."""
    for fraction, score in _COPY_SCORES:
        if lag <= max_lag * fraction:
            return score
    return _COPY_SCORES[-1][1]


def _stale(reason: str, remedy: str = "") -> Verdict:
    hint = f": ocf-py mirror {remedy}" if remedy else ""
    return Verdict(allowed=False, score=MINUS_INFINITY, reason=f"{reason}{hint}")


def _allow(score: int, reason: str, pull_from: str = "") -> Verdict:
    return Verdict(allowed=True, score=score, reason=reason, pull_from=pull_from)

"""Our outages beside those of the counterparts, fault by fault."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING

from ocf_py.rehearsal.record import ASKED, HICCUP, LOST, OURS, PEER, SERVES_AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from ocf_py.rehearsal.record import Gap, Play

GOAL = 1.05
LEAST_ROUNDS = 7
# Seconds between two questions of a client: what differs by less is not seen to differ.
RESOLUTION = 0.05
_BLOW = 1.0  # seconds in which what a blow ends has ended, on a busy machine too


@dataclass(frozen=True)
class Comparison:
    """Medians in seconds, of the plays that passed: what was left broken is no yardstick.

    One that failed by its outage alone counts with that: it was as long at the least.
    None where a side has none; `ratio` is ours over the peers', None where theirs is nothing.
    Where a node was fenced, what Pacemaker took to decide upon it is left out of both: 10 ms or
    1010 by chance, as its controller sleeps where an update of the CIB is still on its way. What a
    monitor has to find strikes both in step with it, and counts from there.

    Where Pacemaker's own timing decides whether it fences, like is compared with like: `fenced`
    says of which outcome, None where all plays count. `fenced_ours` of the `counted_ours` plays
    that could count had a fencing, likewise of the peers': agents have no part in that.
    """

    cib: str
    fault: str
    rounds: int
    ours: float | None
    peers: float | None
    ratio: float | None
    failed_ours: int
    failed_peers: int
    fenced: bool | None
    fenced_ours: int
    counted_ours: int
    fenced_peers: int
    counted_peers: int

    @property
    def meets_goal(self) -> bool | None:
        """Whether ours is no slower than the goal allows, as far as a client can tell.

        None where too few plays of a side count for anybody to know.
        """
        if self.rounds < LEAST_ROUNDS or self.ours is None or self.peers is None:
            return None
        return self.ours <= max(self.peers * GOAL, self.peers + RESOLUTION)

    def to_json(self) -> dict[str, Any]:
        """As it stands in report.json."""
        return {**asdict(self), "meets_goal": self.meets_goal}


def compare(plays: Iterable[Play]) -> list[Comparison]:
    """A line for each fault that both have played, in the order in which they did.

    Two where both outcomes of what is by chance can be judged.
    """
    by_fault: dict[tuple[str, str], dict[str, list[Play]]] = {}
    for play in plays:
        sides = by_fault.setdefault((play.cib, play.fault), {OURS: [], PEER: []})
        sides[play.provider].append(play)
    return [
        line
        for (cib, fault), sides in by_fault.items()
        if sides[OURS] and sides[PEER]
        for line in _compare_sides(cib, fault, sides[OURS], sides[PEER])
    ]


def _compare_sides(
    cib: str, fault: str, ours: list[Play], peers: list[Play]
) -> Iterator[Comparison]:
    told_ours, told_peers = _by_fencing(ours), _by_fencing(peers)
    by_chance = ours[0].expectation.by_chance
    for fenced in _find_outcomes(told_ours, told_peers) if by_chance else (None,):
        alike = [
            told[True] + told[False] if fenced is None else told[fenced]
            for told in (told_ours, told_peers)
        ]
        mine, theirs = (median(seconds) if seconds else None for seconds in alike)
        yield Comparison(
            cib=cib,
            fault=fault,
            rounds=min(map(len, alike)),
            ours=mine,
            peers=theirs,
            ratio=_ratio(mine, theirs),
            failed_ours=sum(not play.passed for play in ours),
            failed_peers=sum(not play.passed for play in peers),
            fenced=fenced,
            fenced_ours=len(told_ours[True]),
            counted_ours=sum(map(len, told_ours.values())),
            fenced_peers=len(told_peers[True]),
            counted_peers=sum(map(len, told_peers.values())),
        )


def _by_fencing(plays: list[Play]) -> dict[bool, list[float]]:
    """Whether a node was fenced → seconds of the plays that count."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for play in plays:
        if (seconds := _measure(play)) is not None:
            found[bool(play.fenced)].append(seconds)
    return found


def _find_outcomes(ours: dict[bool, list[float]], peers: dict[bool, list[float]]) -> list[bool]:
    """With or without a fencing: what both sides have often enough, else what they have most of."""
    pairs = {fenced: min(len(ours[fenced]), len(peers[fenced])) for fenced in (True, False)}
    enough = [fenced for fenced, number in pairs.items() if number >= LEAST_ROUNDS]
    return enough or [max(pairs, key=lambda fenced: pairs[fenced])]


def _measure(play: Play) -> float | None:
    """Seconds of the outage that are the agents'; None of a play that is no yardstick.

    In step with a monitor, of an outage that began with the blow it counts when it was over: the
    blow itself comes late on a busy machine, and nobody is the faster for a late one. Of one that
    came later, as with the restart of what had answered on, it is its length.
    """
    broken = {one.rule for one in play.verdicts if not one.holds}
    if not play.verdicts or broken - {SERVES_AGAIN} or play.outage is None:
        return None
    gaps = [gap for heard in play.heard for gap in heard.gaps]
    longest = max(gaps, key=lambda gap: gap.seconds(play.ended), default=None)
    if longest is None:
        return 0.0
    if not play.in_step:
        return play.outage - _decision(play, longest)
    if play.outage <= HICCUP or longest.since > _BLOW:
        return play.outage
    return play.ended if longest.until is None else longest.until


def _decision(play: Play, longest: Gap) -> float:
    """Seconds of the longest outage from the lost membership to the request to fence."""
    lost, asked = (
        next((one.at for one in play.moments if one.kind == "detection" and word in one.text), None)
        for word in (LOST, ASKED)
    )
    if lost is None or asked is None:
        return 0.0
    until = play.ended if longest.until is None else longest.until
    return max(0.0, min(asked, until) - max(lost, longest.since))


def _ratio(mine: float | None, theirs: float | None) -> float | None:
    if mine is None or theirs is None:
        return None
    if theirs:
        return mine / theirs
    return None if mine else 1.0

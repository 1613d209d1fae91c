"""Our outages beside those of the counterparts, fault by fault."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from ocf_py.rehearsal.record import OURS, PEER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocf_py.rehearsal.record import Play

GOAL = 1.05
LEAST_ROUNDS = 7
# Seconds between two questions of a client: what differs by less is not seen to differ.
RESOLUTION = 0.05


@dataclass(frozen=True)
class Comparison:
    """Medians in seconds, of the plays that passed: what was left broken is no yardstick.

    None where a side has none; `ratio` is ours over the peers', None where theirs is nothing.
    Where a node was fenced, what Pacemaker took to decide upon it is left out of both: 10 ms or
    1010 by chance, as its controller sleeps where an update of the CIB is still on its way. What a
    monitor has to find strikes both in step with it, and counts from there.
    """

    cib: str
    fault: str
    rounds: int
    ours: float | None
    peers: float | None
    ratio: float | None
    failed_ours: int
    failed_peers: int

    @property
    def meets_goal(self) -> bool:
        """Whether ours is no slower than the goal allows, as far as a client can tell."""
        if self.ours is None or self.peers is None:
            return self.ours is not None
        return self.ours <= max(self.peers * GOAL, self.peers + RESOLUTION)


def compare(plays: Iterable[Play]) -> list[Comparison]:
    """A line for each fault that both have played, in the order in which they did."""
    by_fault: dict[tuple[str, str], dict[str, list[Play]]] = {}
    for play in plays:
        sides = by_fault.setdefault((play.cib, play.fault), {OURS: [], PEER: []})
        sides[play.provider].append(play)
    found = []
    for (cib, fault), sides in by_fault.items():
        ours, peers = (
            [one.comparable for one in sides[who] if one.comparable is not None and one.passed]
            for who in (OURS, PEER)
        )
        if sides[OURS] and sides[PEER]:
            mine, theirs = (median(some) if some else None for some in (ours, peers))
            found.append(
                Comparison(
                    cib,
                    fault,
                    min(len(ours), len(peers)),
                    mine,
                    theirs,
                    _ratio(mine, theirs),
                    *(sum(not one.passed for one in sides[who]) for who in (OURS, PEER)),
                )
            )
    return found


def _ratio(mine: float | None, theirs: float | None) -> float | None:
    if mine is None or theirs is None:
        return None
    if theirs:
        return mine / theirs
    return None if mine else 1.0

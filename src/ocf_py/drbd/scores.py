"""How good a candidate for promotion an instance is: a table, read from the top.

docs/reference/drbd.md shows the same table, which a test holds it to. v1 to v4 are the four
numbers of `adjust_master_score`. Where it says never, the score is -INFINITY: a score that is
merely missing would not keep a location rule from promoting.
"""

from __future__ import annotations

from ocf_py.outcomes import MINUS_INFINITY

from . import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .picture import Resource

NEVER, KEEP = "never", "as it is"
#: The state of the one row that asks the cluster.
CONFIRMED = "a disk is Consistent, it was current when its peers were lost, and they were fenced"
#: v1 to v4 where nobody sets `adjust_master_score`.
DEFAULT_POINTS = (0, 10, 1000, 10000)


class Candidate:
    """An instance as the table looks at it.

    ``shuns_primary``: another's being promoted rules this one out. ``may_stand_alone``: it is left
    unconnected on purpose. ``is_confirmed`` is asked for a Consistent disk alone: whether it
    was current until its peers were fenced.
    """

    __slots__ = ("is_confirmed", "may_stand_alone", "resource", "shuns_primary")

    def __init__(
        self,
        resource: Resource,
        is_confirmed: Callable[[], bool],
        *,
        shuns_primary: bool = False,
        may_stand_alone: bool = False,
    ) -> None:
        self.resource = resource
        self.is_confirmed = is_confirmed
        self.shuns_primary = shuns_primary
        self.may_stand_alone = may_stand_alone

    @property
    def has_good_peer(self) -> bool:
        """Whether a connected peer has good data of every volume."""
        return any(one.is_up_to_date for one in self.resource.peers.values())

    @property
    def is_client(self) -> bool:
        """Whether it is without any disk on purpose."""
        volumes = self.resource.volumes.values()
        return bool(volumes) and all(one.is_client for one in volumes)


def _stands_alone(one: Candidate) -> bool:
    return not one.may_stand_alone and any(
        peer.stands_alone for peer in one.resource.peers.values()
    )


def _is_undecided(one: Candidate) -> bool:
    return bool(one.resource.disks & words.COMING) or any(
        peer.replicates(words.NEGOTIATING) for peer in one.resource.peers.values()
    )


def _peers(one: Candidate, what: str) -> bool:
    return all(getattr(peer, what) for peer in one.resource.peers.values())


def _knows_all_peers(one: Candidate) -> bool:
    peers = one.resource.peers  # none is there before it is told to connect
    return bool(peers) and not one.resource.strange and _peers(one, "is_known")


#: (state, whether a candidate is in it, score, reason)
TABLE: tuple[tuple[str, Callable[[Candidate], bool], str, str], ...] = (
    (
        "promoted, and I/O waits for quorum",
        lambda one: (
            one.resource.is_primary and not one.resource.has_quorum and bool(one.resource.suspended)
        ),
        KEEP,
        "it goes on once quorum is back, and a demotion would wait for the frozen I/O",
    ),
    (
        "quorum is lost",
        lambda one: not one.resource.has_quorum,
        NEVER,
        "nothing can be written",
    ),
    (
        "promoted, and good data is out of reach",
        lambda one: one.resource.is_primary and one.resource.is_cut_off,
        NEVER,
        "another node serves better, whatever it has",
    ),
    (
        "promoted",
        lambda one: one.resource.is_primary,
        "v4",
        "it serves, be it through a peer's disk: moving it gains nothing",
    ),
    (
        "another is promoted, a peer is UpToDate, and that rules out",
        lambda one: (
            one.shuns_primary and one.has_good_peer and one.resource.find_primary() is not None
        ),
        NEVER,
        "remove_master_score_if_peer_primary says so",
    ),
    (
        "a disk is Inconsistent",
        lambda one: words.INCONSISTENT in one.resource.disks,
        NEVER,
        "half of it is of another moment: no file system survives that",
    ),
    (
        "a disk is Outdated",
        lambda one: words.OUTDATED in one.resource.disks,
        NEVER,
        "newer data is known to exist",
    ),
    (
        "a disk is DUnknown",
        lambda one: words.UNKNOWN in one.resource.disks,
        NEVER,
        "nothing is known of it",
    ),
    (
        "attaching, or finding out who is the source",
        _is_undecided,
        KEEP,
        "it is over in a moment",
    ),
    (
        "a client, and all peers are UpToDate",
        lambda one: one.is_client and one.has_good_peer and _peers(one, "is_well"),
        "v4-1",
        "all disks are there, and a node with one is a little better",
    ),
    (
        "a client, and a peer is UpToDate",
        lambda one: one.is_client and one.has_good_peer,
        "v3-1",
        "a disk is missing somewhere",
    ),
    (
        "a disk is gone, and a peer is UpToDate",
        lambda one: bool(one.resource.disks & words.GONE) and one.has_good_peer,
        "v2",
        "it could serve through the peer's disk, which is better itself",
    ),
    (
        "a disk is gone",
        lambda one: bool(one.resource.disks & words.GONE) or not one.resource.volumes,
        NEVER,
        "there is no good data within reach",
    ),
    (
        CONFIRMED,
        lambda one: words.CONSISTENT in one.resource.disks and one.is_confirmed(),
        "v2",
        "nobody has written anything newer",
    ),
    (
        "a disk is Consistent",
        lambda one: words.CONSISTENT in one.resource.disks,
        "v1",
        "it cannot be told from a stale one: 0, the default, is never",
    ),
    (
        "UpToDate and StandAlone",
        _stands_alone,
        NEVER,
        "whether the peer has gone on without it is not known: an admin decides",
    ),
    (
        "UpToDate, and the state of all peers is known",
        _knows_all_peers,
        "v4",
        "nobody has better data",
    ),
    (
        "UpToDate, and the state of a peer is not known",
        lambda one: True,  # noqa: ARG005 - whatever is left is this
        "v3",
        "a peer that is not seen may be better, so that one is let first",
    ),
)


def judge(candidate: Candidate, points: tuple[int, ...]) -> tuple[int | None, str, str]:
    """The first row that fits: (score, state, reason). None leaves the score as it is."""
    state, _, worth, reason = next(row for row in TABLE if row[1](candidate))
    return _count(worth, points), state, reason


def _count(worth: str, points: tuple[int, ...]) -> int | None:
    if worth == KEEP:
        return None
    if worth == NEVER:
        return MINUS_INFINITY
    score = points[int(worth[1]) - 1] - worth.endswith("-1")
    return score if score > 0 else MINUS_INFINITY


def read_points(text: str) -> tuple[int, ...]:
    """The four numbers of `adjust_master_score`, from worst to best. ValueError if they are not."""
    parts = text.split()
    if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts):  # noqa: PLR2004
        raise ValueError(f"{text!r} is not four whole numbers")
    points = tuple(min(int(part[:19]), -MINUS_INFINITY) for part in parts)
    if list(points) != sorted(points):
        raise ValueError(f"{text!r} does not rise from the worst to the best")
    return points

"""Why DRBD refuses a role change: in the cluster's words, and whether waiting can help."""

from __future__ import annotations

from . import words
from .complaints import explain_stand_alone
from .tools import say_briefly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocf_py.system.commands import Completed

    from .picture import Resource

# drbdsetup(8) names the refusals by numbers (SS_* of linux/drbd.h) and in words; the two versions
# share the words.
_TWO_PRIMARIES = "Multiple primaries"
_NO_DATA = "Need access to UpToDate data"
_PEER_NOT_OUTDATED = "peer is not outdated"
_NO_QUORUM = "No quorum"
_HELD_OPEN = "held open"
_BY_PEER = "refused by peer node"


class Refusal:
    """What DRBD said: ``why`` and ``remedy`` for the reason, ``can_change`` if it may pass."""

    __slots__ = ("can_change", "is_by_primary", "remedy", "why")

    def __init__(
        self, why: str, remedy: str = "", *, can_change: bool, is_by_primary: bool = False
    ) -> None:
        self.why = why
        self.remedy = remedy
        self.can_change = can_change
        self.is_by_primary = is_by_primary


def is_held_open(done: Completed) -> bool:
    """Whether a demotion or a stop was refused because somebody has the device open."""
    return _HELD_OPEN in done.stderr


def is_refused_by_primary(done: Completed, resource: Resource | None) -> bool:
    """Whether a stop was refused because the peer, promoted, has no good data but ours."""
    primary = resource.find_primary() if resource is not None else None
    is_refused = _NO_DATA in done.stderr or _BY_PEER in done.stderr
    return is_refused and primary is not None and not primary.is_up_to_date


def explain_promote(done: Completed, resource: Resource) -> Refusal:
    """Why `drbdadm primary` has failed, as the resource looks right after it."""
    said = done.stderr
    if _TWO_PRIMARIES in said:
        peer = resource.find_primary()
        where = peer.name if peer else "a peer"
        return Refusal(
            f"{where} is promoted, or is not known to be dead yet",
            can_change=True,
            is_by_primary=True,
        )
    if _PEER_NOT_OUTDATED in said:
        return Refusal(
            "fencing of the peer is pending or has failed",
            "see the log of the fence-peer handler",
            can_change=True,
        )
    if _NO_QUORUM in said:
        return Refusal("quorum is lost", can_change=True)
    if _NO_DATA in said:
        return _explain_no_data(resource)
    return Refusal(
        f"drbdadm primary ended with {done.status}: {say_briefly(said)}", can_change=False
    )


def foresee_half_promotion(resource: Resource) -> Refusal | None:
    """Why several volumes are not even tried: one of them is without good data.

    8.4 promotes one after the other, and those before the one that it refuses stay promoted: each
    attempt would be a step towards a split brain.
    """
    may_be_tried = all(
        volume.disk == words.CONSISTENT or resource.can_read(volume)
        for volume in resource.volumes.values()
    )
    if may_be_tried or len(resource.volumes) == 1:
        return None
    return _explain_no_data(resource)


def _explain_no_data(resource: Resource) -> Refusal:
    disks = ", ".join(sorted(resource.disks)) or "none"
    return Refusal(
        f"no up-to-date data within reach (local disks: {disks})",
        _find_remedy(resource),
        can_change=_may_get_data(resource),
    )


def _may_get_data(resource: Resource) -> bool:
    """Whether a disk or a connection is on its way up."""
    return bool(resource.disks & words.COMING) or any(
        not peer.is_connected and not peer.stands_alone for peer in resource.peers.values()
    )


def _find_remedy(resource: Resource) -> str:
    for peer in resource.peers.values():
        if peer.stands_alone:
            return explain_stand_alone(resource, peer)
    return "bring the node with the good data back"


def explain_bad_data(resource: Resource, state: str) -> Refusal:
    """Why we do not even ask DRBD: a disk is in a ``state`` that the table of scores rules out."""
    for peer in resource.peers.values():
        if peer.replicates(words.TO_HERE):
            percent = resource.percent_in_sync(peer)
            why = f"{state}: {percent:.1f} % in sync with {peer.name}"
            return Refusal(why, "it has to catch up first", can_change=False)
    remedy = f"if no better one is left: drbdadm primary --force {resource.name}"
    return Refusal(state, remedy, can_change=False)

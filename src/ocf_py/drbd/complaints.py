"""What an admin should know of a resource that serves: what is missing, and what to do about it."""

from __future__ import annotations

from . import words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .picture import Peer, Resource


def find_complaints(
    resource: Resource, *, may_stand_alone: bool = False, tells_of_peers: bool = True
) -> Iterator[str]:
    """What is not as it should be, the worst first.

    Short, since Pacemaker keeps 127 bytes of a reason. Without `tells_of_peers` nothing is said
    of what the peers lack, nor that a disk is Consistent, as it is for want of one.
    """
    if resource.suspended:
        yield f"I/O is frozen ({resource.suspended}){_find_thaw(resource)}"
    if not resource.has_quorum:
        yield "quorum is lost"
    if not may_stand_alone:
        for peer in resource.peers.values():
            if peer.stands_alone:
                yield explain_stand_alone(resource, peer)
    if tells_of_peers or resource.bad_disks:
        yield from _find_bad_disks(resource)
        for peer in resource.peers.values():
            yield from _find_missing(resource, peer)
    for one in resource.strange:
        yield f"{one}, which is not known here"


def _find_thaw(resource: Resource) -> str:
    """What ends a wait for fencing, once its handler has given up: DRBD asks it but once."""
    lost = [peer.name for peer in resource.peers.values() if not peer.is_connected]
    if "fencing" not in resource.suspended or not lost:
        return ""
    return f": once {' and '.join(lost)} is surely off, drbdadm resume-io {resource.name}"


def explain_stand_alone(resource: Resource, peer: Peer) -> str:
    """StandAlone, and the two commands that end it.

    DRBD does not tell an unresolved split brain from a disconnect by hand.
    """
    name = resource.name
    return (
        f"StandAlone to {peer.name} (split brain?): drbdadm connect --discard-my-data {name} "
        f"on the loser, drbdadm connect {name} on the other"
    )


def _find_bad_disks(resource: Resource) -> Iterator[str]:
    syncs = words.TO_HERE | words.NEGOTIATING
    is_syncing = any(peer.replicates(syncs) for peer in resource.peers.values())
    for volume in resource.volumes.values():
        if volume.disk == words.UP_TO_DATE or volume.is_client:
            continue
        if volume.disk in (words.INCONSISTENT, words.OUTDATED) and is_syncing:
            continue  # which says it with the percentage
        through = ", served by a peer" if resource.is_primary and resource.has_access else ""
        yield f"volume {volume.number} is {volume.disk}{through}"


def _find_missing(resource: Resource, peer: Peer) -> Iterator[str]:
    if peer.stands_alone:
        return
    if not peer.is_connected:
        yield f"{peer.name} is not connected ({peer.connection})"
        return
    percent = f"{resource.percent_in_sync(peer):.1f} % in sync"
    paused = " (paused)" if any(one.resync_suspended for one in peer.volumes.values()) else ""
    if peer.replicates(words.TO_HERE):
        yield f"syncing from {peer.name}{paused}: {percent}"
    elif peer.replicates(words.FROM_HERE):
        yield f"{peer.name} is syncing{paused}: {percent}"
    elif peer.replicates(words.NEGOTIATING) and not resource.is_up_to_date:
        yield f"about to sync with {peer.name}: {percent}"
    else:
        yield from _find_differences(peer)


def _find_differences(peer: Peer) -> Iterator[str]:
    for one in peer.volumes.values():
        if one.is_client:
            continue
        if one.disk != words.UP_TO_DATE and one.replication not in words.NEGOTIATING:
            yield f"volume {one.number} on {peer.name} is {one.disk}"
        elif one.out_of_sync and one.replication == words.ESTABLISHED:
            yield (
                f"{one.out_of_sync} KiB of volume {one.number} differ on {peer.name}: "
                f"disconnect and connect it to sync"
            )

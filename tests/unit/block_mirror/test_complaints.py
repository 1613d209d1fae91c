"""What monitor says of a resource that serves: what is missing, and the remedy."""

from __future__ import annotations

import pytest

from ocf_py.drbd.complaints import find_complaints
from ocf_py.drbd.reading import parse
from tests.unit.block_mirror.captures import events, events_of_nine


def said(name: str) -> list[str]:
    resource = parse(events(name), "r0")
    assert resource is not None
    return [*find_complaints(resource)]


@pytest.mark.parametrize(
    "name",
    [
        "09-connected-UpToDate-Primary-Secondary.n1",
        "11-connected-UpToDate-Secondary-Secondary.n2",
        "25-verify.n1",
        "29-dual-primary.n1",
        "37-two-volumes-UpToDate.n1",
    ],
)
def test_a_healthy_resource_is_no_cause_for_complaint(name: str) -> None:
    assert said(name) == []


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("13-peer-killed-survivor-Primary.n2", "the peer is not connected (Connecting)"),
        ("07-initial-sync-SyncSource-SyncTarget.n1", "the peer is syncing: 7.9 % in sync"),
        ("15-returning-node-SyncTarget.n1", "syncing from the peer: 80.5 % in sync"),
        ("08-paused-sync.n1", "the peer is syncing (paused): 16.5 % in sync"),
        ("24-primary-Diskless.n2", "volume 0 is Diskless, served by a peer"),
        ("23-secondary-Diskless.n2", "volume 0 on the peer is Diskless"),
        ("38-two-volumes-one-Diskless.n1", "volume 1 on the peer is Diskless"),
        ("28-Outdated-secondary.n1", "volume 0 is Outdated"),
        (
            "25b-verify-found-5-blocks.n2",
            "20 KiB of volume 0 differ on the peer: disconnect and connect it to sync",
        ),
    ],
)
def test_what_is_missing_is_named(name: str, complaint: str) -> None:
    assert complaint in said(name)


def test_frozen_io_is_said_first() -> None:
    assert said("32-fencing-suspended-io.n2")[0] == (
        "I/O is frozen (fencing): once the peer is surely off, drbdadm resume-io r0"
    )


@pytest.mark.parametrize(
    "name", ["18-split-brain-StandAlone.n1", "19-split-brain-one-WFConnection.n1"]
)
def test_a_split_brain_comes_with_the_two_commands_that_resolve_it(name: str) -> None:
    (first, *_) = said(name)
    assert first == (
        "StandAlone to the peer (split brain?): drbdadm connect --discard-my-data r0 on the "
        "loser, drbdadm connect r0 on the other"
    )
    assert len(first) <= 127  # what Pacemaker keeps of a reason


@pytest.mark.parametrize("replication", ["StartingSyncT", "WFBitMapT", "WFSyncUUID"])
@pytest.mark.parametrize("disk", ["Outdated", "Inconsistent"])
def test_a_resync_is_told_with_its_percentage_from_its_first_moment_on(
    replication: str, disk: str
) -> None:
    resource = parse(events("26-invalidate-full-resync.n1"), "r0")
    assert resource is not None
    there = resource.peers[0].volumes[0]
    there.replication, there.out_of_sync = replication, resource.volumes[0].size
    resource.volumes[0].disk = disk
    assert [*find_complaints(resource)] == ["about to sync with the peer: 0.0 % in sync"]


def test_nine_says_which_peer() -> None:
    resource = parse(events_of_nine("stand-alone-to-one"), "data")
    assert resource is not None
    (first,) = find_complaints(resource)
    assert first.startswith("StandAlone to n2 ")
    lost = parse(events_of_nine("quorum-lost"), "data")
    assert lost is not None
    assert [*find_complaints(lost)][:2] == ["I/O is frozen (quorum)", "quorum is lost"]

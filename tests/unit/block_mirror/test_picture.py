"""The picture of a resource, in every state that was captured; and never a guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ocf_py.drbd.complaints import find_complaints
from ocf_py.drbd.reading import PictureUnreadable, is_nothing, parse
from tests.unit.block_mirror.captures import CAPTURED, WRITTEN, events, events_of_nine, read

if TYPE_CHECKING:
    from pathlib import Path

_MINOR = re.compile(r"^ ?(\d+): cs:(\S+) ro:(\S+)/(\S+) ds:(\S+)/(\S+) .?\s+(\S+)$", re.MULTILINE)
_DIFFERENT = re.compile(r"oos:(\d+)")
_OF_ANOTHER = "5"  # the minor of r1


@pytest.mark.parametrize("path", CAPTURED, ids=lambda path: path.stem)
def test_each_captured_state_is_what_proc_drbd_said_of_it(path: Path) -> None:
    proc = read(path, "cat /proc/drbd")
    resource = parse(read(path, "drbdsetup events2 --now --statistics r0"), "r0")
    minors = [line for line in _MINOR.findall(proc) if line[0] != _OF_ANOTHER]
    if not minors:
        assert resource is None or resource.disks == {"Diskless"}  # up without meta data
        return
    assert resource is not None
    assert resource.minors == [int(line[0]) for line in minors]
    for line, volume, different in zip(minors, resource.volumes.values(), _DIFFERENT.findall(proc)):
        _, state, role, peer_role, disk, peer_disk, flags = line
        (peer,) = resource.peers.values()
        there = peer.volumes[volume.number]
        assert (resource.role, peer.role) == (role, peer_role)
        assert (volume.disk, there.disk) == (disk, peer_disk)
        assert bool(resource.suspended) == flags.startswith("s")
        if state in ("WFConnection", "StandAlone"):
            assert peer.connection == {"WFConnection": "Connecting"}.get(state, state)
            assert there.replication == "Off"
        else:
            assert peer.is_connected
            assert there.replication == {"Connected": "Established"}.get(state, state)
        if there.replication == "Established" or role == "Secondary" == peer_role:
            # Else the node is writing, or syncing: it was a moment later.
            assert there.out_of_sync == int(different)


def test_there_are_captures_of_every_kind() -> None:
    assert len(CAPTURED) > 60
    assert len(WRITTEN) > 5


def test_several_volumes_have_disks_of_their_own() -> None:
    resource = parse(events("38-two-volumes-one-Diskless.n2"), "r0")
    assert resource is not None
    assert [one.disk for one in resource.volumes.values()] == ["UpToDate", "Diskless"]
    assert resource.has_access


def test_the_percentage_is_of_what_is_in_sync_and_rounded_down() -> None:
    resource = parse(events("07-initial-sync-SyncSource-SyncTarget.n1"), "r0")
    assert resource is not None
    (peer,) = resource.peers.values()
    assert resource.percent_in_sync(peer) == 7.9  # 60296 of 65496 KiB are to come
    peer.volumes[0].out_of_sync = 1
    assert resource.percent_in_sync(peer) == 99.9
    peer.volumes[0].out_of_sync = 0
    assert resource.percent_in_sync(peer) == 100.0


def test_a_primary_without_a_disk_reads_from_its_peer() -> None:
    resource = parse(events("24-primary-Diskless.n2"), "r0")
    assert resource is not None
    assert resource.is_primary
    assert resource.has_access
    assert not resource.is_up_to_date


def test_nine_has_several_peers_by_name_and_quorum() -> None:
    resource = parse(events_of_nine("three-nodes-one-syncing"), "data")
    assert resource is not None
    assert [(one.name, one.connection) for one in resource.peers.values()] == [
        ("n2", "Connected"),
        ("n3", "Connected"),
    ]
    assert resource.peers[1].is_up_to_date
    assert not resource.peers[2].is_up_to_date
    assert resource.percent_in_sync(resource.peers[2]) == 73.2
    assert resource.has_quorum
    lost = parse(events_of_nine("quorum-lost"), "data")
    assert lost is not None
    assert not lost.has_quorum
    assert lost.suspended == "quorum"
    assert not lost.peers[1].is_known


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_each_state_of_nine_is_read(path: Path) -> None:
    resource = parse(events_of_nine(path.stem), "data")
    assert resource is not None
    assert [one.name for one in resource.peers.values()] == ["n2", "n3"]


def test_nothing_of_that_name_is_no_resource() -> None:
    assert parse("exists -\n", "r0") is None


def test_output_that_was_cut_anywhere_is_an_error_that_shows_it() -> None:
    whole = events("09-connected-UpToDate-Primary-Secondary.n1")
    for end in range(len(whole.rstrip())):
        with pytest.raises(PictureUnreadable, match="drbdsetup printed"):
            parse(whole[:end], "r0")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("role:Primary", "role:Prim", "role:Prim, which DRBD does not document"),
        ("disk:UpToDate ", "disk:UpToDat ", "disk:UpToDat, which"),
        ("minor:0", "minor:-1", "minor:-1, which is no number"),
        ("minor:0 ", "", "without minor"),
        ("suspended:no ", "", "without suspended"),
        ("exists device name:r0", "exists device name:r1", "is of another resource"),
        ("exists device", "exists gadget", "printed volumes [] here and [0]"),
        ("exists device", "change device", "printed volumes [] here and [0]"),
        ("volume:0 replication", "volume:1 replication", "printed volumes [0] here and [1]"),
        ("exists resource", "exists path", "comes before its resource"),
    ],
)
def test_output_that_is_wrong_is_an_error_that_shows_the_line(
    old: str, new: str, complaint: str
) -> None:
    whole = events("09-connected-UpToDate-Primary-Secondary.n1")
    assert old in whole
    with pytest.raises(PictureUnreadable, match=re.escape(complaint)):
        parse(whole.replace(old, new, 1), "r0")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("connection:Connected", "connection:Maybe", "the peer is not connected (Maybe)"),
        ("role:Secondary", "role:Third", "the peer is role:Third, which is not known here"),
        ("peer-disk:UpToDate", "peer-disk:Later", "the peer is disk:Later, which is not"),
        ("replication:Established", "replication:On", "the peer is replication:On, which is not"),
        ("out-of-sync:0", "out-of-sync:", "a peer-device without out-of-sync, which is not"),
        ("out-of-sync:0", "out-of-sync:x", "a peer-device which says out-of-sync:x, which is no"),
        ("exists peer-device", "exists peer-thing", "volume 0 on the peer, which is not known"),
    ],
)
def test_what_a_later_drbd_may_say_of_a_peer_is_no_error_and_counts_as_not_known(
    old: str, new: str, complaint: str
) -> None:
    whole = events("09-connected-UpToDate-Primary-Secondary.n1")
    assert old in whole
    resource = parse(whole.replace(old, new, 1), "r0")
    assert resource is not None
    assert any(one.startswith(complaint) for one in find_complaints(resource))
    (peer,) = resource.peers.values()
    assert peer.volumes[0].disk in ("UpToDate", "DUnknown")
    assert peer.role in ("Secondary", "Unknown")


def test_what_a_later_drbd_tells_of_besides_is_left_aside() -> None:
    whole = events("09-connected-UpToDate-Primary-Secondary.n1")
    more = "exists gadget speed:7 odd\nexists\nWARNING: an old tool\ncall helper name:r0\n"
    resource = parse(more + whole.replace("exists -", f"{more}exists -"), "r0")
    assert resource is not None
    assert [*find_complaints(resource)] == []


def test_a_connection_that_is_not_understood_leaves_no_peer_and_is_told() -> None:
    whole = events("09-connected-UpToDate-Primary-Secondary.n1")
    resource = parse(whole.replace("exists connection", "exists link"), "r0")
    assert resource is not None
    assert not resource.is_well
    assert [*find_complaints(resource)] == [
        "a peer-device which comes before its connection, which is not known here"
    ]


def test_that_there_is_nothing_is_said_of_a_whole_answer_alone() -> None:
    assert is_nothing("exists -\n", "r0")
    assert is_nothing("WARNING: an old tool\nexists -\n", "r0")
    assert is_nothing("exists resource name:r1 role:Secondary\nexists -\n", "r0")
    for text in (
        "",
        "WARNING: an old tool\n",
        "exists resource name:r0 role:Third ...\nexists gadget\n",
        "exists resource role:Third name:r0\nexists -\n",
    ):
        assert not is_nothing(text, "r0")


@pytest.mark.parametrize("text", ["", "\n", "USAGE: drbdsetup command\n", "exists -\nmore\n", "\0"])
def test_what_is_no_answer_at_all_is_an_error(text: str) -> None:
    with pytest.raises(PictureUnreadable):
        parse(text, "r0")

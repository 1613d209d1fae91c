"""What goes with a mount, and which of it may be forced."""

from __future__ import annotations

from ocf_py.call import Facts
from ocf_py.deadline import Deadline
from ocf_py.start_record import StartRecord
from ocf_py.system.devices import Source
from ocf_py.system.mounts import MountTable
from ocf_py.system.own_mount import OwnMount
from ocf_py.system.unmount_plan import Plan, make_plan
from tests.fakes.storage import FakeStorage

_ROOT = b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"


class Counted(FakeStorage):
    """Every device is the 41st."""

    def find_sequence(self, number: str) -> str:
        return "41"


def plan(source: Source, lines: bytes, **known: str) -> Plan:
    facts = Facts()
    facts.record = StartRecord({}, known)
    storage = Counted()
    storage.numbers = {"/dev/sdb": "8:16"}
    own = OwnMount(source, "/srv", storage, lambda: facts)
    return make_plan(own, MountTable(_ROOT + lines), storage, Deadline(20))


def points(found: Plan) -> list[str]:
    return [one.point for one in found.mounts]


def test_a_disk_that_is_mounted_in_what_a_server_keeps_is_not_forced() -> None:
    lines = (
        b"2 1 0:50 / /srv rw - nfs4 h:/x rw\n"
        b"3 2 0:51 / /srv/sub rw - nfs4 h:/x/sub rw\n"
        b"4 2 8:32 / /srv/disk rw - ext4 /dev/sdc rw\n"
    )
    found = plan(Source("h:/x", "nfs", []), lines)
    assert sorted(points(found)) == ["/srv", "/srv/disk", "/srv/sub"]
    assert sorted(one.point for one in found.served) == ["/srv", "/srv/sub"]


def test_nothing_of_a_disk_is_forced() -> None:
    lines = b"2 1 8:16 / /srv rw - ext4 /dev/sdb rw\n3 2 0:51 / /srv/far rw - nfs4 h:/x rw\n"
    assert plan(Source("/dev/sdb", "ext4", []), lines).served == []


def test_an_earlier_mount_stays_unless_start_has_found_the_device_free() -> None:
    lines = (
        b"2 1 8:16 /www /www rw - ext4 /dev/sdb rw\n"
        b"3 1 8:16 / /srv rw - ext4 /dev/sdb rw\n"
        b"4 1 8:16 /log /log rw - ext4 /dev/sdb rw\n"
    )
    source = Source("/dev/sdb", "ext4", [])
    assert points(plan(source, lines)) == ["/log", "/srv"]
    for sequence, gone in (
        ("41", ["/log", "/srv", "/www"]),
        ("40", ["/log", "/srv"]),  # another device has the number
        ("-", ["/log", "/srv"]),  # a kernel that does not count
    ):
        device = f"8:16 {sequence} /dev/sdb"
        assert points(plan(source, lines, free="yes", device=device)) == gone


def test_a_subvolume_beside_ours_stays() -> None:
    lines = (
        b"2 1 0:50 /one /srv rw - btrfs /dev/sdb rw\n3 1 0:50 /two /other rw - btrfs /dev/sdb rw\n"
    )
    source = Source("/dev/sdb", "btrfs", ["subvol=one"])
    assert points(plan(source, lines, free="yes", device="8:16 41 /dev/sdb")) == ["/srv"]

"""A device whose name has gone is known by number and sequence; a number alone may be another's."""

from __future__ import annotations

import pytest

from ocf_py.call import Facts
from ocf_py.start_record import StartRecord
from ocf_py.system.block_devices import BlockDevice
from ocf_py.system.devices import Source
from ocf_py.system.mounts import MountTable
from ocf_py.system.own_mount import OwnMount
from tests.fakes.storage import FakeStorage

_ROOT = b"1 0 8:1 / / rw - ext4 /dev/sda1 rw\n"


class Counted(FakeStorage):
    """Tells sequences, by number."""

    sequences: dict[str, str] = {}  # noqa: RUF012 - each test sets its own

    def find_sequence(self, number: str) -> str:
        return self.sequences.get(number, "")


@pytest.fixture
def storage() -> Counted:
    return Counted()


def know(storage: FakeStorage, **known: str) -> OwnMount:
    facts = Facts()
    facts.record = StartRecord({}, known)
    return OwnMount(Source("/dev/vg/data", "ext4", []), "/srv", storage, lambda: facts)


@pytest.mark.parametrize(
    ("recorded", "now", "is_ours"),
    [("41", "41", True), ("41", "43", False), ("41", "", False), ("-", "43", False)],
)
def test_a_number_that_was_given_to_another_device_makes_no_mount_ours(
    storage: Counted, recorded: str, now: str, is_ours: bool
) -> None:
    """A logical volume was deactivated, and another has its minor number: lvrename looks alike."""
    storage.sequences = {"253:3": now}
    own = know(storage, device=f"253:3 {recorded} /dev/vg/data")
    table = MountTable(_ROOT + b"9 1 253:3 / /srv rw - ext4 /dev/mapper/vg-other rw\n")
    assert bool(own.find(table)) is is_ours


def test_a_device_that_was_in_use_before_is_not_remembered(storage: Counted) -> None:
    storage.numbers = {"/dev/vg/data": "253:3"}
    own = know(storage)
    storage.mount("/dev/vg/data", "/", "ext4", "")
    own.claim("/dev/vg/data", storage.read_table())
    assert str(own.device) == "None"
    storage.mounts.clear()
    own.claim("/dev/vg/data", storage.read_table())
    assert str(own.device) == "253:3 - /dev/vg/data"


@pytest.mark.parametrize(
    ("number", "recorded", "now", "path", "found"),
    [
        ("7:3", "41", "41", "/dev/loop3", "/dev/loop3"),
        ("7:3", "41", "43", "/dev/loop3", ""),  # it shows another file
        ("9:0", "41", "43", "/dev/md0", "/dev/md0"),  # an array counts on when it is looked at
        ("253:3", "41", "41", "/dev/renamed", "/dev/mapper/new"),
        ("253:3", "41", "43", "/dev/renamed", ""),
        ("253:3", "", "", "/dev/renamed", ""),
    ],
)
def test_a_device_is_found_where_it_is_by_now(
    storage: Counted,
    monkeypatch: pytest.MonkeyPatch,
    number: str,
    recorded: str,
    now: str,
    path: str,
    found: str,
) -> None:
    storage.sequences = {number: now}
    storage.numbers = {"/dev/loop3": "7:3", "/dev/md0": "9:0", "/dev/mapper/new": "253:3"}

    def search(_: FakeStorage, number: str, path: str) -> str:
        names = [name for name in (path, *storage.numbers) if storage.find_number(name) == number]
        return names[0] if names else ""

    monkeypatch.setattr(Counted, "find_node", search)
    assert storage.find_path(BlockDevice(number, recorded, path)) == found


def test_the_text_of_a_device_is_read_again() -> None:
    for text in ("8:1 36 /dev/my disk", "8:1 - /dev/sda1"):
        assert str(BlockDevice.parse(text)) == text


@pytest.mark.parametrize(
    ("recorded", "now", "is_in_use", "flaw"),
    [
        ("41", "41", False, ""),
        ("41", "43", False, "the device has gone, and another has its number"),
        ("41", "43", True, ""),  # mounted there by hand since
        ("41", "", False, ""),
        ("-", "43", False, ""),
    ],
)
def test_a_device_that_came_back_under_its_number_is_another(
    storage: Counted, recorded: str, now: str, is_in_use: bool, flaw: str
) -> None:
    """A disk of a network was lost and logged in to again; what was mounted from it is dead."""
    storage.numbers = {"/dev/vg/data": "253:3"}
    storage.sequences = {"253:3": now}
    if is_in_use:
        storage.mount("/dev/vg/data", "/", "ext4", "")
    signature = "9 253:3 ext4 - /"
    own = know(storage, mount=signature, device=f"253:3 {recorded} /dev/vg/data")
    table = MountTable(_ROOT + b"9 1 253:3 / /srv rw - ext4 /dev/vg/data rw\n")
    (mount,) = own.find(table)
    assert mount.signature == signature
    assert own.find_flaw(mount).endswith(flaw)
    assert bool(own.find_flaw(mount)) is bool(flaw)


def test_a_mount_on_a_successor_of_our_device_is_not_the_one_that_was_moved(
    storage: Counted,
) -> None:
    storage.sequences = {"253:3": "43"}
    own = know(storage, mount="9 253:3 ext4 - /", device="253:3 41 /dev/vg/data")
    table = MountTable(_ROOT + b"9 1 253:3 / /other rw - ext4 /dev/mapper/vg-other rw\n")
    assert own.find(table) == []
    storage.sequences = {"253:3": "41"}
    assert [one.point for one in own.find(table)] == ["/other"]

"""What has to go with a mount: all that is in or over it, and its twins; and who may not stay."""

from __future__ import annotations

from .devices import NETWORK
from .mounts import SERVED
from .releasing import Release

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocf_py.deadline import Deadline

    from .mounts import Mount, MountTable
    from .own_mount import OwnMount
    from .storage import Storage


class Plan:
    """What is to go now, children first, and who holds it.

    ``devices`` are file systems that must have no user left at all, and ``release`` proves it;
    ``lost`` is the id of a mount of theirs that is in the table no more. ``served`` are those of
    the mounts whose server keeps the data whole, so that they may be forced and left when it does
    not answer.
    """

    __slots__ = ("devices", "lost", "mounts", "release", "served")

    def __init__(
        self,
        mounts: list[Mount],
        devices: set[str],
        *,
        served: list[Mount],
        release: Release | None = None,
        lost: int = 0,
    ) -> None:
        self.mounts = mounts
        self.devices = devices
        self.served = served
        self.release = release
        self.lost = lost


def make_plan(own: OwnMount, table: MountTable, storage: Storage, deadline: Deadline) -> Plan:
    """Find all that has to go with our mounts: what is mounted in or over them, and their twins.

    A twin is a later mount of the same device, such as a bind of it: where the file system must
    end, as another node is to write to it, the twin goes too. An earlier one is not ours to end;
    where start has found the device free there is none, so every mount of it goes, also after
    ours. Of a file system that has a number of its own, such as btrfs, only the same root is one:
    another may be a subvolume, which is a resource by itself.
    """
    ours = own.find(table)
    device = own.device
    number = device.number if device else ""
    must_end = own.source.has_one_writer and not _is_of_readers(own, ours, number, table)
    was_free = must_end and own.was_free
    twins = [
        one
        for one in table
        if (was_free and one.device == number)
        or (must_end and any(_is_twin(one, mount) for mount in ours))
    ]
    going: dict[int, Mount] = {}
    for top in sorted((*ours, *twins), key=lambda one: -one.order):
        for one in (*table.list_below(top), top):
            going.setdefault(one.mount_id, one)
    devices = {one.device for one in ours} if must_end else set()
    release = None
    if must_end and device:
        release = Release(storage, device, own.locate(table), deadline)
        devices.add(number)
    if any(one.device in devices and one.mount_id not in going for one in table):
        devices = set()
    is_served = own.source.kind == NETWORK
    return Plan(
        list(going.values()),
        devices,
        served=[one for one in going.values() if is_served and _is_served(one, ours)],
        release=release,
        lost=0 if ours else own.mount_id,
    )


def _is_of_readers(own: OwnMount, ours: list[Mount], number: str, table: MountTable) -> bool:
    """Whether it was asked for read-only, and nobody made it writable: then others may have it."""
    every = [*ours, *(one for one in table if one.device == number)]
    return own.source.wants_read_only and all(one.has_no_writer for one in every)


def _is_twin(one: Mount, mount: Mount) -> bool:
    is_same_part = one.root == mount.root or not one.is_anonymous
    return one.device == mount.device and is_same_part and one.order > mount.order


def _is_served(mount: Mount, ours: list[Mount]) -> bool:
    return mount.fstype in SERVED or any(mount.mount_id == one.mount_id for one in ours)

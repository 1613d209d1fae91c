"""What has to go with a mount: all that is in or over it, and its twins; and who may not stay."""

from __future__ import annotations

from .mounts import SERVED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .mounts import Mount, MountTable
    from .releasing import Release


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


def make_plan(
    table: MountTable,
    ours: list[Mount],
    *,
    must_end: bool,
    is_served: bool,
    release: Release | None = None,
    mount_id: int = 0,
) -> Plan:
    """Find all that has to go with ``ours``: what is mounted in or over it, and its twins.

    ``is_served`` says that a server keeps ours; what lies on a disk and is mounted in it is not so.
    ``release`` is of the device, and ``mount_id`` of our mount, as far as they are known.

    A twin is a later mount of the same device, such as a bind of it: where the file system
    ``must_end``, as another node is to write to it, the twin goes too. An earlier one is not ours
    to end. Of a file system that has a number of its own, such as btrfs, only the same root is one:
    another may be a subvolume, which is a resource by itself.
    """
    twins = [
        one
        for one in table
        for mount in ours
        if must_end
        and one.device == mount.device
        and (one.root == mount.root or not one.device.startswith("0:"))
        and one.order > mount.order
    ]
    going: dict[int, Mount] = {}
    for top in sorted((*ours, *twins), key=lambda one: -one.order):
        for one in (*table.list_below(top), top):
            going.setdefault(one.mount_id, one)
    devices = {one.device for one in ours} if must_end else set()
    if release:
        devices.add(release.number)
    if any(one.device in devices and one.mount_id not in going for one in table):
        devices = set()
    return Plan(
        list(going.values()),
        devices,
        served=[one for one in going.values() if is_served and _is_served(one, ours)],
        release=release,
        lost=0 if ours else mount_id,
    )


def _is_served(mount: Mount, ours: list[Mount]) -> bool:
    return mount.fstype in SERVED or any(mount.mount_id == one.mount_id for one in ours)

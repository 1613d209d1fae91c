"""Disks that DRBD mirrors: the resources that a CIB names, made anew on guests' own disks."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

from ocf_py.drbd.constraint import name_constraint
from ocf_py.lab.errors import UnsuitableLabError
from ocf_py.lab.vm.drbd_pair import OUR_HANDLERS, DrbdPair

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab.lab import Lab
    from ocf_py.rehearsal.stage import Part, Stage

_NODES = 2
_BACKING = ("/dev/vdb", "/dev/vdc")  # of each guest
_CONNECTED, _WHOLE = "Connected", "UpToDate/UpToDate"
_DEVICE = re.compile(r"/dev/drbd(\d+)")
_NAME = "drbd_resource"


def check_disks(stage: Stage) -> None:
    """UnsuitableLabError for what the lab's guests cannot have."""
    if stage.needs_systemd:
        raise UnsuitableLabError(
            f"{stage.name}: DRBD needs guests, which have no systemd, and a unit needs systemd",
            hint="give Service a command in the place of the unit",
        )
    if stage.nodes != _NODES:
        raise UnsuitableLabError(
            f"DRBD 8.4, which the lab's guests have, mirrors between {_NODES} nodes"
        )
    for disk in stage.mirrored_disks[len(_BACKING) :]:
        raise UnsuitableLabError(
            f"{disk.id}: a guest of the lab has {len(_BACKING)} disks of its own"
        )
    for mount in stage.mounts:
        device = mount.get("device")
        if device.startswith("/dev/drbd") and not _DEVICE.fullmatch(device):
            raise UnsuitableLabError(
                f"{mount.id}: {device}: the lab's guests have no udev, which makes such names",
                hint="name the device by its number, /dev/drbd0",
            )


def make_disks(lab: Lab, stage: Stage) -> None:
    """Empty mirrors, in sync, fenced by our handler and down; what was on the disks is gone."""
    for pair in _pairs(lab, stage).values():
        # The handler is compiled now, as that of a package is, and not amid a takeover.
        pair.on_both(["ocf-py", "drbd", "fence-peer", "--help"])
        pair.create()


def find_pair(lab: Lab, stage: Stage, device: str) -> DrbdPair | None:
    """The mirror of this device, /dev/drbdN; None for any other device."""
    return _pairs(lab, stage).get(device)


@contextlib.contextmanager
def up_on_first(pair: DrbdPair) -> Iterator[None]:
    """Have a mirror that is down up, and writable on the first node, as long as the block lasts."""
    first = pair.lab.nodes[0]
    pair.on_both(["drbdadm", "up", pair.name])
    pair.await_states(_CONNECTED, _WHOLE)
    first.run(["drbdadm", "primary", pair.name])
    try:
        yield
    finally:
        first.run(["drbdadm", "secondary", pair.name])
        pair.on_both(["drbdadm", "down", pair.name])


def await_whole(lab: Lab, disk: Part, timeout: float) -> None:
    """Wait until both copies are whole, and no node is forbidden any more to take over."""
    pair = DrbdPair(lab, name=disk.get(_NAME))
    pair.await_states(_CONNECTED, _WHOLE)
    forbidden = [name_constraint(pair.name, node.name) for node in lab.nodes]

    def all_allowed() -> bool:
        asked = lab.running_nodes()[0].run(["cibadmin", "--query", "--scope", "constraints"])
        return not any(name in asked.stdout for name in forbidden)

    lab.wait_until(f"every node may be promoted for {disk.id}", all_allowed, timeout=timeout)


def _pairs(lab: Lab, stage: Stage) -> dict[str, DrbdPair]:
    """The resources by their devices: the first file system that is on one is on the first."""
    found = (_DEVICE.fullmatch(mount.get("device")) for mount in stage.mounts)
    minors = list(dict.fromkeys(int(one[1]) for one in found if one))
    minors += [one for one in range(len(_BACKING)) if one not in minors]
    return {
        f"/dev/drbd{minor}": DrbdPair(
            lab,
            name=disk.get(_NAME),
            fencing="resource-and-stonith",
            handlers=OUR_HANDLERS,
            backing=(backing,),
            minor=minor,
        )
        for disk, backing, minor in zip(stage.mirrored_disks, _BACKING, minors)
    }

"""Disks that DRBD mirrors: the resources that a CIB names, made anew on guests' own disks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocf_py.drbd.constraint import name_constraint
from ocf_py.lab.errors import UnsuitableLabError
from ocf_py.lab.vm.drbd_pair import LINBIT_HANDLERS, OUR_HANDLERS, DrbdPair

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab
    from ocf_py.rehearsal.stage import Part, Stage

_NODES = 2
_BACKING = ("/dev/vdb", "/dev/vdc")  # of each guest
_DEVICE = re.compile(r"/dev/drbd(\d+)")
_FILE_SYSTEM = re.compile("ext[234]?")  # others do not fit a guest's disk of 64 MiB
_HANDLERS = {"Drbd": OUR_HANDLERS, "drbd": LINBIT_HANDLERS}


def check_disks(stage: Stage) -> None:
    """UnsuitableLabError for what the lab's guests cannot have."""
    if stage.nodes != _NODES:
        raise UnsuitableLabError(
            f"DRBD 8.4, which the lab's guests have, mirrors between {_NODES} nodes"
        )
    if stage.needs_systemd:
        raise UnsuitableLabError(
            f"{stage.name}: DRBD needs guests, which have no systemd, and a unit needs systemd",
            hint="give Service a command in the place of the unit",
        )
    names: set[str] = set()
    for disk in stage.mirrored_disks:
        name = _name(disk)
        if not name or name in names:
            told = f"{name} is another's already" if name else "it has none"
            raise UnsuitableLabError(f"{disk.id}: drbd_resource: {told}")
        names.add(name)
    for disk in stage.mirrored_disks[len(_BACKING) :]:
        raise UnsuitableLabError(
            f"{disk.id}: a guest of the lab has {len(_BACKING)} disks of its own"
        )
    for mount in stage.all_mounts:
        _check_mount(mount)
    minors = _find_minors(stage)
    if len(minors) > len(stage.mirrored_disks):
        raise UnsuitableLabError(
            f"/dev/drbd{minors[-1]}: a resource has one volume in the lab, and there are "
            f"{len(minors)} devices"
        )


def _check_mount(mount: Part) -> None:
    device, kind = mount.get("device"), mount.get("fstype")
    if not _DEVICE.fullmatch(device):
        raise UnsuitableLabError(
            f"{mount.id}: {device}: beside DRBD the lab has devices of DRBD alone, by their number",
            hint="name the device /dev/drbd0",
        )
    if kind and not _FILE_SYSTEM.fullmatch(kind):
        raise UnsuitableLabError(
            f"{mount.id}: {kind}: a guest's disk has 64 MiB, which is too small for it",
            hint="rehearse it with ext4",
        )


def make_disks(lab: Lab, stage: Stage) -> None:
    """Empty mirrors, in sync, fenced as their agent wants it, and down."""
    for pair in _pairs(lab, stage).values():
        pair.warm_handler()
        pair.create()


def find_pair(lab: Lab, stage: Stage, device: str) -> DrbdPair | None:
    """The mirror of this device, /dev/drbdN; None for any other device."""
    return _pairs(lab, stage).get(device)


def await_whole(lab: Lab, disk: Part, timeout: float) -> None:
    """Wait until both copies are whole, and no node is forbidden any more to take over."""
    name = _name(disk)
    DrbdPair(lab, name).await_whole(timeout)
    forbidden = [name_constraint(name, node.name) for node in lab.nodes]
    forbidden.append(f"drbd-fence-by-handler-{name}-")  # as crm-fence-peer.sh names its own

    def all_allowed() -> bool:
        asked = lab.running_nodes()[0].run(["cibadmin", "--query", "--scope", "constraints"])
        return not any(one in asked.stdout for one in forbidden)

    lab.wait_until(f"every node may be promoted for {disk.id}", all_allowed, timeout=timeout)


def _pairs(lab: Lab, stage: Stage) -> dict[str, DrbdPair]:
    """The resources by their devices: the first file system that is on one is on the first."""
    minors = _find_minors(stage)
    minors += [one for one in range(len(_BACKING)) if one not in minors]
    return {
        f"/dev/drbd{minor}": DrbdPair(
            lab,
            _name(disk),
            fencing="resource-and-stonith",
            handlers=_HANDLERS[disk.agent.rpartition(":")[2]],
            backing=(backing,),
            minor=minor,
        )
        for disk, backing, minor in zip(stage.mirrored_disks, _BACKING, minors)
    }


def _find_minors(stage: Stage) -> list[int]:
    found = (_DEVICE.fullmatch(mount.get("device")) for mount in stage.all_mounts)
    return list(dict.fromkeys(int(one[1]) for one in found if one))


def _name(disk: Part) -> str:
    return disk.get("drbd_resource")

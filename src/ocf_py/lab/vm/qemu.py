"""QEMU's command line for one guest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.lab.networks import NETWORKS
from ocf_py.lab.vm.disks import own_disks, root_disk, seed_disk, shared_disk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ocf_py.lab.settings import Settings
    from ocf_py.lab.vm.image_store import Image

BINARY = "qemu-system-x86_64"
TCG, KVM = "tcg", "kvm"
_ACCELERATORS = {
    TCG: ("-accel", "tcg,thread=multi,tb-size=256", "-cpu", "max"),
    KVM: ("-accel", "kvm", "-cpu", "host"),
}
_MEBIBYTES = 640
# A panic is a power loss, and no timer or mitigation that costs a slow guest its time.
_KERNEL_WORDS = "console=ttyS0 panic=-1 mitigations=off nokaslr no_timer_check net.ifnames=0 quiet"


@dataclass(frozen=True)
class Cords:
    """Descriptors of the sockets that QEMU is born with: its other ends are the lab's."""

    monitor: int
    channel: int
    wires: Sequence[int]


def bare_command(image: Image, accelerator: str, words: str) -> list[str]:
    """A guest without any device, which boots the image's kernel with `words` on its line."""
    return [
        *(BINARY, "-machine", "q35", *_ACCELERATORS[accelerator], "-smp", "1"),
        *("-m", str(_MEBIBYTES), "-nodefaults", "-no-user-config", "-display", "none"),
        *("-no-reboot", "-kernel", str(image.kernel), "-initrd", str(image.initrd)),
        *("-append", f"{_KERNEL_WORDS} {words}"),
    ]


def guest_command(settings: Settings, image: Image, node: str, cords: Cords) -> list[str]:
    """The whole command line of a node."""
    console = settings.logs / node / "boot.log"
    return [
        *bare_command(image, settings.accelerator, f"lab.node={node}"),
        *("-name", f"{settings.name}-{node}"),
        *("-chardev", f"file,id=console,path={_escape(console)},append=on"),
        *("-serial", "chardev:console"),
        *("-chardev", f"socket,id=monitor,fd={cords.monitor}"),
        *("-mon", "chardev=monitor,mode=control"),
        *("-chardev", f"socket,id=channel,fd={cords.channel}"),
        *("-device", "virtio-serial-pci"),
        *("-device", "virtserialport,chardev=channel,name=lab"),
        *("-object", "rng-random,id=random,filename=/dev/urandom"),
        *("-device", "virtio-rng-pci,rng=random"),
        *_cables(settings.number_of(node), cords.wires),
        *_disks(settings, image, node),
        *("-fsdev", f"local,id=logs,path={_escape(console.parent)},security_model=passthrough"),
        *("-device", "virtio-9p-pci,fsdev=logs,mount_tag=logs"),
    ]


def _cables(number: int, wires: Sequence[int]) -> list[str]:
    words = []
    for network, descriptor in zip(NETWORKS, wires):
        words += [
            *("-netdev", f"dgram,id={network.key},local.type=fd,local.str={descriptor}"),
            "-device",
            f"virtio-net-pci,netdev={network.key},id=nic-{network.key},mac={network.mac(number)}",
        ]
    return words


def _disks(settings: Settings, image: Image, node: str) -> list[str]:
    """The node's own first, so that their names in the guest are those one expects."""
    words = []
    own = [root_disk(settings, node), *own_disks(settings, node)]
    for number, disk in enumerate(own):
        words += _drive(f"own{number}", disk)
        serial = "own" if number == 0 else f"disk{number}"
        words += ["-device", f"virtio-blk-pci,drive=own{number},serial={serial}"]
    for serial, disk in (("image", image.root), ("seed", seed_disk(settings))):
        words += _drive(serial, disk, read_only=True)
        words += ["-device", f"virtio-blk-pci,drive={serial},serial={serial}"]
    shared = shared_disk(settings)
    if shared is not None:
        words += [*_drive("shared", shared), "-device", "virtio-scsi-pci,id=scsi"]
        words += ["-device", "scsi-hd,bus=scsi.0,drive=shared,share-rw=on,serial=shared"]
    return words


def _drive(name: str, disk: Path, *, read_only: bool = False) -> list[str]:
    # QEMU's end is a power loss: what the guest has written is in the host's cache by then.
    access = "read-only=on" if read_only else "cache.direct=off"
    file = f"file.driver=file,file.filename={_escape(disk)},file.locking=off"
    return ["-blockdev", f"driver=raw,node-name={name},{access},{file}"]


def _escape(path: Path) -> str:
    """A path as QEMU wants it, where commas separate."""
    return str(path).replace(",", ",,")

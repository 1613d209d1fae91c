"""Which machines and disks a lab is made of: the one place where the daemon sees its kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ocf_py.lab.networks import NETWORKS

if TYPE_CHECKING:
    from ocf_py.lab.events import EventLog
    from ocf_py.lab.machine import Machine
    from ocf_py.lab.settings import Settings
    from ocf_py.lab.switch import Switch


class Disk(Protocol):
    """The disk that all nodes see."""

    def close(self) -> None:
        """Let go of it."""


def assemble(
    settings: Settings, switch: Switch, events: EventLog
) -> tuple[Disk | None, dict[str, Machine]]:
    """The lab's disk, if it has one, and its machines, all off."""
    if settings.kind == "vm":
        from ocf_py.lab.vm.disks import make_disks
        from ocf_py.lab.vm.machine import VirtualMachine
        from ocf_py.lab.vm.offload import finish_frames

        make_disks(settings)
        for network in NETWORKS:
            finish_frames(network.bridge)
        names = settings.node_names
        return None, {name: VirtualMachine(settings, name, switch, events) for name in names}
    from ocf_py.lab.namespace_machine import NamespaceMachine
    from ocf_py.lab.shared_disk import SharedDisk

    disk = SharedDisk(settings) if settings.disk_mib else None
    return disk, {
        name: NamespaceMachine(settings, name, switch, events) for name in settings.node_names
    }

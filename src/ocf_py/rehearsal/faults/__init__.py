"""All that a rehearsal can do to a cluster, by name."""

from __future__ import annotations

from ocf_py.rehearsal.faults.agents import AgentKilledInStop, SlowMonitor
from ocf_py.rehearsal.faults.base import Fault
from ocf_py.rehearsal.faults.daemons import DAEMONS_KILLED, CorosyncKilled
from ocf_py.rehearsal.faults.network import LinkDown, MirrorCut, RingCut, RingsCut, ServiceCut
from ocf_py.rehearsal.faults.orders import (
    CleanupUnderLoad,
    MaintenanceRestart,
    Move,
    ParametersChanged,
    Renamed,
    Standby,
    Upgrade,
)
from ocf_py.rehearsal.faults.power import (
    BothOff,
    BothOffStandbyFirst,
    FencingFails,
    Hang,
    PowerLoss,
    Shutdown,
)
from ocf_py.rehearsal.faults.programs import (
    AddressDeleted,
    ApplicationHung,
    ApplicationKilled,
    MemoryPressure,
)
from ocf_py.rehearsal.faults.storage import DiskFull, DiskReadOnly, FilesystemFrozen

__all__ = ["FAULTS", "Fault"]

_ALL: tuple[type[Fault], ...] = (
    PowerLoss,
    Hang,
    Shutdown,
    RingCut,
    RingsCut,
    MirrorCut,
    ServiceCut,
    LinkDown,
    ApplicationKilled,
    ApplicationHung,
    AddressDeleted,
    DiskFull,
    DiskReadOnly,
    FilesystemFrozen,
    CorosyncKilled,
    *DAEMONS_KILLED,
    MemoryPressure,
    SlowMonitor,
    FencingFails,
    BothOff,
    BothOffStandbyFirst,
    Standby,
    Move,
    MaintenanceRestart,
    ParametersChanged,
    CleanupUnderLoad,
    Renamed,
    AgentKilledInStop,
    Upgrade,
)

FAULTS: dict[str, type[Fault]] = {fault.name: fault for fault in _ALL}

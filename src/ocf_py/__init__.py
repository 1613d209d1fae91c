"""Pacemaker-compatible OCF resource agents: the names an agent's author needs.

Names are looked up when first used: an agent pays for what it names, no more.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .agent import Agent, action, seam
    from .kinds import Boolean, Duration, Integer, IPAddress, Path, Select, String
    from .outcomes import (
        DEGRADED,
        DEGRADED_PROMOTED,
        MINUS_INFINITY,
        PROMOTED,
        RUNNING,
        STOPPED,
        Failure,
        Misconfigured,
        NotInstalled,
        NotPermitted,
        NotRunning,
        PromotedFailure,
        Status,
        Unimplemented,
        UnusableHere,
    )
    from .system.address import Address

__all__ = [
    "DEGRADED",
    "DEGRADED_PROMOTED",
    "MINUS_INFINITY",
    "PROMOTED",
    "RUNNING",
    "STOPPED",
    "Address",
    "Agent",
    "Boolean",
    "Duration",
    "Failure",
    "IPAddress",
    "Integer",
    "Misconfigured",
    "NotInstalled",
    "NotPermitted",
    "NotRunning",
    "Path",
    "PromotedFailure",
    "Select",
    "Status",
    "String",
    "Unimplemented",
    "UnusableHere",
    "action",
    "seam",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name in ("Agent", "action", "seam"):
        module = "agent"
    elif name in ("Boolean", "Duration", "IPAddress", "Integer", "Path", "Select", "String"):
        module = "kinds"
    elif name == "Address":
        module = "system.address"
    else:
        module = "outcomes"
    found: object = getattr(__import__(f"{__name__}.{module}", fromlist=[name]), name)
    globals()[name] = found
    return found

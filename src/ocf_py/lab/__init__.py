"""A real Corosync and Pacemaker cluster on one machine, each node a set of namespaces.

The names are resolved when asked for: the helpers that enter a node import this package too, and
they start for every single command.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocf_py.lab.cluster_state import ClusterState
    from ocf_py.lab.errors import LabError
    from ocf_py.lab.lab import Lab
    from ocf_py.lab.node import Node

__all__ = ["ClusterState", "Lab", "LabError", "Node"]

_HOMES = {
    "ClusterState": "ocf_py.lab.cluster_state",
    "Lab": "ocf_py.lab.lab",
    "LabError": "ocf_py.lab.errors",
    "Node": "ocf_py.lab.node",
}


def __getattr__(name: str) -> object:
    """Import a public name's module at its first use (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(__import__(_HOMES[name], fromlist=[name]), name)
    return found

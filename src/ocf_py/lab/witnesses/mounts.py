"""What is mounted in each node, read from outside.

One kernel serves all nodes, so a device that two of them mount is one superblock and looks whole:
only the nodes' own lists show that it is mounted twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab


class MountWitness:
    """Reads the mount lists of the nodes."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def mount_points(self, node: str) -> list[str]:
        """Every mount point in a node, in mounting order; none when it is off."""
        return [mount.place for mount in self._lab.node(node).mounts()]

    def nodes_with(self, mount_point: str) -> list[str]:
        """Nodes in which something is mounted there."""
        return [
            node.name for node in self._lab.nodes if mount_point in self.mount_points(node.name)
        ]

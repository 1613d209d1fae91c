"""The first block of a guest's disk, past every cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocf_py.lab.node import Node

SIZE = 4096  # bytes
_SECONDS = 240.0  # guests compute ten times slower, and frozen I/O waits for a fencing


def write_block(node: Node, text: bytes, device: str = "/dev/drbd0") -> None:
    """Write ``text`` through to the disks; as long as I/O is frozen it waits."""
    command = ["dd", f"of={device}", f"bs={SIZE}", "conv=fsync", "oflag=direct"]
    node.run(command, stdin=text.ljust(SIZE), timeout=_SECONDS)


def read_block(node: Node, device: str = "/dev/drbd0") -> str:
    """What it holds."""
    command = ["dd", f"if={device}", f"bs={SIZE}", "count=1", "iflag=direct", "status=none"]
    return node.run(command, timeout=_SECONDS).stdout.rstrip(" \0")

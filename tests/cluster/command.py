"""``ocf-py`` in a node, which has no toolkit: imported on this side, run on that one.

``python -m tests.cluster.command PID WORDS...``: PID is that of the node's init.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

# What a command would import only when it is used, it would not find there.
import ocf_py.doctor.examination
import ocf_py.doctor.node
import ocf_py.doctor.resources
import ocf_py.doctor.versions
import ocf_py.toolkit.doctor
import ocf_py.toolkit.installer.inspection
import ocf_py.toolkit.installer.place
import ocf_py.toolkit.mirror
import ocf_py.toolkit.replacing  # noqa: F401
from ocf_py.lab import kernel
from ocf_py.toolkit.command import run

if TYPE_CHECKING:
    from ocf_py.lab.node import Node

_NAMESPACES = (  # the mount namespace last: /proc is needed until then
    ("net", kernel.CLONE_NEWNET),
    ("pid", kernel.CLONE_NEWPID),
    ("mnt", kernel.CLONE_NEWNS),
)


def run_inside(node: Node, *words: str) -> subprocess.CompletedProcess[str]:
    """``ocf-py`` with these words in a node, as its root would type it."""
    argv = [sys.executable, "-m", "tests.cluster.command", str(node.pid), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def main() -> None:
    """Go there and run it."""
    pid, *words = sys.argv[1:]
    there = [(os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), kind) for name, kind in _NAMESPACES]
    for descriptor, kind in there:
        kernel.set_namespace(descriptor, kind)
    child = os.fork()  # only children enter a pid namespace
    if child == 0:
        sys.argv = ["ocf-py", *words]
        run()
    _, status = os.waitpid(child, 0)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()

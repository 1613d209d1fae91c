"""Which membership this is: a name that no other one ever has, before a restart or after.

Corosync gives each membership an identifier of its own, its ring. As long as that is the same,
nobody has come and nobody has left; an instance that starts anew has then missed neither.
"""

from __future__ import annotations

from ocf_py.system import read_file
from ocf_py.system.processes import identify

_PID_FILES = ("/run/corosync.pid", "/var/run/corosync.pid")


def mark(ring: str) -> str:
    """Name a membership by its ring, the Corosync that runs, and the boot that it belongs to.

    "" where that cannot be told, which is the name of none.
    """
    for path in _PID_FILES:
        try:
            pid = int(read_file(path))
            process = identify(pid)
            if ring and process is not None and process.is_alive():
                boot = read_file("/proc/sys/kernel/random/boot_id").decode().strip()
                return f"{boot} {process} {ring}"
        except (OSError, ValueError):
            continue
    return ""

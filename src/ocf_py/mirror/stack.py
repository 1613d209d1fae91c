"""Whether the cluster's stack is the one that the record was written under.

An instance that restarts has missed nothing, since the stack went on watching for it; a stack that
restarts has, and what was proven by the sight of it is void.
"""

from __future__ import annotations

import os

from ocf_py.system import read_file
from ocf_py.system.durable import replace_durably
from ocf_py.system.processes import identify

_NAME = "stack"
_PID_FILES = ("/run/corosync.pid", "/var/run/corosync.pid")


def is_new_stack(store: str) -> bool:
    """Whether Corosync runs that ran when this was last asked, and note which one does.

    Where none can be found, nothing watches: it counts as new. OSError where it cannot be noted.
    """
    found = _identify_stack()
    try:
        before = read_file(f"{store}/{_NAME}").decode("ascii", "replace")
    except FileNotFoundError:
        before = ""
    handle = os.open(store, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        replace_durably(handle, _NAME, found.encode())
    finally:
        os.close(handle)
    return not found or found != before


def _identify_stack() -> str:
    """The running Corosync and the boot it belongs to, as a text; "" where there is none."""
    for path in _PID_FILES:
        try:
            pid = int(read_file(path))
        except (OSError, ValueError):
            continue
        process = identify(pid)
        if process is not None and process.is_alive():
            boot = read_file("/proc/sys/kernel/random/boot_id").decode().strip()
            return f"{boot} {process}"
    return ""

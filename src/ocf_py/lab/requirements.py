"""What the lab needs of the machine; each lack is one line with its remedy."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.boot import NODE_PYTHON
from ocf_py.lab.environment import NODE_PATH
from ocf_py.lab.errors import LabError
from ocf_py.lab.systemd_units import find_systemd

if TYPE_CHECKING:
    from ocf_py.lab.settings import Settings

# Each command's package in Debian and in Fedora.
_COMMANDS = {
    "corosync": ("corosync", "corosync"),
    "corosync-keygen": ("corosync", "corosync"),
    "corosync-cmapctl": ("corosync", "corosync"),
    "pacemakerd": ("pacemaker", "pacemaker"),
    "crm_mon": ("pacemaker-cli-utils", "pacemaker-cli"),
    "cibadmin": ("pacemaker-cli-utils", "pacemaker-cli"),
}
_CAPABILITIES = {"CAP_NET_ADMIN": 12, "CAP_SYS_CHROOT": 18, "CAP_SYS_ADMIN": 21}
_FILE_SYSTEMS = ("overlay", "cgroup2", "tmpfs")


def check_root() -> None:
    """Raise LabError unless we are root."""
    if os.geteuid() != 0:
        raise LabError(
            "the lab makes namespaces and mounts, which only root may",
            hint="run it as root",
        )


def _check_privileges() -> None:
    """A container's root may lack what makes namespaces and networks."""
    status = Path("/proc/self/status").read_text()
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    for name, number in _CAPABILITIES.items():
        if not effective >> number & 1:
            raise LabError(
                f"root lacks {name} here", hint="if this is a container, run it privileged"
            )


def check_machine(settings: Settings) -> None:
    """Raise LabError for the first thing that is missing."""
    check_root()
    _check_privileges()
    for command, (debian, fedora) in _COMMANDS.items():
        if shutil.which(command, path=NODE_PATH) is None:
            raise LabError(
                f"{command} is not installed",
                hint=f"install package {debian} (Debian) or {fedora} (Fedora)",
            )
    if not Path(NODE_PYTHON).exists():
        raise LabError(f"{NODE_PYTHON} is not installed", hint="install package python3")
    if settings.init == "systemd" and find_systemd() is None:
        raise LabError(
            "--init systemd needs the machine's systemd, which is not installed",
            hint="install package systemd, or leave the option away",
        )
    offered = Path("/proc/filesystems").read_text().split()
    for kind in _FILE_SYSTEMS:
        # Overlay is a module on most distributions, and mount(2) loads it.
        if kind not in offered and kind != "overlay":
            raise LabError(f"this kernel has no {kind} file system", hint="use Linux 5.3 or newer")

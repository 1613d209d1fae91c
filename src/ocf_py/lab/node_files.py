"""What a node's disk holds before its first boot; a reboot finds it as the node left it."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.corosync_conf import render_corosync_conf
from ocf_py.lab.networks import NETWORKS, RINGS
from ocf_py.lab.systemd_units import enable_units

if TYPE_CHECKING:
    from ocf_py.lab.settings import Settings

INSIDE = Path(__file__).with_name("inside")
PACEMAKER_ENVIRONMENT = {
    "PCMK_logfile": "/var/log/pacemaker/pacemaker.log",
    "PCMK_logfacility": "daemon",
}
_CLUSTER_USER = ("hacluster", "haclient")  # made by Debian's and Fedora's packages alike
_DONE = Path("/etc/ocfpy-lab")


def write_node_files(settings: Settings, node: str) -> None:
    """Write them; the caller's root is the node's, and /run/lab is mounted."""
    if _DONE.exists():
        return
    _write_identity(settings, node)
    _write_corosync_files(settings)
    _write_pacemaker_files()
    shutil.copyfile("/run/lab/fence_lab.py", "/usr/sbin/fence_lab")
    Path("/usr/sbin/fence_lab").chmod(0o755)
    if settings.init == "systemd":
        enable_units(["corosync.service", "pacemaker.service"])
    _DONE.write_text(f"{node}\n")


def _replace(path: str, content: bytes | str, mode: int = 0o644) -> None:
    """Write a file anew, never through a link the machine has in its place."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_bytes(content if isinstance(content, bytes) else content.encode())
    target.chmod(mode)


def _write_identity(settings: Settings, node: str) -> None:
    hosts = ["127.0.0.1 localhost", "::1 localhost"]
    for name in settings.node_names:
        number = settings.number_of(name)
        for network in NETWORKS:
            alias = name if network is RINGS[0] else f"{name}-{network.key}"
            hosts.append(f"{network.address(number)} {alias}")
    _replace("/etc/hosts", "\n".join(hosts) + "\n")
    _replace("/etc/hostname", f"{node}\n")
    _replace("/etc/machine-id", f"{settings.number_of(node):032x}\n")
    _replace("/etc/resolv.conf", "")  # no name server: fail at once, do not wait for one
    for table in ("/etc/fstab", "/etc/crypttab"):  # of disks that a node does not have
        _replace(table, "")


def _write_corosync_files(settings: Settings) -> None:
    _replace("/etc/corosync/corosync.conf", render_corosync_conf(settings))
    _replace("/etc/corosync/authkey", Path("/run/lab/authkey").read_bytes(), 0o400)
    shutil.rmtree("/var/lib/corosync", ignore_errors=True)  # whatever the machine has in there
    Path("/var/lib/corosync").mkdir()


def _write_pacemaker_files() -> None:
    settings = "".join(f"{name}={value}\n" for name, value in PACEMAKER_ENVIRONMENT.items())
    for home in ("/etc/default", "/etc/sysconfig"):  # Debian; Fedora
        if Path(home).is_dir():
            _replace(f"{home}/pacemaker", settings)
    for name in ("cib", "pengine", "cores", "blackbox"):
        directory = Path("/var/lib/pacemaker", name)
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True, mode=0o750)
        _give_to_cluster_user(directory)
    _replace("/var/lib/pacemaker/cib/cib.xml", Path("/run/lab/cib.xml").read_bytes(), 0o600)
    _give_to_cluster_user(Path("/var/lib/pacemaker/cib/cib.xml"))


def _give_to_cluster_user(path: Path) -> None:
    user, group = _CLUSTER_USER
    os.chown(path, pwd.getpwnam(user).pw_uid, grp.getgrnam(group).gr_gid)


def make_log_directories(settings: Settings, node: str) -> None:
    """Make a node's /var/log: the machine's directories with their owners, and no file of it.

    Pacemaker, Corosync and crmsh each fail without theirs.
    """
    logs = settings.logs / node
    logs.mkdir(parents=True)
    for top, names, _ in os.walk("/var/log"):
        names[:] = [name for name in names if name not in {"journal", "ocfpy-lab"}]
        if top == "/var/log":
            continue
        copy = logs / Path(top).relative_to("/var/log")
        copy.mkdir()
        there = Path(top).stat()
        os.chown(copy, there.st_uid, there.st_gid)
        copy.chmod(there.st_mode & 0o7777)

"""What a node's disk holds before its first boot; a reboot finds it as the node left it."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from dataclasses import dataclass
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


@dataclass(frozen=True)
class NodeFile:
    """A file, or with content None an empty directory in the place of whatever was there."""

    path: str
    content: bytes | None
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


def describe_node_files(settings: Settings, node: str) -> list[NodeFile]:
    """All of them but systemd's, for a node of any kind."""
    return [
        *_identity(settings, node),
        *_corosync_files(settings),
        *_pacemaker_files(settings),
        NodeFile("/usr/sbin/fence_lab", (settings.shared / "fence_lab.py").read_bytes(), 0o755),
    ]


def write_node_files(settings: Settings, node: str, files: list[NodeFile]) -> None:
    """Write them; the caller's root is the node's."""
    if _DONE.exists():
        return
    for file in files:
        _replace(file)
    if settings.init == "systemd":
        enable_units(["corosync.service", "pacemaker.service"])
    _DONE.write_text(f"{node}\n")


def _replace(file: NodeFile) -> None:
    """Write a file anew, never through a link the machine has in its place."""
    target = Path(file.path)
    if file.content is None:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        target.write_bytes(file.content)
    owner, group = pwd.getpwnam(file.owner).pw_uid, grp.getgrnam(file.group).gr_gid
    os.chown(target, owner, group)
    target.chmod(file.mode)


def _identity(settings: Settings, node: str) -> list[NodeFile]:
    hosts = ["127.0.0.1 localhost", "::1 localhost"]
    for name in settings.node_names:
        number = settings.number_of(name)
        for network in NETWORKS:
            alias = name if network is RINGS[0] else f"{name}-{network.key}"
            hosts.append(f"{network.address(number)} {alias}")
    return [
        NodeFile("/etc/hosts", "\n".join([*hosts, ""]).encode()),
        NodeFile("/etc/hostname", f"{node}\n".encode()),
        NodeFile("/etc/machine-id", f"{settings.number_of(node):032x}\n".encode()),
        NodeFile("/etc/resolv.conf", b""),  # no name server: fail at once, do not wait for one
        NodeFile("/etc/fstab", b""),  # of disks that a node does not have
        NodeFile("/etc/crypttab", b""),
    ]


def _corosync_files(settings: Settings) -> list[NodeFile]:
    key = (settings.shared / "authkey").read_bytes()
    return [
        NodeFile("/etc/corosync/corosync.conf", render_corosync_conf(settings).encode()),
        NodeFile("/etc/corosync/authkey", key, 0o400),
        NodeFile("/var/lib/corosync", None, 0o755),  # whatever the machine has in there
    ]


def _pacemaker_files(settings: Settings) -> list[NodeFile]:
    text = "".join(f"{name}={value}\n" for name, value in PACEMAKER_ENVIRONMENT.items())
    cib = (settings.shared / "cib.xml").read_bytes()
    return [
        NodeFile(f"{home}/pacemaker", text.encode())
        for home in ("/etc/default", "/etc/sysconfig")  # Debian; Fedora
        if Path(home).is_dir()
    ] + [
        *(
            NodeFile(f"/var/lib/pacemaker/{name}", None, 0o750, *_CLUSTER_USER)
            for name in ("cib", "pengine", "cores", "blackbox")
        ),
        NodeFile("/var/lib/pacemaker/cib/cib.xml", cib, 0o600, *_CLUSTER_USER),
    ]


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

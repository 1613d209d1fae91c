"""From power-on to pid 1: the process that becomes a node."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from ocf_py.lab import kernel
from ocf_py.lab.environment import NODE_PATH, node_environment
from ocf_py.lab.mount_root import change_root, isolate_mounts
from ocf_py.lab.node_files import describe_node_files, write_node_files
from ocf_py.lab.root import build_root
from ocf_py.lab.switch import configure_node
from ocf_py.lab.systemd_units import find_systemd

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab.settings import Settings

MINI_INIT = "/run/lab/init.py"
NODE_PYTHON = "/usr/bin/python3"
SIGNAL_BYTE = b"+"


def become_node(settings: Settings, node: str, ready: int, cables: int, reports: int) -> None:
    """Turn the calling process, pid 1 of a new pid namespace, into the node's init.

    Writes a byte to the pipe `ready` when it has its namespaces, waits for one on `cables`, and
    leaves `reports` to the mini init. Returns only by an exception.
    """
    kernel.end_with_parent()
    os.setsid()
    kernel.set_process_name(f"init-{node}")
    _redirect_output(settings.logs / node / "boot.log")
    isolate_mounts()
    kernel.unshare(kernel.CLONE_NEWUTS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWNET)
    os.write(ready, SIGNAL_BYTE)
    if os.read(cables, 1) != SIGNAL_BYTE:
        raise EOFError("the lab's daemon ended while the node booted")
    root = build_root(settings, node)  # after the cables, so that /sys is of the node's network
    configure_node(settings.number_of(node))
    files = describe_node_files(settings, node)
    change_root(str(root))
    socket.sethostname(node)
    write_node_files(settings, node, files)
    kernel.give_up_machine_capabilities()
    if settings.init == "systemd":
        _run_systemd()
    os.set_inheritable(reports, True)  # noqa: FBT003 - the standard library's signature
    os.execve(NODE_PYTHON, [NODE_PYTHON, "-ISB", MINI_INIT, str(reports)], node_environment())


def _redirect_output(path: Path) -> None:
    null = os.open("/dev/null", os.O_RDONLY)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    for target, source in ((0, null), (1, log), (2, log)):
        os.dup2(source, target)


def _run_systemd() -> None:
    """Hand the node over to the machine's systemd, in a cgroup namespace of its own."""
    binary = find_systemd()
    if binary is None:
        raise FileNotFoundError("the machine has no systemd")
    kernel.unshare(kernel.CLONE_NEWCGROUP)
    kernel.mount(
        "cgroup2",
        "/sys/fs/cgroup",
        "cgroup2",
        kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC,
    )
    # What it and its units say goes to the journal; an init that writes to a file looks like
    # one whose console is that file.
    null = os.open("/dev/null", os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    environment = {"container": "ocfpy-lab", "PATH": NODE_PATH, "LANG": "C.UTF-8"}
    os.execve(str(binary), ["/sbin/init"], environment)

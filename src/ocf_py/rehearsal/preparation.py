"""Gives the nodes what a CIB takes for granted: file systems, folders, secrets, a database."""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.shared_disk import SHARED_DEVICE
from ocf_py.rehearsal.mirrored_disks import find_pair, make_disks
from ocf_py.rehearsal.writing import TABLE, install_keeper

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab
    from ocf_py.lab.node import Node
    from ocf_py.rehearsal.stage import Part, Stage

ALERT = "/var/lib/ocfpy-rehearsal-alert"
_AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--reset-env"]
_FIRST_LINE = b"#!/usr/bin/python3 -ISE\n"
_PROGRAM = "/var/lib/ocfpy-rehearsal-prepare"
_LONGEST = 480.0  # seconds that a step may take in a guest
_POSTGRESQL_SETTINGS = b"""listen_addresses = '*'
unix_socket_directories = ''
min_wal_size = 2MB
max_wal_size = 8MB
"""
_POSTGRESQL_CLIENTS = b"""host all all 10.77.2.0/24 trust
host all all fd77:0:0:2::/64 trust
"""


def prepare(lab: Lab, stage: Stage, program: Path | None = None) -> None:
    """Prepare every node, before the CIB is loaded; `program` of the user's runs in each at last.

    A disk is made anew. LabError names what this machine lacks.
    """
    from ocf_py.rehearsal.inside import alert

    program_of_alerts = _FIRST_LINE + Path(alert.__file__).read_bytes()
    for node in lab.nodes:
        _install(node, ALERT, program_of_alerts)
    install_keeper(lab)
    make_disks(lab, stage)
    for mount in stage.all_mounts:
        _prepare_mount(lab, stage, mount)
    for mirror in stage.mirrors:
        _prepare_mirror(lab, mirror)
    for part in stage.programs:
        _check_program(lab.nodes[0], part, in_guests=stage.needs_guests)
    if program is not None:
        for node in lab.nodes:
            _install(node, _PROGRAM, program.read_bytes())
            node.run([_PROGRAM], timeout=_LONGEST)


def _install(node: Node, place: str, content: bytes) -> None:
    node.run(["tee", place], stdin=content)
    node.run(["chmod", "0755", place])


def _prepare_mount(lab: Lab, stage: Stage, mount: Part) -> None:
    directory = mount.get("directory").rstrip("/")
    for node in lab.nodes:
        node.run(["mkdir", "-p", directory])
    pair = find_pair(lab, stage, mount.get("device"))
    if pair is not None:
        with pair.up_on_first():
            _fill(lab.nodes[0], stage, mount)
    elif mount.get("device") == SHARED_DEVICE:
        _fill(lab.nodes[0], stage, mount)


def _fill(first: Node, stage: Stage, mount: Part) -> None:
    """A file system on the device, and what a program of the CIB's wants to find in it."""
    directory, kind = mount.get("directory").rstrip("/"), mount.get("fstype") or "ext4"
    force = {"xfs": "-f", "btrfs": "-f"}.get(kind, "-F")
    first.run([f"mkfs.{kind}", "-q", force, mount.get("device")], timeout=_LONGEST)
    server = find_server(stage, mount)
    if server is not None:
        first.run(["mount", mount.get("device"), directory])
        try:
            _make_database(first, server)
        finally:
            first.run(["umount", directory])


def find_server(stage: Stage, mount: Part) -> Part | None:
    """The program whose database is on a mount."""
    folder = mount.get("directory").rstrip("/") + "/"
    return next((one for one in stage.programs if find_database(one).startswith(folder)), None)


def find_database(program: Part) -> str:
    """PostgreSQL's directory, "" for any other program."""
    words = program.get("args", "cmdline_options").split()
    if not program.get("command", "binfile").endswith("/postgres") or "-D" not in words[:-1]:
        return ""
    return words[words.index("-D") + 1]


def _make_database(node: Node, server: Part) -> None:
    data = find_database(server)
    folder = server.get("command", "binfile").rpartition("/")[0]
    node.run(["install", "-d", "-o", "postgres", "-g", "postgres", "-m", "700", data])
    # What it writes ahead comes in small pieces: a guest's disk has 64 MiB.
    options = ["--auth=trust", "--no-sync", "--no-instructions", "--wal-segsize=1"]
    node.run([*_AS_POSTGRES, f"{folder}/initdb", "-D", data, *options], timeout=_LONGEST)
    node.run(["tee", "-a", f"{data}/postgresql.conf"], stdin=_POSTGRESQL_SETTINGS)
    node.run(["tee", "-a", f"{data}/pg_hba.conf"], stdin=_POSTGRESQL_CLIENTS)
    single = [*_AS_POSTGRES, f"{folder}/postgres", "--single", "-D", data, "postgres"]
    table = f"CREATE TABLE {TABLE} (n bigint PRIMARY KEY)\n"
    node.run(single, stdin=table.encode(), timeout=_LONGEST)


def _prepare_mirror(lab: Lab, mirror: Part) -> None:
    """One node's directory is filled: that one is the truth, and opens the first generation."""
    directory = mirror.get("directory").rstrip("/")
    parent, _, name = directory.rpartition("/")
    line = f"rehearsal:{secrets.token_hex(16)}\n".encode()
    for node in lab.nodes:
        node.run(["rm", "-rf", directory, f"{parent}/.{name}.mirror"])
        node.run(["mkdir", "-p", directory])
        place = mirror.get("secrets_file")
        if place:
            node.run(["install", "-m", "600", "/dev/stdin", place], stdin=line)
    lab.nodes[0].run(["tee", f"{directory}/index.html"], stdin=b"of the first node\n")


def tell_how_to_bring(*, in_guests: bool) -> str:
    """The remedy where a node has not what a CIB takes for granted; guests have their own image."""
    return f"{'' if in_guests else 'install it on this machine, or '}bring it with --prepare"


def _check_program(node: Node, part: Part, *, in_guests: bool) -> None:
    program = part.get("command", "binfile")
    if program and node.run(["test", "-x", program], check=False).returncode != 0:
        raise LabError(
            f"{part.id}: {node.name} has no program {program}",
            hint=tell_how_to_bring(in_guests=in_guests),
        )
    if find_database(part) and shutil.which("psql") is None:
        raise LabError(
            f"{part.id}: this machine has no psql, with which a client writes to the database",
            hint="install PostgreSQL's client",
        )

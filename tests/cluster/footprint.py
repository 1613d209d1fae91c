"""What a lab changes on the machine, looked at from outside of it."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.mount_list import read_mounts
from ocf_py.lab.networks import NETWORKS
from ocf_py.lab.settings import STATE_HOME

from .conftest import name_lab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab import Lab

_NAMESPACES = ("pid", "net", "mnt", "uts", "ipc")
_GONE_SECONDS = 20.0


@dataclass(frozen=True)
class Machine:
    """What of labs shows in the machine's own namespaces, where nothing of them ever may.

    Only what bears a lab's mark is taken in: a user who logs in beside the tests changes the rest.
    Of loop devices it is the mark of this run's labs: another run's may come and go.
    """

    mounts: frozenset[str]
    links: frozenset[str]
    loop_devices: frozenset[str]
    shared_memory: frozenset[str]

    @classmethod
    def look(cls) -> Machine:
        """Take it in."""
        own = (f"{STATE_HOME}/{name_lab('')}", f"{tempfile.gettempdir()}/")
        return cls(
            frozenset(m.place for m in read_mounts() if is_lab_path(m.place)),
            frozenset(link for link in os.listdir("/sys/class/net") if is_lab_link(link)),
            frozenset(file for file in backing_files() if file.startswith(own)),
            frozenset(path.name for path in Path("/dev").glob("shm/qb-*")),
        )


def backing_files() -> Iterator[str]:
    """The file behind each loop device, which the machine shows of every lab that has a disk."""
    for entry in Path("/sys/block").glob("loop*/loop/backing_file"):
        with contextlib.suppress(OSError):  # another run's lab has ended meanwhile
            yield entry.read_text()


def is_lab_path(path: str) -> bool:
    """Whether it lies where labs have their state, or where a test may have put one."""
    return path.startswith((f"{STATE_HOME}/", f"{tempfile.gettempdir()}/"))


def is_lab_link(name: str) -> bool:
    """Whether an interface is called as those of a lab's switch and nodes are."""
    node = re.fullmatch(r"n\d+", name.partition("-")[0])
    return node is not None or name in {network.bridge for network in NETWORKS}


def namespaces_of(lab: Lab) -> frozenset[str]:
    """Every namespace that the daemon and the nodes have and the machine has not."""
    described = lab.describe()
    nodes = [node["pid"] for node in described["nodes"].values() if node["pid"] is not None]
    pids = [described["daemon"], *nodes]
    found = {os.readlink(f"/proc/{pid}/ns/{kind}") for pid in pids for kind in _NAMESPACES}
    return frozenset(found - {os.readlink(f"/proc/self/ns/{kind}") for kind in _NAMESPACES})


def users_of(namespaces: frozenset[str]) -> list[int]:
    """Processes that are in one of them; a zombie is in none."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                here = {os.readlink(f"/proc/{entry}/ns/{kind}") for kind in _NAMESPACES}
            except OSError:
                continue
            if here & namespaces:
                found.append(int(entry))
    return found


def cgroups_of(lab: Lab) -> list[str]:
    """Directories of the lab in the machine's cgroup2 hierarchy."""
    return [str(path) for path in cgroup_hierarchy().glob(f"ocfpy-lab-{lab.settings.name}-*")]


def cgroup_hierarchy() -> Path:
    """Where the machine has its cgroup2 hierarchy."""
    for mount in read_mounts():
        if mount.kind == "cgroup2":
            return Path(mount.place)
    raise AssertionError("no cgroup2 hierarchy is mounted here, so none can be looked at")


def remains(lab: Lab, namespaces: frozenset[str]) -> dict[str, object]:
    """What is left of a lab once it has had its time to go; empty values: nothing."""
    deadline = time.monotonic() + _GONE_SECONDS
    while True:
        left: dict[str, object] = {
            "processes": users_of(namespaces),
            "cgroups": cgroups_of(lab),
            "state": [str(path) for path in lab.settings.state.glob("*")],
        }
        if not any(left.values()) or time.monotonic() > deadline:
            return left
        time.sleep(0.05)

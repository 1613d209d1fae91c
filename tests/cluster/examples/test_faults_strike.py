"""What no client may notice still befalls the cluster: each such fault is looked at as it strikes.

A fault that costs an outage is seen by the clients; one that costs none would pass without
striking at all.
"""

from __future__ import annotations

import contextlib
import subprocess
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Callable

import psutil
import pytest
from lxml import etree

from ocf_py.lab.errors import LabError
from ocf_py.rehearsal.faults import FAULTS
from ocf_py.rehearsal.faults.daemons import DAEMONS_KILLED
from ocf_py.rehearsal.faults.programs import MEBIBYTES
from ocf_py.rehearsal.planning import load, plan
from ocf_py.rehearsal.preparation import prepare
from ocf_py.rehearsal.record import OURS
from ocf_py.rehearsal.scene import Scene
from tests.cluster.conftest import EXAMPLES, calm, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab import Lab

_SEEN_SECONDS = 15.0
_WRITES: list[subprocess.Popen[bytes]] = []  # over at the end, whatever they waited for


@pytest.fixture(scope="module")
def loaded(shared_lab: Lab) -> Iterator[Callable[[], Scene]]:
    """The database of the examples runs; calling it gives a scene on which all is well."""
    calm(shared_lab)
    made = plan(EXAMPLES / "database.xml", len(shared_lab.nodes))
    prepare(shared_lab, made.stage)
    load(shared_lab, made.stage, made.sides[OURS])

    def set_the_scene() -> Scene:
        scene = Scene(shared_lab, made.stage)
        scene.calm()
        return Scene(shared_lab, made.stage)

    yield set_the_scene
    for write in _WRITES:
        write.wait(_SEEN_SECONDS)
    calm(shared_lab)
    load(shared_lab, made.stage, etree.Element("configuration"))
    settle(shared_lab)


def _ring(scene: Scene) -> str:
    return scene.node.run(["corosync-cfgtool", "-n"], check=False).stdout


def _process(path: str) -> Callable[[Scene], str]:
    def look(scene: Scene) -> str:
        with contextlib.suppress(LabError):  # its node has been fenced for it
            words = ["pgrep", "-f", f"^(/[^ ]*/)?{path}( |$)"]
            return scene.node.run(words, check=False).stdout
        return ""

    return look


def _pacemakers(scene: Scene) -> set[str]:
    words = ["pgrep", "-x", "pacemakerd"]
    return {node.run(words, check=False).stdout.strip() for node in scene.lab.nodes}


def _operations(part: str) -> Callable[[Scene], list[str]]:
    """What Pacemaker has had done with a part: one line each, with the time it was begun."""

    def look(scene: Scene) -> list[str]:
        words = ["crm_resource", "--list-all-operations", "--resource", part]
        return sorted(scene.order(*words).stdout.splitlines())

    return look


def _agent(scene: Scene) -> str:
    agent = "/usr/lib/ocf/resource.d/ocfpy/Filesystem"
    return scene.node.run(["stat", "--format=%d:%i", agent]).stdout


def _is_full(scene: Scene) -> bool:
    room = scene.node.run(["df", "--output=avail", "/srv/database"]).stdout
    return room.split()[-1] == "0"


def _options(scene: Scene) -> str:
    return scene.node.run(["findmnt", "-no", "OPTIONS", "/srv/database"], check=False).stdout


def _hangs(scene: Scene) -> bool:
    """Whether a write takes longer than a second; nobody can end one that waits for the thaw."""
    write = subprocess.Popen(scene.node.command_line(["touch", "/srv/database/written"]))
    _WRITES.append(write)
    try:
        write.wait(1)
    except subprocess.TimeoutExpired:
        return True
    return False


def _hog(_: Scene) -> bool:
    """Whether a program holds the memory that the fault is to take; one kernel is all nodes'."""
    return any(
        one.info["cmdline"][-2:-1] == [str(MEBIBYTES)]
        and one.info["memory_info"].rss > MEBIBYTES << 20
        for one in psutil.process_iter(["cmdline", "memory_info"])
        if one.info["cmdline"] and one.info["memory_info"]
    )


_LOOKS: dict[str, Callable[[Scene], object]] = {
    "ring-cut": _ring,
    "disk-full": _is_full,
    "disk-read-only": _options,
    "filesystem-frozen": _hangs,
    **{fault.name: _process(fault.process) for fault in DAEMONS_KILLED},
    "maintenance-restart": _pacemakers,
    "parameters-changed": _operations("database-ip"),
    "cleanup-under-load": _operations("data"),
    "memory-pressure": _hog,
    "upgrade": _agent,
}


@pytest.mark.parametrize("name", _LOOKS)
def test_a_fault_strikes(name: str, loaded: Callable[[], Scene]) -> None:
    scene, fault, look = loaded(), FAULTS[name](), _LOOKS[name]
    before = look(scene)
    with ThreadPoolExecutor(1) as beside:
        struck = beside.submit(fault.strike, scene)
        try:
            scene.lab.wait_until("it is seen", lambda: look(scene) != before, timeout=_SEEN_SECONDS)
            struck.result()
        finally:
            wait([struck])
            fault.mend(scene)

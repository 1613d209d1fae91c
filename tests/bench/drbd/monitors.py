"""CPU of a monitor, both agents by turns, in the guest that has the resource."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.conformance.environment import INHERITED, PATH, make_environment
from ocf_py.lab.errors import LabError
from tests.bench.drbd.session import PROVIDERS
from tests.vm.drbd_database import DISK

if TYPE_CHECKING:
    from ocf_py.lab.node import Node
    from tests.bench.drbd.session import Session

_TYPES = {"ocfpy": "Drbd", "linbit": "drbd"}
_META = {
    "clone": "0",
    "clone_max": "2",
    "clone_node_max": "1",
    "promoted_max": "1",
    "promoted_node_max": "1",
    "master_max": "1",
    "master_node_max": "1",
    "notify": "true",
}
# What runs in the guest: a process and all that it started, as wait4(2) counts them.
_PLAY = """
import json, os, sys
rounds, calls = json.load(sys.stdin)
told = {name: [] for name in calls}
null = os.open(os.devnull, os.O_RDWR)
for number in range(rounds + 1):
    for name in sorted(calls, reverse=bool(number % 2)):
        argv, environment = calls[name]
        files = [(os.POSIX_SPAWN_DUP2, null, one) for one in range(3)]
        pid = os.posix_spawn(argv[0], argv, environment, file_actions=files)
        _, status, used = os.wait4(pid, 0)
        if number:  # the first fills caches
            told[name].append((os.waitstatus_to_exitcode(status), used.ru_utime + used.ru_stime))
print(json.dumps(told))
"""


@dataclass(frozen=True)
class Monitors:
    """CPU of each call in milliseconds, by provider, of an instance in one role."""

    role: str
    milliseconds: dict[str, list[float]]


def measure_monitors(session: Session, rounds: int) -> list[Monitors]:
    """Of the promoted instance and of the other; LabError where an agent answers something else."""
    here = session.database.serves()
    nodes = sorted(session.lab.nodes, key=lambda node: node.name != here)
    roles = ("promoted", 8, 10000), ("unpromoted", 0, 20000)
    return [_measure(node, rounds, *role) for node, role in zip(nodes, roles)]


def _measure(node: Node, rounds: int, role: str, code: int, interval: int) -> Monitors:
    calls = {provider: _call(provider, node.name, interval) for provider in PROVIDERS}
    play = ["/usr/bin/python3", "-ISBc", _PLAY]
    asked = json.dumps([rounds, calls]).encode()
    told = json.loads(node.run(play, stdin=asked, timeout=60 + 10.0 * rounds).stdout)
    for provider, runs in told.items():
        codes = {one for one, _ in runs}
        if codes != {code}:
            raise LabError(f"{provider}: its monitor answers {codes} of a {role} instance")
    return Monitors(role, {name: [used * 1000 for _, used in runs] for name, runs in told.items()})


def _call(provider: str, node: str, interval: int) -> tuple[list[str], dict[str, str]]:
    agent = _TYPES[provider]
    environment = make_environment(
        (provider, agent),
        {"drbd_resource": "r0"},
        instance=DISK,
        interval_ms=interval,
        timeout=20,
        level="",
        action="monitor",
        inherited={**INHERITED, "PATH": PATH},
    )
    meta = {**_META, "on_node": node}
    environment |= {f"OCF_RESKEY_CRM_meta_{name}": text for name, text in meta.items()}
    return [f"/usr/lib/ocf/resource.d/{provider}/{agent}", "monitor"], environment

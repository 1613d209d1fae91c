"""What is there when all is repaired, and should not be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.model import BY_HAND
from ocf_py.lab.errors import LabError
from ocf_py.lab.witnesses import MountWitness
from ocf_py.rehearsal.held_addresses import held_addresses
from ocf_py.rehearsal.record import Aftermath
from ocf_py.rehearsal.scene import find_processes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.rehearsal.scene import Scene


def look(scene: Scene) -> Aftermath:
    """Ask the cluster and every node; LabError where nobody answers."""
    state = scene.lab.state()
    if state is None:
        raise LabError("no node's Pacemaker answers at the end")
    failures = [
        f"{one.operation_key} failed on {one.node}: {one.exit_status} {one.reason}".strip()
        for one in state.failures
    ]
    astray = [*_find_astray(scene), *_find_constraints(scene)]
    if state.maintenance:
        astray.append("the cluster is in maintenance")
    return Aftermath(failures, astray, sorted(set(scene.lab.settings.node_names) - state.online))


def _find_astray(scene: Scene) -> Iterator[str]:
    stage = scene.stage
    places = {part.id: scene.place_of(part) for part in stage.parts if not part.is_cloned}
    yield from (f"{name} runs nowhere, or twice" for name, node in places.items() if not node)
    mounts = MountWitness(scene.lab)
    for part in stage.all_mounts:
        there = mounts.nodes_with(part.get("directory").rstrip("/"))
        wrong = [node for node in there if node != places.get(part.id) and not part.is_cloned]
        yield from (f"{part.get('directory')} is mounted on {node}" for node in wrong)
    for node in scene.lab.nodes:
        held = held_addresses(node)
        for part in stage.addresses:
            is_here = any(one.is_meant_by(part.get("ip")) for one in held)
            if is_here and node.name != places.get(part.id) and not part.is_cloned:
                yield f"{node.name} has {part.get('ip')}"
    for part in stage.programs:
        if part.is_cloned or not part.words:
            continue
        for node in scene.lab.nodes:
            if node.name != places.get(part.id) and find_processes(part, node):
                yield f"{part.id} runs on {node.name}"


def _find_constraints(scene: Scene) -> Iterator[str]:
    found = scene.order("cibadmin", "--query", "--xpath", "//rsc_location", check=False).stdout
    for word in found.split():
        name = word.partition('id="')[2].partition('"')[0]
        if name.startswith(BY_HAND):
            yield f"a constraint is left: {name}"

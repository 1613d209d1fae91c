"""What is to be rehearsed: somebody's CIB, read, made fit for a lab, and the lab for it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.cib.document import UnreadableConfiguration, parse_document, read_document
from ocf_py.cib.model import members
from ocf_py.lab.cib import read_configuration
from ocf_py.lab.errors import UnsuitableLabError
from ocf_py.lab.lab import Lab
from ocf_py.lab.settings import check_nodes
from ocf_py.rehearsal.asking import CHECKS, find_unasked
from ocf_py.rehearsal.fitting import fit
from ocf_py.rehearsal.mirrored_disks import check_disks
from ocf_py.rehearsal.peers import put_counterparts
from ocf_py.rehearsal.preparation import ALERT, tell_how_to_bring
from ocf_py.rehearsal.record import OURS, PEER
from ocf_py.rehearsal.run import LeftOut
from ocf_py.rehearsal.stage import Stage, read_stage
from ocf_py.toolkit.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ocf_py.lab.progress import Progress

_LEAST_NODES = 2
_DISK_MIB = 320  # mkfs.xfs(8) wants 300


@dataclass(frozen=True)
class Plan:
    """What is to be rehearsed: a CIB made fit for the lab, and the counterparts' beside it."""

    name: str
    stage: Stage
    sides: dict[str, etree._Element]
    notes: list[str]

    def stage_of(self, side: str) -> Stage:
        """What there is to watch and to break of a side; the same clients ask the same of each."""
        stage = _sort(self.name, self.sides[side], self.stage.nodes)
        for part, ours in zip(stage.parts, self.stage.parts):
            for name in CHECKS:
                if ours.get(name):
                    part.values.setdefault(name, ours.get(name))
        return stage


def plan(cib: Path, nodes: int, *, peer: bool = False, name: str = "") -> Plan:
    """Read a CIB, to be called `name`, else as its file; UnusableInput for a file.

    UnsuitableLabError for what no lab has.
    """
    name = name or cib.name
    try:
        document = read_document(cib)
    except UnreadableConfiguration as error:
        raise UnusableInput(str(error), hint="give it what `cibadmin --query` prints") from error
    except OSError as error:
        raise UnusableInput(f"{cib}: {error.strerror or error}") from error
    if not document.has_resources:
        raise UnusableInput(f"{cib}: <{document.root.tag}> is a part of a CIB, not the whole")
    check_nodes(nodes)
    names = [f"n{number}" for number in range(1, nodes + 1)]
    configuration, notes = fit(read_configuration(cib), names, ALERT)
    sides = {OURS: configuration}
    stage = _sort(name, configuration, nodes)
    if peer:
        sides[PEER], more = put_counterparts(configuration, stage.idle)
        notes += more
    notes += [
        f"node {one}: not in the lab, so what names it counts for nothing"
        for one in dict.fromkeys(_name_nodes(configuration))
        if one not in names
    ]
    notes += [f"{part}: left out: {reason}" for part, reason in stage.idle.items()]
    notes += [
        f"{one.id}: nobody counts its mounts, or writes there: "
        + ("every node has it" if one.is_spread else "it is on no disk of the lab")
        for one in stage.loose_mounts
    ]
    notes += [f"{one}: nobody asks it: {reason}" for one, reason in find_unasked(stage).items()]
    _check_stage(cib, stage)
    if stage.needs_guests:
        check_disks(stage)
    return Plan(name, stage, sides, notes)


def _check_stage(cib: Path, stage: Stage) -> None:
    """That there is something to break."""
    if not stage.parts and not stage.idle:
        raise UnusableInput(f"{cib}: there is no resource in it, so there is nothing to rehearse")
    if not stage.parts:
        raise UnsuitableLabError(
            f"{cib}: nothing of it is to run, so there is nothing to rehearse",
            hint="; ".join(f"{name}: {reason}" for name, reason in stage.idle.items()),
        )
    if all(part.is_spread for part in stage.parts):
        raise UnsuitableLabError(
            f"{cib}: all of it runs on every node alike, so there is nothing that could move"
        )


def plan_all(
    cibs: Sequence[Path], nodes: int | None, *, peer: bool = False
) -> tuple[list[Plan], list[LeftOut]]:
    """The plans of several CIBs, `nodes` None for as many as each is for, and who is left out.

    Where two files have the same name, each is called by its path.
    UnsuitableLabError where no lab has any of them; else as `plan`.
    """
    plans, left = [], []
    alike = Counter(cib.name for cib in cibs)
    for cib in cibs:
        name = cib.name if alike[cib.name] == 1 else str(cib)
        try:
            plans.append(plan(cib, nodes or count_nodes(cib), peer=peer, name=name))
        except UnsuitableLabError as error:
            if len(cibs) == 1:
                raise
            left.append(LeftOut("all", "every fault", name, str(error)))
    if not plans:
        raise UnsuitableLabError("; ".join(one.reason for one in left))
    return plans, left


def count_nodes(cib: Path) -> int:
    """How many nodes a CIB is for: those that it lists, or the highest that it calls n1, n2 …."""
    try:
        root = read_document(cib).root
    except (UnreadableConfiguration, OSError):
        return _LEAST_NODES  # `plan` says what is wrong with it
    listed = len(members(root))
    named = [int(name[1:]) for name in _name_nodes(root) if re.fullmatch(r"n[1-9]", name)]
    return max([_LEAST_NODES, listed, *named])


def _name_nodes(root: etree._Element) -> Iterator[str]:
    """What can mean nothing but a node: where constraints name one, and a mirror's addresses."""
    for location in root.iterfind(".//constraints/rsc_location[@node]"):
        yield location.get("node", "")
    for expression in root.iterfind(".//constraints//expression[@attribute='#uname']"):
        yield expression.get("value", "")
    for mirror in root.iter("primitive", "template"):
        if mirror.get("type") == "MirrorSync":
            for pair in mirror.iterfind(".//nvpair[@name='address']"):
                yield from (word.partition("=")[0] for word in pair.get("value", "").split())


def build_lab(plan: Plan, name: str, state: Path | None, progress: Progress) -> Lab:
    """A lab that it can be played on."""
    return Lab.up(
        name,
        state,
        nodes=plan.stage.nodes,
        init="systemd" if _needs_systemd(plan) else "mini",
        disk_mib=_DISK_MIB if plan.stage.needs_disk else 0,
        vm=plan.stage.needs_guests,
        progress=progress,
    )


def _needs_systemd(one: Plan) -> bool:
    return one.stage.needs_systemd or any(
        primitive.get("class") == "systemd"
        for side in one.sides.values()
        for primitive in side.iter("primitive")
    )


def load(lab: Lab, stage: Stage, configuration: etree._Element) -> list[str]:
    """Load a configuration of a stage's CIB; returns what the lab leaves out of it."""
    remedy = tell_how_to_bring(in_guests=stage.needs_guests)
    return lab.load_configuration(stage.name, configuration, remedy)


def _sort(name: str, configuration: etree._Element, nodes: int) -> Stage:
    return read_stage(name, parse_document(Path(name), etree.tostring(configuration)), nodes)

"""Plays faults on one lab with one CIB, in their order or by chance, and keeps the record."""

from __future__ import annotations

import random
import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.cib.document import UnreadableConfiguration, read_document
from ocf_py.lab.cib import read_configuration
from ocf_py.lab.errors import LabError, UnsuitableLabError
from ocf_py.lab.lab import Lab
from ocf_py.rehearsal.comparison import OURS, PEER
from ocf_py.rehearsal.faults import FAULTS
from ocf_py.rehearsal.fitting import fit
from ocf_py.rehearsal.peers import put_counterparts
from ocf_py.rehearsal.play import play_fault
from ocf_py.rehearsal.preparation import ALERT, prepare
from ocf_py.rehearsal.run import LeftOut, Rehearsal
from ocf_py.rehearsal.scene import Scene
from ocf_py.rehearsal.stage import Stage, read_stage
from ocf_py.toolkit.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ocf_py.lab.progress import Progress
    from ocf_py.rehearsal.record import Play

_LEAST_NODES = 2
_DISK_MIB = 256
_BLIND = "blind"
_TRIES = 5
_UP_SECONDS = 120.0


@dataclass(frozen=True)
class Plan:
    """What is to be rehearsed: a CIB made fit for the lab, and the counterparts' beside it."""

    name: str
    stage: Stage
    sides: dict[str, etree._Element]
    notes: list[str]


def plan(cib: Path, nodes: int, *, peer: bool = False) -> Plan:
    """Read a CIB; UnusableInput for a file, UnsuitableLabError for what no lab has."""
    try:
        document = read_document(cib)
    except UnreadableConfiguration as error:
        raise UnusableInput(str(error), hint="give it what `cibadmin --query` prints") from error
    except OSError as error:
        raise UnusableInput(f"{cib}: {error.strerror or error}") from error
    if not document.has_resources:
        raise UnusableInput(f"{cib}: <{document.root.tag}> is a part of a CIB, not the whole")
    names = [f"n{number}" for number in range(1, nodes + 1)]
    configuration, notes = fit(read_configuration(cib), names, ALERT)
    sides = {OURS: configuration}
    if peer:
        sides[PEER], more = put_counterparts(configuration)
        notes += more
    with tempfile.TemporaryDirectory() as folder:
        file = _write(configuration, Path(folder, cib.name))
        stage = read_stage(cib.name, read_document(file), nodes)
    if not stage.parts:
        raise UnusableInput(f"{cib}: there is no resource in it, so there is nothing to rehearse")
    if stage.needs_guests:
        raise UnsuitableLabError(
            f"{', '.join(stage.needs_guests)}: DRBD needs a kernel of its own in each node, which "
            "the nodes of a rehearsal have not"
        )
    return Plan(cib.name, stage, sides, notes)


def plan_all(
    cibs: Sequence[Path], nodes: int | None, *, peer: bool = False
) -> tuple[list[Plan], list[LeftOut]]:
    """The plans of several CIBs, `nodes` None for as many as each is for, and who is left out.

    UnsuitableLabError where no lab has any of them; else as `plan`.
    """
    plans, left = [], []
    for cib in cibs:
        try:
            plans.append(plan(cib, nodes or count_nodes(cib), peer=peer))
        except UnsuitableLabError as error:
            if len(cibs) == 1:
                raise
            left.append(LeftOut("all", "every fault", cib.name, str(error)))
    if not plans:
        raise UnsuitableLabError("; ".join(one.reason for one in left))
    return plans, left


def count_nodes(cib: Path) -> int:
    """How many nodes a CIB is for: those that it lists, or the highest that it calls n1, n2 …."""
    try:
        root = read_document(cib).root
    except (UnreadableConfiguration, OSError):
        return _LEAST_NODES  # `plan` says what is wrong with it
    listed = len(root.findall(".//nodes/node"))
    words = {
        word for one in root.iter("*") for value in one.values() for word in str(value).split()
    }
    named = [int(word[1:]) for word in words if re.fullmatch(r"n[1-9]", word)]
    return max([_LEAST_NODES, listed, *named])


def build_lab(
    plans: Sequence[Plan], name: str, state: Path | None, nodes: int, progress: Progress
) -> Lab:
    """A lab that all of them can be played on."""
    return Lab.up(
        name,
        state,
        nodes=nodes,
        init="systemd" if any(_needs_systemd(one) for one in plans) else "mini",
        disk_mib=_DISK_MIB if any(one.stage.mounts for one in plans) else 0,
        progress=progress,
    )


def _needs_systemd(one: Plan) -> bool:
    return one.stage.needs_systemd or any(
        primitive.get("class") == "systemd"
        for side in one.sides.values()
        for primitive in side.iter("primitive")
    )


class Company:
    """Plays on one lab; what was played is told to `tell` and kept in `record`."""

    def __init__(
        self,
        lab: Lab,
        record: Rehearsal,
        tell: Callable[[Play], None],
        progress: Progress,
        prepare_with: Path | None = None,
    ) -> None:
        self._lab = lab
        self._record = record
        self._tell = tell
        self._progress = progress
        self._prepare_with = prepare_with
        self._loaded: tuple[str, str] | None = None

    def play_all(self, one: Plan, names: Sequence[str], rounds: int = 1) -> None:
        """Each fault that can befall this CIB; with counterparts, both by turns, `rounds` times."""
        playable = list(self._sort_out(one, names))
        for name in playable:
            for number in range(rounds):
                # By turns, and each first as often as the other: nobody has the warmer machine.
                sides = list(one.sides) if number % 2 == 0 else list(reversed(one.sides))
                # And both from the same node: the lab fences n1 later than the others.
                start = self._lab.nodes[number % 2].name if len(sides) > 1 else None
                for side in sides:
                    self._play(one, side, name, start)

    def play_by_chance(self, one: Plan, names: Sequence[str], seconds: float, seed: int) -> None:
        """Faults as the seed has them until the time is over; ends with the first that fails."""
        playable = list(self._sort_out(one, names))
        if not playable:
            return
        self._have(one, OURS)  # what that takes is none of the time
        chance, end = random.Random(seed), time.monotonic() + seconds  # noqa: S311 - to be repeated
        while not self._record.plays or (time.monotonic() < end and self._record.plays[-1].passed):
            self._play(one, OURS, chance.choice(playable))

    def _sort_out(self, one: Plan, names: Sequence[str]) -> Iterator[str]:
        for name in names:
            reason = FAULTS[name]().reason_against(one.stage)
            if reason:
                self._record.left_out.append(LeftOut(name, FAULTS[name].summary, one.name, reason))
            else:
                yield name

    def _play(self, one: Plan, side: str, name: str, start: str | None = None) -> None:
        self._have(one, side)
        if start is not None:
            Scene(self._lab, self._stage(one, side)).have_on(start)
        self._progress.step(f"{one.name} ({side}): {FAULTS[name].summary}")
        stage, in_step = self._stage(one, side), start is not None
        for _ in range(_TRIES):
            play = play_fault(self._lab, stage, FAULTS[name](), side, in_step=in_step)
            if _BLIND not in play.trouble:
                break
            # The machine was too busy to watch: what happened is unknown.
            self._progress.step(f"again: {play.trouble}")
        self._record.plays.append(play)
        self._tell(play)

    def _stage(self, one: Plan, side: str) -> Stage:
        if side == OURS:
            return one.stage
        with tempfile.TemporaryDirectory() as folder:
            file = _write(one.sides[side], Path(folder, one.name))
            return read_stage(one.name, read_document(file), one.stage.nodes)

    def _have(self, one: Plan, side: str) -> None:
        """Load the CIB, unless it is what runs; what was there before is stopped first."""
        if self._loaded == (one.name, side):
            return
        is_other = self._loaded is None or self._loaded[0] != one.name
        self._loaded = None
        with tempfile.TemporaryDirectory() as folder:
            self._lab.load(_write(etree.Element("configuration"), Path(folder, "empty.xml")))
            self._lab.running_nodes()[0].run(["crm_resource", "--wait"], timeout=120)
            if is_other:
                prepare(self._lab, one.stage, self._prepare_with)
            for line in self._lab.load(_write(one.sides[side], Path(folder, one.name))):
                self._progress.step(f"{one.name}: left out: {line}")
        stage = self._stage(one, side)
        try:
            self._lab.wait_until(
                "everything of it runs", lambda: self._runs(stage), timeout=_UP_SECONDS
            )
        except LabError as error:
            raise LabError(f"{one.name} does not come up: {self._why() or error}") from None
        Scene(self._lab, stage).calm()
        self._loaded = (one.name, side)

    def _runs(self, stage: Stage) -> bool:
        state = self._lab.state()
        return state is not None and all(state.nodes_of(part.id) for part in stage.parts)

    def _why(self) -> str:
        state = self._lab.state()
        return "; ".join(
            f"{one.operation_key} failed on {one.node}: {one.reason or one.exit_status}"
            for one in (() if state is None else state.failures)
        )


def _write(configuration: etree._Element, path: Path) -> Path:
    path.write_bytes(etree.tostring(configuration))
    return path

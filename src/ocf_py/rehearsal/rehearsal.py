"""Plays faults on one lab with one CIB, in their order or by chance, and keeps the record."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.lab.errors import LabError
from ocf_py.rehearsal.faults import FAULTS
from ocf_py.rehearsal.planning import load
from ocf_py.rehearsal.play import play_fault
from ocf_py.rehearsal.preparation import prepare
from ocf_py.rehearsal.record import OURS
from ocf_py.rehearsal.run import LeftOut
from ocf_py.rehearsal.scene import Scene, find_processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ocf_py.lab.lab import Lab
    from ocf_py.lab.progress import Progress
    from ocf_py.rehearsal.planning import Plan
    from ocf_py.rehearsal.record import Play
    from ocf_py.rehearsal.run import Rehearsal
    from ocf_py.rehearsal.stage import Stage

_TRIES = 5
_UP_SECONDS = 120.0
_UP, _HOPELESS = "up", "hopeless"
_LOOKS = 3  # at whether it has come up: a first node may be tried in vain


def count_plays(plans: Sequence[Plan], names: Sequence[str], rounds: int) -> int:
    """How many plays `Company.play_all` makes of them all, unless something breaks down."""
    return sum(
        len(one.sides) * rounds
        for one in plans
        for name in names
        if not FAULTS[name]().reason_against(one.stage)
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
        self._is_swept = True

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
        if not self._is_swept:
            self._sweep()
        self._have(one, side)
        stage = one.stage_of(side)
        self._progress.step(f"{one.name} ({side}): {FAULTS[name].summary}")
        again: list[str] = []
        while True:
            if start is not None:
                Scene(self._lab, stage).have_on(start)
            play = play_fault(self._lab, stage, FAULTS[name](), side, in_step=start is not None)
            play.again = again
            if not play.is_void or play.tries == _TRIES:
                break
            self._progress.step(f"again: {play.trouble}")
            again.append(play.trouble)
        self._record.plays.append(play)
        self._tell(play)
        self._is_swept = not (play.trouble or play.aftermath.astray)

    def _sweep(self) -> None:
        """Switch everything off and on, and have the CIB loaded anew.

        What one play has left, of processes or in the CIB, is not the next one's.
        """
        self._progress.step("all nodes are switched off and on, as something is left")
        for switch in (self._lab.kill, self._lab.start):
            for node in self._lab.nodes:
                switch(node.name)
        self._lab.await_online()
        self._loaded = None
        self._is_swept = True

    def _have(self, one: Plan, side: str) -> None:
        """Load the CIB, unless it is what runs; what was there before is stopped first."""
        if self._loaded == (one.name, side) and not self._runs_twice(one):
            return
        is_other = self._loaded is None or self._loaded[0] != one.name
        self._loaded = None
        self._unload(one.stage)
        if any(self._count_processes(one)):  # what is left is none of the next one's
            self._sweep()
            is_other = True
        if is_other:
            prepare(self._lab, one.stage, self._prepare_with)
        for line in load(self._lab, one.stage, one.sides[side]):
            said = f"{one.name}: left out: {line}"
            self._progress.step(said)
            self._record.note(said)
        stage = one.stage_of(side)
        self._have_up(one.name, stage)
        self._loaded = (one.name, side)

    def _have_up(self, name: str, stage: Stage) -> None:
        """Wait until it all runs, and goes on to once it is calm; LabError says what does not.

        What fails to start seems to run until it is stopped.
        """
        trouble = "it does not stay so"
        try:
            for _ in range(_LOOKS):
                found = self._lab.wait_until(
                    "everything of it runs",
                    lambda: self._is_up_or_hopeless(stage),
                    timeout=_UP_SECONDS * stage.pace,
                )
                if found == _HOPELESS:
                    break
                Scene(self._lab, stage).calm()
                if self._runs(stage):
                    return
        except LabError as error:
            trouble = str(error)
        raise LabError(f"{name} does not come up: {self._why(stage) or trouble}")

    def _runs_twice(self, one: Plan) -> bool:
        """Whether counterparts have left processes of a program that was started anew."""
        return len(one.sides) > 1 and any(count > 1 for count in self._count_processes(one))

    def _count_processes(self, one: Plan) -> Iterator[int]:
        """How often each program runs on each node."""
        for program in one.stage.programs:
            if program.words:
                yield from (len(find_processes(program, node)) for node in self._lab.nodes)

    def _unload(self, stage: Stage) -> None:
        """Have the cluster stop all that it runs."""
        load(self._lab, stage, etree.Element("configuration"))
        wait = ["crm_resource", "--wait"]
        self._lab.running_nodes()[0].run(wait, timeout=_UP_SECONDS * stage.pace)

    def _runs(self, stage: Stage) -> bool:
        return self._is_up_or_hopeless(stage) == _UP

    def _is_up_or_hopeless(self, stage: Stage) -> str:
        """_UP, or _HOPELESS where something failed to start on every node and for good; else ""."""
        state = self._lab.state()
        if state is None:
            return ""
        if all(state.nodes_of(part.id) for part in stage.parts):
            return _UP
        failed = [
            {one.node for one in state.failures if one.operation_key == f"{part.id}_start_0"}
            for part in stage.parts
        ]
        everywhere = {node.name for node in self._lab.nodes}
        return _HOPELESS if not stage.retries and everywhere in failed else ""

    def _why(self, stage: Stage) -> str:
        """What runs nowhere, and what has failed; "" where nobody answers."""
        state = self._lab.state()
        if state is None:
            return ""
        missing = [part.id for part in stage.parts if not state.nodes_of(part.id)]
        said = [f"{', '.join(missing)}: nowhere"] if missing else []
        said += [
            f"{one.operation_key} failed on {one.node}: {one.reason or one.exit_status}"
            for one in state.failures
        ]
        return "; ".join(said)

"""Plays so many environments of one action of one agent."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from ocf_py.catalogue.description import UnreadableDescription
from ocf_py.conformance.caller import SpawnerDied
from ocf_py.conformance.fuzz.cases import make_case
from ocf_py.conformance.fuzz.machine import Machine
from ocf_py.conformance.fuzz.play import Play
from ocf_py.conformance.fuzz.witness import PATIENCE, Restless, WitnessDied
from ocf_py.conformance.rule import Broken

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocf_py.conformance.fuzz.cases import Case
    from ocf_py.conformance.subject import Subject


@dataclass
class Tally:
    """What was played: environments by kind, and all calls by action and exit code."""

    kinds: Counter[str] = field(default_factory=Counter)
    lives: int = 0
    codes: Counter[tuple[str, int | None]] = field(default_factory=Counter)

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.kinds + other.kinds, self.lives + other.lives, self.codes + other.codes)

    def __str__(self) -> str:
        """One line."""
        codes = sorted(self.codes.items(), key=str)
        calls = ", ".join(f"{action} {code}: {times}" for (action, code), times in codes)
        return f"{sum(self.kinds.values())} environments, {self.lives} lives; calls {calls}"


def fuzz(
    subject: Subject,
    action: str,
    *,
    seed: int,
    numbers: Sequence[int],
    lanes: int = 1,
    patience: float = PATIENCE,
) -> Tally:
    """Plays the environments of these numbers, on so many machines at a time.

    Broken tells of the first that fails. `patience` is for what takes a while, in seconds.
    """
    try:
        subject.description  # noqa: B018 - once, for all lanes
    except UnreadableDescription as problem:
        raise Broken(f"{subject.name}: {problem}") from problem
    with ThreadPoolExecutor(lanes) as pool:
        parts = [numbers[lane::lanes] for lane in range(lanes)]
        played = [pool.submit(_play_all, subject, action, seed, part, patience) for part in parts]
        tallies = [lane.result() for lane in played]
    return reduce(add, tallies)


def _play_all(
    subject: Subject, action: str, seed: int, numbers: Sequence[int], patience: float
) -> Tally:
    """Plays these on one machine."""
    tally = Tally()
    with Machine(subject, patience) as machine:
        for number in numbers:
            _play(machine, make_case(subject, action, seed=seed, number=number), tally, seed)
    return tally


def _play(machine: Machine, case: Case, tally: Tally, seed: int) -> None:
    play = Play(machine, case)
    try:
        play.run()
    except (Broken, SpawnerDied, WitnessDied, Restless) as problem:
        said = problem if isinstance(problem, Broken) else f"{type(problem).__name__}: {problem}"
        calls = "" if isinstance(problem, Broken) else _list_calls(play)
        where = "in a life" if case.in_life else "where nothing runs"
        raise Broken(
            f"{machine.subject.name}: {case.action} {where}, seed {seed}, environment "
            f"{case.number} ({case.kind}): {said}{calls}"
        ) from problem
    tally.kinds[case.kind] += 1
    tally.lives += case.in_life
    tally.codes.update((answer.action, answer.code) for answer in play.answers)


def _list_calls(play: Play) -> str:
    return "".join(f"\n    {answer.repeat}   # {answer.outcome}" for answer in play.answers)

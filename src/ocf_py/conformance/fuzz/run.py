"""Plays so many environments of one action of one agent."""

from __future__ import annotations

import contextlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
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

    from typing_extensions import Self

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


class Fuzz:
    """Plays environments of one subject on so many machines at a time; a context manager.

    Machines are made when first needed, and stay for what is played next: a play leaves its machine
    as it was. `patience` is for what takes a while, in seconds.
    """

    def __init__(self, subject: Subject, *, lanes: int = 1, patience: float = PATIENCE) -> None:
        self._subject = subject
        self._patience = patience
        self._lanes = lanes
        self._machines: dict[int, Machine] = {}
        self._inside = contextlib.ExitStack()
        self._pool = ThreadPoolExecutor(lanes)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()
        self._pool.shutdown()

    def play(self, action: str, *, seed: int, numbers: Sequence[int]) -> Tally:
        """Plays the environments of these numbers; Broken tells of the first that fails."""
        try:
            self._subject.description  # noqa: B018 - once, for all lanes
        except UnreadableDescription as problem:
            raise Broken(f"{self._subject.name}: {problem}") from problem
        parts = [numbers[lane :: self._lanes] for lane in range(self._lanes)]
        played = [
            self._pool.submit(self._play_all, lane, action, seed, part)
            for lane, part in enumerate(parts)
        ]
        wait(played)
        try:
            return reduce(add, (lane.result() for lane in played))
        except BaseException:
            self._leave()  # what has failed may not be as it was
            raise

    def _play_all(self, lane: int, action: str, seed: int, numbers: Sequence[int]) -> Tally:
        """Plays these on the machine of a lane."""
        tally = Tally()
        if lane not in self._machines:
            self._machines[lane] = self._inside.enter_context(
                Machine(self._subject, self._patience)
            )
        machine = self._machines[lane]
        for number in numbers:
            _play(machine, make_case(self._subject, action, seed=seed, number=number), tally, seed)
        return tally

    def _leave(self) -> None:
        self._machines.clear()
        self._inside.close()


def fuzz(
    subject: Subject,
    action: str,
    *,
    seed: int,
    numbers: Sequence[int],
    patience: float = PATIENCE,
) -> Tally:
    """Plays these environments of one action, one after the other, on a machine for them alone."""
    with Fuzz(subject, patience=patience) as one:
        return one.play(action, seed=seed, numbers=numbers)


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

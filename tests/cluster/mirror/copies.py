"""A witness that reads every copy again and again: each must be a whole pass at any time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ocf_py.lab import LabError
from ocf_py.lab.witnesses.watching import Watching

from .keeper import LATEST, LOGS
from .pair import parse_lines
from .writer import now

if TYPE_CHECKING:
    from .pair import Pair
    from .writer import LineWriter

_PAUSE = 0.1  # seconds between two rounds
_ROUNDED = 0.15  # seconds that an age in the status may be off
_OPENING = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@dataclass(frozen=True)
class Pass:
    """The last pass of a copy, as its worker tells it: when it began at the latest, and ended."""

    generation: str
    began: float
    ended: float

    @classmethod
    def of(cls, said: dict[str, Any] | None) -> Pass | None:
        """Read a status; None where it is of no copy that follows."""
        last = said["last_pass"] if said is not None else None
        if said is None or last is None or not said["source"] or last["from"] != said["source"]:
            return None
        began = now() - last["age_seconds"]
        # What was asked took a moment: the age was true before now.
        return cls(said["generation"], began - _ROUNDED - 0.2, began + last["seconds"] + _ROUNDED)


class CopyWitness(Watching):
    """Compares what is in a copy with what the writer knows. `looks` counts the copies read."""

    def __init__(self, pair: Pair, writer: LineWriter) -> None:
        super().__init__("witness of copies")
        self._pair = pair
        self._writer = writer
        self._reigns: dict[str, float] = {}
        self.looks = 0
        self.faults: list[str] = []

    def watch(self) -> None:
        """Look until the end."""
        self.ready.set()
        while not self.ended.is_set():
            for node in self._pair.lab.nodes:
                try:
                    self._look(node.name)
                except (LabError, OSError):
                    continue  # the node has no power, or the copy was exchanged meanwhile
            self.ended.wait(_PAUSE)

    def _look(self, node: str) -> None:
        before = Pass.of(self._pair.status(node))
        if before is None:
            return
        # What was acknowledged under an owner before may be lost, which is for the test to judge.
        reign = self._reigns.setdefault(before.generation, now())
        folder = os.open(self._pair.root(node) + self._pair.directory, _OPENING)
        try:
            logs = {name: parse_lines(_read(folder, name)) for name in LOGS}
            latest = _read(folder, LATEST)
        finally:
            os.close(folder)
        after = Pass.of(self._pair.status(node))
        if after is None or after.generation != before.generation:
            return
        self.looks += 1
        owed = {
            one.number for one in list(self._writer.kept) if reign < one.acknowledged < before.began
        }
        sent = dict(self._writer.sent)
        for name, numbers in {**logs, LATEST: parse_lines(latest)}.items():
            missing = owed - {*numbers} if name in LOGS else set()
            early = [one for one in numbers if sent.get(one, 0.0) > after.ended]
            astray = [one for before, one in zip(numbers, numbers[1:]) if one <= before]
            if astray or missing or early:
                told = f"{sorted(missing)} missing, {early} too early, {astray} out of order"
                self.faults.append(f"{node}: {name}: {told}")
        if owed and parse_lines(latest)[0] < max(owed):
            self.faults.append(f"{node}: {LATEST} is older than its pass")


def _read(folder: int, name: str) -> bytes:
    handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
    with open(handle, "rb") as file:
        return file.read()

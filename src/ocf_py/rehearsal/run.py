"""All that was played in one run, and what was not."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from ocf_py.rehearsal.comparison import compare
from ocf_py.rehearsal.record import OURS

if TYPE_CHECKING:
    from typing import Any

    from ocf_py.rehearsal.comparison import Comparison
    from ocf_py.rehearsal.record import Play


@dataclass(frozen=True)
class LeftOut:
    """A fault that was not played, and why."""

    fault: str
    summary: str
    cib: str
    reason: str


@dataclass
class Rehearsal:
    """All that was played in one run.

    `troubles` says what ended it, or the plays of one of its labs, early. `planned` is how many
    plays there should be; None where that is a matter of time. `notes` are what became of the CIBs
    in the lab, as the terminal has it. `seed` is whose faults these are, where chance chose.
    """

    title: str
    plays: list[Play] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    compared: bool = False
    planned: int | None = None
    seed: int | None = None

    def note(self, line: str) -> None:
        """Keep a line once, however many labs say it."""
        if line not in self.notes:
            self.notes.append(line)

    def break_off(self, error: BaseException) -> None:
        """Note what the whole run ended with, before its end."""
        self.troubles.append(
            "interrupted"
            if isinstance(error, KeyboardInterrupt)
            else str(error) or type(error).__name__
        )

    @property
    def passed(self) -> bool | None:
        """Whether anything was played, all of ours passed, and every comparison meets the goal.

        None where nobody knows of the goal, and all else is well. What the counterparts fail at is
        told, and is theirs.
        """
        goals = [one.meets_goal for one in self.comparisons]
        fine = all(play.passed for play in self.plays if play.provider == OURS)
        if not self.plays or self.troubles or not fine or False in goals:
            return False
        return None if None in goals else True

    @property
    def outcome(self) -> str:
        """The whole in a word or two."""
        if self.troubles:
            return "broken off"
        return {True: "passed", False: "failed", None: "goal unknown"}[self.passed]

    @property
    def count(self) -> str:
        """How many were played, and of how many where those are others."""
        played = len(self.plays)
        return f"{played}" if self.planned in (None, played) else f"{played} of {self.planned}"

    @property
    def comparisons(self) -> list[Comparison]:
        """Ours beside the counterparts', a line for each fault; nothing where none was asked."""
        return compare(self.plays) if self.compared else []

    def to_json(self) -> dict[str, Any]:
        """The whole, as report.json has it."""
        return {
            "title": self.title,
            "seed": self.seed,
            "passed": self.passed,
            "planned": self.planned,
            "played": len(self.plays),
            "notes": self.notes,
            "troubles": self.troubles,
            "comparison": [one.to_json() for one in self.comparisons],
            "plays": [play.to_json() for play in self.plays],
            "left_out": [asdict(one) for one in self.left_out],
        }

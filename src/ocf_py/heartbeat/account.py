"""The account: what became of each directive and each resource, with its file and line."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocf_py.heartbeat.source import Line


class Outcome(enum.Enum):
    """What became of it."""

    #: It stands in the new configuration.
    TRANSLATED = "translated"
    #: Nothing has to take its place.
    OBSOLETE = "obsolete"
    #: It had an effect that the new configuration lacks: somebody has to decide.
    OPEN = "open"


@dataclass(frozen=True)
class Entry:
    """One directive or resource; `what` holds no value that may be a secret."""

    file: str
    line: int
    what: str
    outcome: Outcome
    remark: str

    def as_json(self) -> dict[str, str | int]:
        """Its fields, for json.dumps."""
        return {
            "file": self.file,
            "line": self.line,
            "what": self.what,
            "outcome": self.outcome.value,
            "remark": self.remark,
        }


class Account:
    """The entries, in the order of the files."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def translated(self, line: Line, what: str, remark: str) -> None:
        """It stands in the new configuration as `remark` says."""
        self._add(line, what, Outcome.TRANSLATED, remark)

    def obsolete(self, line: Line, what: str, remark: str) -> None:
        """Nothing takes its place, because of `remark`."""
        self._add(line, what, Outcome.OBSOLETE, remark)

    def open(self, line: Line, what: str, remark: str) -> None:
        """It is lacking; `remark` says why, and what to do."""
        self._add(line, what, Outcome.OPEN, remark)

    @property
    def open_entries(self) -> list[Entry]:
        """What somebody has to decide."""
        return [entry for entry in self.entries if entry.outcome is Outcome.OPEN]

    def sort(self, files: list[str]) -> None:
        """Puts the entries into the order of the lines, the files' being that of `files`."""
        self.entries.sort(key=lambda entry: (files.index(entry.file), entry.line))

    def _add(self, line: Line, what: str, outcome: Outcome, remark: str) -> None:
        self.entries.append(Entry(line.file, line.number, what, outcome, remark))

"""The lab's journal: what happened to nodes, cables and power, and when."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Event:
    """One line of the journal; `at` is CLOCK_MONOTONIC in seconds, one clock for all nodes."""

    at: float
    what: str
    node: str | None
    details: Mapping[str, Any]


class EventLog:
    """Appends to the journal."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", buffering=1, encoding="utf-8")

    def write(self, what: str, node: str | None = None, **details: object) -> float:
        """Note an event now; returns its time."""
        at = time.monotonic()
        line = {"at": at, "clock": time.time(), "what": what, "node": node, **details}
        self._file.write(json.dumps(line) + "\n")
        return at


def read_events(path: Path, since: float = 0.0) -> list[Event]:
    """Every event at or after `since`."""
    events = []
    for line in path.read_text(encoding="utf-8").splitlines():
        details = json.loads(line)
        at, what, node = details.pop("at"), details.pop("what"), details.pop("node")
        if at >= since:
            events.append(Event(at, what, node, details))
    return events

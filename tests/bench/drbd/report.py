"""The table of the block mirror's bench, and whether its targets are met."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from tests.bench.drbd.session import OURS, PROVIDERS, THEIRS
from tests.bench.rows import RangeRow, Row, heading, show

if TYPE_CHECKING:
    from tests.bench.drbd.monitors import Monitors
    from tests.bench.drbd.outages import Outage

# What the project sets out to reach.
TARGET_OUTAGE = 1.05
TARGET_MONITOR = 0.5
TARGET_IDLE = 1.0
_WIDTH, _NARROW = 28, 12


@dataclass
class Measured:
    """All runs in their order; ``idle`` is CPU of both guests, in seconds a second."""

    monitors: list[Monitors] = field(default_factory=list)
    idle: dict[str, list[float]] = field(default_factory=lambda: {one: [] for one in PROVIDERS})
    moves: list[Outage] = field(default_factory=list)
    losses: list[Outage] = field(default_factory=list)
    load: list[float] = field(default_factory=list)

    def note_load(self) -> None:
        """Keep how busy the machine is."""
        self.load.append(os.getloadavg()[0])

    def as_dict(self) -> dict[str, object]:
        """The raw figures, for JSON."""
        return asdict(self)


def report(measured: Measured) -> bool:
    """Print the table; whether all targets are met."""
    met = True
    if measured.monitors:
        rounds = len(measured.monitors[0].milliseconds[OURS])
        print(heading(f"monitor, {rounds} rounds", _NARROW, THEIRS))
        met = show(monitor_rows(measured)) and met
    if measured.moves or measured.losses or measured.idle[OURS]:
        print(heading("two guests", _WIDTH, THEIRS))
        met = show(cluster_rows(measured)) and met
    if measured.load:
        least, most = min(measured.load), max(measured.load)
        print(f"\nMedian (least-most). The machine's load was {least:.1f} to {most:.1f}.")
    return met


def monitor_rows(measured: Measured) -> list[Row]:
    """CPU of one call."""
    return [
        Row(
            f"CPU, {one.role}",
            one.milliseconds[OURS],
            one.milliseconds[THEIRS],
            TARGET_MONITOR,
        )
        for one in measured.monitors
    ]


def cluster_rows(measured: Measured) -> list[RangeRow]:
    """What the cluster costs at rest, and what a client waits."""
    rows = []
    if measured.idle[OURS]:
        ours, theirs = ([one * 100 for one in measured.idle[name]] for name in PROVIDERS)
        rows.append(RangeRow("idle CPU, the disk alone", ours, theirs, TARGET_IDLE, "%", 1))
    if measured.moves:
        rows.append(_row("outage, planned move", measured.moves, TARGET_OUTAGE))
    if measured.losses:
        rows.append(_row("outage, power loss", measured.losses, TARGET_OUTAGE))
        rows.append(_row("  from confirmed fencing", measured.losses, None, "after_fencing"))
    return rows


def _row(
    title: str, outages: list[Outage], target: float | None, what: str = "silence"
) -> RangeRow:
    ours, theirs = (
        [getattr(one, what) for one in outages if one.provider == name] for name in PROVIDERS
    )
    return RangeRow(title, ours, theirs, target)

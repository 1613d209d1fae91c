"""The table of a cluster's bench, and whether its targets are met."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Callable, TypeVar

from tests.bench.cluster.session import PROVIDERS, VICTIM
from tests.bench.rows import RangeRow, heading, show

if TYPE_CHECKING:
    from tests.bench.cluster.arrivals import Arrivals
    from tests.bench.cluster.many import ManyRun
    from tests.bench.cluster.single import SingleRun

# What the project sets out to reach.
TARGET_UP = 0.70
TARGET_IDLE = 0.60
TARGET_SPREAD = 0.50
TARGET_OUTAGE = 1.05
_WIDTH = 28
_Run = TypeVar("_Run", "ManyRun", "SingleRun")


@dataclass
class Measured:
    """All runs in their order; `empty` is the idle CPU of both nodes without any resource."""

    empty: list[float] = field(default_factory=list)
    many: list[ManyRun] = field(default_factory=list)
    single: list[SingleRun] = field(default_factory=list)
    arrivals: Arrivals | None = None

    def as_dict(self) -> dict[str, object]:
        """The raw figures, for JSON."""
        return asdict(self)


def report(measured: Measured) -> bool:
    """Print the table; whether all targets are met."""
    met = True
    if measured.many:
        count = len(measured.many[0].outages)
        runs = len(measured.many) // len(PROVIDERS)
        print(heading(f"{count} addresses, {runs} runs each", _WIDTH))
        met = show(many_rows(measured)) and met
    if measured.single:
        runs = len(measured.single) // len(PROVIDERS)
        print(heading(f"one address, {runs} runs each", _WIDTH))
        met = show(single_rows(measured)) and met
    if measured.arrivals is not None:
        middle, late = (measured.arrivals.quantile(part) * 1000 for part in (0.5, 0.99))
        print(f"\nMirrorSync, {len(measured.arrivals.seconds)} writes, until the copy has them")
        print(f"  median {middle:.0f} ms, 99th percentile {late:.0f} ms")
    print(f"\nMedian (least-most). The power loss is {VICTIM}'s. Idle CPU is of one core.")
    return met


def many_rows(measured: Measured) -> list[RangeRow]:
    """The rows about many addresses."""
    empty = median(measured.empty)

    def row(
        title: str,
        figure: Callable[[ManyRun], float],
        target: float | None = None,
        unit: str = "s",
    ) -> RangeRow:
        return RangeRow(title, *_split(measured.many, figure), target, unit)

    return [
        row("all up", lambda run: run.up, TARGET_UP),
        row("CPU until settled", lambda run: run.up_cpu),
        row("idle CPU, both nodes", lambda run: run.idle * 100, TARGET_IDLE, "%"),
        row(
            f"  above the empty {empty * 100:.1f} %",
            lambda run: (run.idle - empty) * 100,
            None,
            "%",
        ),
        row("spread of the outage", lambda run: run.spread, TARGET_SPREAD),
        row("shortest outage", lambda run: min(run.outages.values())),
        row("median outage", lambda run: median(run.outages.values())),
        row("longest outage", lambda run: max(run.outages.values())),
    ]


def single_rows(measured: Measured) -> list[RangeRow]:
    """The rows about one address."""
    return [
        RangeRow(title, *_split(measured.single, figure), target, "ms", 0)
        for title, figure, target in (
            ("outage less the decision", lambda run: run.comparable, TARGET_OUTAGE),
            ("  from confirmed fencing", lambda run: run.gap, None),
            ("outage as it was", lambda run: run.outage, None),
        )
    ]


def _split(runs: list[_Run], figure: Callable[[_Run], float]) -> tuple[list[float], list[float]]:
    """A figure of all runs: ours, theirs."""
    ours, theirs = ([figure(run) for run in runs if run.provider == name] for name in PROVIDERS)
    return ours, theirs

"""Lines of a report: what ours took beside theirs, and whether that meets the target."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_TITLE = 28


@dataclass(frozen=True)
class Row:
    """Figures of both, in the order of the rounds; `target` is the largest ratio that is good."""

    title: str
    ours: Sequence[float]
    theirs: Sequence[float]
    target: float | None = None

    @property
    def ratio(self) -> float:
        """Ours to theirs: the median of the ratios round by round."""
        return median(one / other for one, other in zip(self.ours, self.theirs))

    @property
    def met(self) -> bool:
        """Whether the target is met; a row without one cannot miss it."""
        return self.target is None or self.ratio <= self.target

    def cells(self) -> list[str]:
        """The figures as the report shows them: ours, theirs."""
        return [f"{median(figures):9.1f} ms" for figures in (self.ours, self.theirs)]

    def line(self) -> str:
        """The row as text."""
        ours, theirs = self.cells()
        goal = (
            "" if self.target is None else f"<= {self.target:.2f}  {'' if self.met else 'MISSED'}"
        )
        return f"  {self.title:<{_TITLE}}{ours}{theirs}{self.ratio:8.2f}   {goal}".rstrip()


@dataclass(frozen=True)
class RangeRow(Row):
    """A row of few rounds on a busy cluster: the ratio is that of the medians, and it has a range.

    Figures are in `unit`, and shown with `digits` after the point.
    """

    unit: str = "s"
    digits: int = 2

    @property
    def ratio(self) -> float:
        """Ours to theirs: the medians'."""
        return median(self.ours) / median(self.theirs)

    def cells(self) -> list[str]:
        """Median, least and most of each."""
        return [self._cell(figures) for figures in (self.ours, self.theirs)]

    def _cell(self, figures: Sequence[float]) -> str:
        middle, least, most = (
            f"{figure:.{self.digits}f}" for figure in (median(figures), min(figures), max(figures))
        )
        return f"{f'{middle} {self.unit} ({least}-{most})':>28}"


def heading(title: str, width: int, peer: str = "heartbeat") -> str:
    """The line above the rows whose cells are `width` wide."""
    return f"\n{title:<{_TITLE + 2}}{'ocfpy':>{width}}{peer:>{width}}{'ratio':>8}   target"


def show(rows: Sequence[Row]) -> bool:
    """Print the rows; whether all targets are met."""
    for row in rows:
        print(row.line())
    return all(row.met for row in rows)

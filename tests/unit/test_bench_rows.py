"""Lines of a bench's report."""

from __future__ import annotations

import pytest

from tests.bench.rows import RangeRow, Row, heading


def test_a_row_of_many_rounds_has_the_median_of_their_ratios() -> None:
    row = Row("monitor", ours=[1.0, 2.0, 30.0], theirs=[2.0, 8.0, 30.0])
    assert row.ratio == 0.5
    assert row.line() == "  monitor                           2.0 ms      8.0 ms    0.50"


def test_a_row_of_few_rounds_has_the_ratio_of_their_medians_and_its_range() -> None:
    row = RangeRow("up", ours=[1.0, 2.0, 30.0], theirs=[2.0, 8.0, 30.0], digits=1)
    assert row.ratio == 0.25
    assert "2.0 s (1.0-30.0)" in row.line()


@pytest.mark.parametrize(("target", "met"), [(None, True), (0.5, True), (0.49, False)])
def test_a_target_is_met_up_to_itself(target: float | None, met: bool) -> None:
    row = Row("x", [1.0], [2.0], target)
    assert row.met is met
    assert row.line().endswith("MISSED") is not met


@pytest.mark.parametrize("row", [Row("x", [1.0], [2.0], 1.0), RangeRow("x", [1.0], [2.0], 1.0)])
def test_the_heading_stands_above_its_columns(row: Row) -> None:
    width = len(row.cells()[0])
    above = heading("one", width).strip("\n")
    assert above.index("target") == row.line().index("<=")
    assert above.index("ratio") + len("ratio") == row.line().index("0.50") + len("0.50")

"""Planned moves: the final pass sees to it that they lose nothing, however far behind a copy is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import other_node

from .pair import KEEPING, RARELY

if TYPE_CHECKING:
    from .pair import Change, Pair
    from .writer import LineWriter

ROUNDS = 5  # there and back


@pytest.fixture
def changes() -> tuple[Change, ...]:
    return (KEEPING, RARELY)


@pytest.mark.usefixtures("copies")
def test_no_planned_move_loses_a_line(pair: Pair, writer: LineWriter) -> None:
    before = pair.asides("n1"), pair.asides("n2")
    for _ in range(ROUNDS):
        for there, order in (("n2", "n2"), ("n1", "")):
            writer.await_more()
            pair.move(order)
            pair.promoted(there)
            assert writer.lost(partial(pair.lines, there)) == set()
            pair.follows(other_node(pair.lab, there))
    assert (pair.asides("n1"), pair.asides("n2")) == before


def test_after_a_planned_move_both_have_the_same_to_the_last_byte(
    pair: Pair, writer: LineWriter
) -> None:
    writer.await_more()
    writer.end()
    pair.move("n2")
    pair.promoted("n2")
    assert pair.digest("n1") == pair.digest("n2")
    pair.move("")

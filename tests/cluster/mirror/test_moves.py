"""Planned moves: the final pass sees to it that they lose nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import other_node

if TYPE_CHECKING:
    from .pair import Pair
    from .writer import LineWriter

ROUNDS = 5  # there and back


@pytest.mark.usefixtures("copies")
def test_no_planned_move_loses_a_line(pair: Pair, writer: LineWriter) -> None:
    before = pair.asides("n1"), pair.asides("n2")
    for _ in range(ROUNDS):
        for there, order in (("n2", "n2"), ("n1", "")):
            writer.await_more()
            pair.move(order)
            pair.promoted(there)
            assert writer.lost(pair.lines(there)) == set()
            pair.follows(other_node(pair.lab, there))
    assert (pair.asides("n1"), pair.asides("n2")) == before


def test_a_copy_is_the_same_to_the_last_byte_once_nobody_writes(
    pair: Pair, writer: LineWriter
) -> None:
    writer.await_more()
    writer.end()
    pair.agrees("n1", "n2")

"""Both nodes lose their power: whoever wrote last is promoted, whoever comes back first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import settle

if TYPE_CHECKING:
    from .pair import Pair
    from .writer import LineWriter


@pytest.mark.usefixtures("copies")
def test_after_a_power_loss_of_both_the_owner_is_promoted(pair: Pair, writer: LineWriter) -> None:
    writer.await_more()
    for node in ("n1", "n2"):
        pair.lab.kill(node)
    generation = None
    for node in ("n2", "n1"):
        pair.lab.start(node)
        generation = pair.record(node).generation
    pair.lab.await_online()
    pair.promoted("n1")
    assert pair.record("n1").lineage[1].generation == generation
    assert writer.lost(partial(pair.lines, "n1")) == set()
    writer.await_more()
    pair.follows("n2")


@pytest.mark.usefixtures("copies")
def test_a_stale_copy_that_comes_back_first_waits_for_the_owner_though_it_is_preferred(
    pair: Pair, writer: LineWriter
) -> None:
    pair.move("n2")
    pair.promoted("n2")
    pair.follows("n1")
    pair.lab.kill("n1")
    pair.promoted("n2", seen_from="n2")
    settle(pair.lab, "n2")
    pair.move("")  # n1 is preferred from now on
    writer.await_more()
    pair.lab.kill("n2")
    pair.lab.start("n1")
    pair.lab.wait_until("n1 has a coordinator", lambda: coordinator_of(pair, "n1"))
    settle(pair.lab, "n1")
    state = pair.lab.state("n1")
    assert state is not None
    assert not state.quorate
    assert state.nodes_of("site") == []
    pair.lab.start("n2")
    pair.lab.await_online()
    pair.promoted("n1")
    pair.follows("n2")
    assert pair.record("n1").lineage[1].owner == "n2", "n2 was promoted before"
    assert writer.lost(partial(pair.lines, "n1")) == set()


def coordinator_of(pair: Pair, node: str) -> str | None:
    state = pair.lab.state(node)
    return state.coordinator if state is not None else None

"""Power losses at random moments: of the promoted node, of the copy, of both amid a move.

A failure names its seed and number: ``--crash-seed`` and ``--crashes`` play it again.
"""

from __future__ import annotations

import random
import time
from functools import partial
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.faults import PowerLoss, suffer
from tests.cluster.conftest import other_node, settle

from .copies import Pass

if TYPE_CHECKING:
    from ocf_py.lab import Lab

    from .pair import Pair
    from .writer import LineWriter

# What is going on when the power fails, and whose.
AMID_PASSES, AMID_MOVE = "passes", "a move"
OLD, NEW = "old", "new"
MOMENTS = (
    (AMID_PASSES, OLD, 0.5),  # within these seconds a pass begins, runs and is exchanged
    (AMID_MOVE, OLD, 2.5),  # demote, the final pass, promote
    (AMID_PASSES, NEW, 0.5),
    (AMID_MOVE, NEW, 2.5),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "crash" in metafunc.fixturenames:
        metafunc.parametrize("crash", range(metafunc.config.getoption("crashes")))


@pytest.mark.usefixtures("copies")
def test_a_power_loss_costs_at_most_the_lag_and_nothing_is_gone_for_good(
    pair: Pair, writer: LineWriter, crash: int, pytestconfig: pytest.Config
) -> None:
    what, who, within = MOMENTS[crash % len(MOMENTS)]
    # From n1 to n2 or back: where it is not preferred it is held by a move.
    old = ("n1", "n2")[crash // len(MOMENTS) % 2]
    new = other_node(pair.lab, old)
    rng = random.Random(f"{pytestconfig.getoption('crash_seed')}/{crash}")  # noqa: S311 - moments
    if old == "n2":
        pair.move(old)
        pair.promoted(old)
        pair.follows(new)
    victim, survivor = (old, new) if who == OLD else (new, old)
    writer.await_more()
    if what == AMID_MOVE:
        pair.move(new if old == "n1" else "")
    time.sleep(rng.uniform(0, within))
    last = Pass.of(pair.status(survivor))
    with suffer(pair.lab, PowerLoss(victim)) as at:
        lost = judge_survivor(pair, writer, survivor, at, last)
    pair.lab.await_online()
    pair.move("")
    pair.promoted("n1")
    pair.follows("n2")
    kept = [pair.lines(victim, tree) for tree in pair.asides(victim)]
    assert lost <= set().union(*kept)
    writer.write_off(lost)
    assert writer.lost(partial(pair.lines, "n1")) == set()


def judge_survivor(
    pair: Pair, writer: LineWriter, survivor: str, at: float, last: Pass | None
) -> set[int]:
    """What the survivor lacks, if it may be promoted: nothing from before its last pass."""
    await_fencing(pair.lab, other_node(pair.lab, survivor), at)
    settle(pair.lab, survivor)
    said = pair.status(survivor)
    assert said is not None
    if said["role"] != "promoted":
        # The other was promoted, or about to be, and nothing of it has been copied yet.
        assert "knows of generation" in said["reason"] or "about to be" in said["reason"], said
        return set()
    writer.await_more()
    lost = writer.lost(partial(pair.lines, survivor))
    if last is None:
        assert lost == set(), "the survivor was promoted itself"
    else:
        assert writer.acknowledged_by(last.began) & lost == set()
    return lost


def await_fencing(lab: Lab, node: str, since: float) -> None:
    """Wait until the cluster has confirmed a node's death."""
    lab.wait_until(f"{node} is fenced", lambda: node in lab.fenced_since(since))

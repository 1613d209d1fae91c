"""A split without fencing: both write, nobody's writes go, and an administrator ends it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.faults import CutCables, suffer
from tests.cluster.conftest import settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .pair import Pair


@pytest.fixture
def unfenced(pair: Pair) -> Iterator[Pair]:
    """The mirror in a cluster that does not fence, as it should never be."""
    set_fencing(pair, "false")
    yield pair
    set_fencing(pair, "true")
    pair.changes = None  # what it went through is for nobody else to begin with


def set_fencing(pair: Pair, value: str) -> None:
    pair.lab.running_nodes()[0].run(["pcs", "property", "set", f"stonith-enabled={value}"])
    settle(pair.lab)


def is_well(pair: Pair, node: str) -> bool:
    return pair.shows(node, "promotion score") and not pair.shows(node, "fault:")


def is_told(pair: Pair, node: str, reason: str) -> bool:
    """Whether the cluster shows an administrator what is wrong on a node."""
    state = pair.lab.state()
    assert state is not None
    return any(one.node == node and reason in one.reason for one in state.failures)


def write(pair: Pair, node: str) -> None:
    pair.lab.node(node).run(["tee", f"{pair.directory}/split"], stdin=b"of " + node.encode())


def test_a_split_without_fencing_is_noticed_and_both_trees_survive_it(unfenced: Pair) -> None:
    pair = unfenced
    with suffer(pair.lab, CutCables("n2", "all")):
        pair.promoted("n1", seen_from="n1")
        pair.promoted("n2", seen_from="n2")
        write(pair, "n1")
        write(pair, "n2")
    pair.lab.await_online()
    pair.promoted("n1")
    for node, fault in (("n1", "fault: n2 has diverged"), ("n2", "fault: diverged from n1")):
        pair.lab.wait_until(f"{node} says so", partial(pair.shows, node, fault))
    settle(pair.lab)
    assert (pair.read("n1", "split"), pair.read("n2", "split")) == ("of n1", "of n2")
    for node, reason in (("n1", "n2 has diverged"), ("n2", "diverged from n1")):
        pair.lab.wait_until(f"monitor says it of {node}", partial(is_told, pair, node, reason))
        assert is_told(pair, node, "(ocf-py mirror resolve)")
        assert pair.shows(node, "ocf-py mirror resolve site --loser NODE")
    assert pair.score("n2") == -1_000_000

    done = pair.command("n2", "resolve", "site", "--loser", "n2", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    pair.follows("n2")
    assert pair.read("n2", "split") == "of n1"
    assert "of n2" in [pair.read("n2", "split", aside) for aside in pair.asides("n2")]
    for node in ("n1", "n2"):
        pair.lab.wait_until(f"{node} is well", partial(is_well, pair, node))

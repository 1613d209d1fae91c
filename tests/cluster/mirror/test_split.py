"""A split without fencing: both write, nobody's writes go, and an administrator ends it."""

from __future__ import annotations

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


def set_fencing(pair: Pair, value: str) -> None:
    pair.lab.running_nodes()[0].run(["pcs", "property", "set", f"stonith-enabled={value}"])
    settle(pair.lab)


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
    pair.lab.wait_until(
        "n2 says that it has diverged", lambda: (pair.status("n2") or {}).get("has_diverged")
    )
    settle(pair.lab)
    assert (pair.read("n1", "split"), pair.read("n2", "split")) == ("of n1", "of n2")
    shown = pair.command("n2", "status", "site").stdout
    assert "fault: diverged from n1" in shown
    monitor = pair.lab.node("n2").run(["crm_mon", "-1"]).stdout
    assert "diverged from n1" in monitor
    assert pair.score("n2") == -1_000_000

    done = pair.command("n2", "resolve", "site", "--loser", "n2", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    pair.follows("n2")
    assert pair.read("n2", "split") == "of n1"
    assert "of n2" in [pair.read("n2", "split", aside) for aside in pair.asides("n2")]
    status = pair.status("n2")
    assert status is not None
    assert status["fault"] == ""

"""The first start of a mirror: what is in the directories says whose is the truth, or an admin."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.cluster.conftest import settle

from .pair import KEEPING

if TYPE_CHECKING:
    from pathlib import Path

    from .pair import Pair


def test_the_only_directory_that_is_filled_is_the_truth(bare_pair: Pair, tmp_path: Path) -> None:
    pair = bare_pair
    pair.fill("n2")
    pair.load(tmp_path, KEEPING)
    pair.promoted("n1")  # where it is preferred, once it has a copy
    assert pair.record("n1").lineage[-1].owner == "n2"
    assert pair.read("n1", "index.html") == "of n2"


def test_two_empty_directories_wait_for_an_administrator(bare_pair: Pair, tmp_path: Path) -> None:
    pair = bare_pair
    pair.load(tmp_path, KEEPING)
    refuse(pair, "the directory is empty, and there is no generation yet: ocf-py mirror init RES")
    init(pair, "n2")
    pair.promoted("n1")
    pair.follows("n2")


def test_two_filled_directories_wait_for_an_administrator(bare_pair: Pair, tmp_path: Path) -> None:
    pair = bare_pair
    pair.fill("n1")
    pair.fill("n2")
    pair.load(tmp_path, KEEPING)
    refuse(pair, "more than one directory is filled: ocf-py mirror init RESOURCE")
    init(pair, "n2")
    pair.promoted("n1")
    assert pair.read("n1", "index.html") == "of n2"
    (aside,) = pair.asides("n1")
    assert pair.read("n1", "index.html", aside) == "of n1"


def refuse(pair: Pair, reason: str) -> None:
    """Both run, and neither is promoted, for a reason that an administrator can read."""
    for node in ("n1", "n2"):
        pair.lab.wait_until(
            f"the mirror on {node} has looked around",
            partial(pair.shows, node, reason),
        )
    settle(pair.lab)
    state = pair.lab.state()
    assert state is not None
    assert sorted(state.nodes_of("site", "Unpromoted")) == ["n1", "n2"]
    assert state.failures == ()


def init(pair: Pair, node: str) -> None:
    done = pair.command(node, "init", "site")
    assert (done.returncode, done.stderr) == (0, "")
    again = pair.command(node, "init", "site")
    assert again.returncode == 1
    assert "there is a generation already" in again.stderr or "it is promoted" in again.stderr

"""A node stands by while another is promoted and ends in order: nobody sees, nothing fails."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import settle

if TYPE_CHECKING:
    from .pair import Pair
    from .writer import LineWriter


@pytest.mark.usefixtures("copies")
def test_a_copy_with_a_final_pass_is_not_promoted_over_what_was_written_since(
    pair: Pair, writer: LineWriter
) -> None:
    writer.await_more()
    two = pair.lab.node("n2")
    resource = ["crm_resource", "--resource", "site-clone", "--meta"]
    target = "target-role"
    two.run([*resource, "--set-parameter", target, "--parameter-value", "Stopped"])
    settle(pair.lab)
    evidence = pair.record("n2").evidence
    assert evidence is not None
    assert evidence.sealed
    two.run(["pcs", "node", "standby", "n2"])
    two.run([*resource, "--delete-parameter", target])
    pair.promoted("n1")
    assert pair.record("n2").evidence == evidence
    writer.await_more()
    pair.lab.shut_down("n1")
    two.run(["pcs", "node", "unstandby", "n2"])
    pair.lab.wait_until(
        "n2 says why it is not promoted",
        lambda: pair.shows("n2", "n1 may have been promoted while this node was away"),
    )
    settle(pair.lab, "n2")
    state = pair.lab.state("n2")
    assert state is not None
    assert state.quorate
    assert state.nodes_of("site", "Unpromoted") == ["n2"]
    pair.lab.start("n1")
    pair.lab.await_online()
    pair.promoted("n1")
    pair.follows("n2")
    assert writer.lost(partial(pair.lines, "n1")) == set()
    writer.await_more()

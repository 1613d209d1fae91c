"""The hot standby in which nothing moves back, as the example has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.lab.faults import PowerLoss, suffer
from ocf_py.lab.witnesses import AddressWitness
from tests.cluster.conftest import EXAMPLES, settle

from .pair import ADDRESS

if TYPE_CHECKING:
    from .pair import Pair


def test_what_was_taken_over_stays_when_the_other_node_is_back(bare_pair: Pair) -> None:
    pair = bare_pair
    pair.fill("n1")
    pair.lab.load(EXAMPLES / "hot-standby-no-failback.xml")
    pair.promoted("n1")
    pair.follows("n2")
    with AddressWitness(pair.lab, ADDRESS) as addresses:
        with suffer(pair.lab, PowerLoss("n1")):
            pair.promoted("n2", seen_from="n2")
        pair.lab.await_online()
        pair.follows("n1")
        settle(pair.lab)
        assert pair.promoted() == "n2"
        assert pair.read("n1", "index.html") == "of n1"
        assert [holding.node for holding in addresses.holdings] == ["n1", "n2"]

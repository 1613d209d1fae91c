"""No rule of the protocol is for nothing: without it, a life goes wrong that went well."""

from __future__ import annotations

import pytest

from ocf_py.mirror import decisions
from tests.unit.mirror.cluster import Cluster
from tests.unit.mirror.removals import REMOVALS, Removal, take_out

BY_RULE = pytest.mark.parametrize("removal", REMOVALS, ids=lambda removal: removal.rule)


@BY_RULE
def test_with_every_rule_the_life_goes_well(removal: Removal) -> None:
    removal.life(Cluster)


@BY_RULE
def test_without_its_rule_the_life_goes_wrong(removal: Removal) -> None:
    without = take_out(removal)

    def make(size: int, *, fencing: bool, voters: int = 0) -> Cluster:
        if removal.module is decisions:
            return Cluster(size, fencing=fencing, voters=voters, rules=without)
        return Cluster(size, fencing=fencing, voters=voters, records=without)

    with pytest.raises(AssertionError):
        removal.life(make)

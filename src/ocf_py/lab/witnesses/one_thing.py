"""A witness of one thing that one node is to have at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.lab.witnesses.rounds import Rounds

if TYPE_CHECKING:
    from ocf_py.lab.witnesses.holdings import Holding, Holdings


class OneThing(Rounds):
    """Base of the witnesses of one address, or of one disk; what they see is in `_holdings`."""

    _holdings: Holdings

    @property
    def holdings(self) -> list[Holding]:
        """Who had it until now, in the order in which they got it."""
        return self._holdings.so_far()

    def holders(self) -> list[str]:
        """Nodes that have it now."""
        self.check()
        return self._holdings.holders()

    def double_holdings(self) -> list[tuple[Holding, Holding]]:
        """Pairs of different nodes' holdings that overlap in time; there should be none."""
        self.check()
        return self._holdings.doubles()

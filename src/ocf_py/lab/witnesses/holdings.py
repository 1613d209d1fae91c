"""Who held one thing, such as an address, and when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Holding:
    """A node had it from `since` to `until`, CLOCK_MONOTONIC; None: it still has."""

    node: str
    since: float
    until: float | None = None


class Holdings:
    """The holdings of one thing, in the order in which they began.

    One thread notes, others may ask meanwhile.
    """

    def __init__(self, *holdings: Holding) -> None:
        self._holdings = list(holdings)

    def so_far(self) -> list[Holding]:
        """All of them until now."""
        return list(self._holdings)

    def note(self, node: str, now: float, *, held: bool) -> None:
        """A node was found to have it, or not to."""
        for number, holding in enumerate(self._holdings):
            if holding.node == node and holding.until is None:
                if not held:
                    self._holdings[number] = Holding(node, holding.since, now)
                return
        if held:
            self._holdings.append(Holding(node, now))

    def holders(self) -> list[str]:
        """Nodes that have it now."""
        return [holding.node for holding in self.so_far() if holding.until is None]

    def doubles(self) -> list[tuple[Holding, Holding]]:
        """Pairs of different nodes' holdings that overlap in time; there should be none."""
        holdings = self.so_far()
        return [
            (one, other)
            for number, one in enumerate(holdings)
            for other in holdings[number + 1 :]
            if one.node != other.node and (one.until is None or one.until > other.since)
        ]

    def gained(self, node: str, since: float) -> float | None:
        """When a node got it, at or after `since`."""
        times = [h.since for h in self.so_far() if h.node == node and h.since >= since]
        return min(times, default=None)

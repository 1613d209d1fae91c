"""What the clients of many addresses noticed of a takeover."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocf_py.lab.witnesses import Answer


class NeverAnsweredError(Exception):
    """An address did not answer from where it must have."""


@dataclass(frozen=True)
class Takeover:
    """Of one address: the lost node's last answer and the survivor's first, CLOCK_MONOTONIC."""

    last: float
    first: float

    @property
    def outage(self) -> float:
        """Seconds without an answer."""
        return self.first - self.last


def find_takeover(address: str, answers: Sequence[Answer], lost: str, survivor: str) -> Takeover:
    """The takeover of an address from its answers; NeverAnsweredError when there was none."""
    last = max((answer.answered for answer in answers if answer.node == lost), default=None)
    if last is None:
        raise NeverAnsweredError(f"{address} never answered from {lost}")
    later = (a.answered for a in answers if a.node == survivor and a.answered > last)
    first = min(later, default=None)
    if first is None:
        raise NeverAnsweredError(f"{address} never answered from {survivor}")
    return Takeover(last, first)


def find_takeovers(
    heard: Mapping[str, Sequence[Answer]], lost: str, survivor: str
) -> dict[str, Takeover]:
    """The takeover of every address; NeverAnsweredError names the first that had none."""
    return {
        address: find_takeover(address, list(answers), lost, survivor)
        for address, answers in heard.items()
    }


def measure_spread(takeovers: Mapping[str, Takeover]) -> float:
    """Seconds from the first address that answered again to the last."""
    firsts = [takeover.first for takeover in takeovers.values()]
    return max(firsts) - min(firsts)

"""Outages side by side: medians of each fault, and whether ours are within the goal."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ocf_py.rehearsal.comparison import compare
from ocf_py.rehearsal.record import Gap, Play

from .plays import power_loss


def play(provider: str, seconds: float) -> Play:
    heard = [replace(power_loss().heard[0], gaps=[Gap(0.0, seconds)])]
    return power_loss(provider=provider, heard=heard)


def test_the_medians_of_both_are_compared() -> None:
    ours = [play("ocfpy", seconds) for seconds in (1.0, 2.0, 9.0)]
    peers = [play("peer", seconds) for seconds in (4.0, 4.0, 1.0)]
    (found,) = compare([*ours, *peers])
    assert (found.ours, found.peers, found.ratio, found.rounds) == (2.0, 4.0, 0.5, 3)
    assert found.failed_ours == found.failed_peers == 3  # nobody has judged them


@pytest.mark.parametrize(("seconds", "meets"), [(4.2, True), (4.3, False)])
def test_the_goal_is_one_twentieth_more(seconds: float, meets: bool) -> None:
    (found,) = compare([play("ocfpy", seconds), play("peer", 4.0)])
    assert found.meets_goal is meets


def test_what_only_one_side_played_is_not_compared() -> None:
    assert compare([play("ocfpy", 1.0)]) == []

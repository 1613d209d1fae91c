"""Outages side by side: medians of each fault, and whether ours are within the goal."""

from __future__ import annotations

import html
from dataclasses import replace
from typing import TYPE_CHECKING

import click
import pytest

from ocf_py.rehearsal.comparison import compare
from ocf_py.rehearsal.page import build_page
from ocf_py.rehearsal.record import Gap, Play, Verdict
from ocf_py.rehearsal.run import Rehearsal
from ocf_py.rehearsal.summary import sum_up

from .plays import power_loss

if TYPE_CHECKING:
    from typing import Any


FINE = Verdict("serves again", holds=True, said="it does")
BROKEN = Verdict("nothing left", holds=False, said="something is left")
LATE = Verdict("serves again", holds=False, said="it does not")


def play(provider: str, seconds: float, **other: Any) -> Play:
    heard = [replace(power_loss().heard[0], gaps=[Gap(0.0, seconds)])]
    return power_loss(**{"provider": provider, "heard": heard, "verdicts": [FINE], **other})


def seven(provider: str, seconds: float, **other: Any) -> list[Play]:
    return [play(provider, seconds, moments=[], **other) for _ in range(7)]


def test_the_medians_of_both_are_compared() -> None:
    ours = [play("ocfpy", seconds, moments=[]) for seconds in (1.0, 2.0, 9.0)]
    peers = [play("peer", seconds, moments=[]) for seconds in (4.0, 4.0, 1.0)]
    (found,) = compare([*ours, *peers])
    assert (found.ours, found.peers, found.ratio, found.rounds) == (2.0, 4.0, 0.5, 3)
    assert found.failed_ours == found.failed_peers == 0


@pytest.mark.parametrize(
    ("ours", "peers", "meets"),
    [(4.2, 4.0, True), (4.3, 4.0, False), (0.14, 0.1, True), (0.16, 0.1, False), (0.0, 0.0, True)],
)
def test_the_goal_is_one_twentieth_more_or_what_no_client_can_tell(
    ours: float, peers: float, meets: bool
) -> None:
    (found,) = compare([*seven("ocfpy", ours), *seven("peer", peers)])
    assert found.meets_goal is meets


@pytest.mark.parametrize("few", ["ocfpy", "peer"])
def test_of_fewer_than_seven_passed_plays_nobody_knows_whether_the_goal_is_met(few: str) -> None:
    plays = [*seven("ocfpy", 1.0), *seven("peer", 1.0)]
    run = Rehearsal("compared", plays, compared=True)
    assert (run.passed, run.outcome) == (True, "passed")
    assert run.to_json()["comparison"][0]["meets_goal"] is True
    next(one for one in plays if one.provider == few).verdicts = [BROKEN]
    assert run.comparisons[0].meets_goal is None
    run.plays = [one for one in plays if one.passed]
    assert (run.passed, run.outcome) == (None, "goal unknown")
    facts = run.to_json()
    assert facts["passed"] is facts["comparison"][0]["meets_goal"] is None
    first, last = map(click.unstyle, sum_up(run))
    assert "ratio 1.00 (goal 1.05 UNKNOWN, 6 rounds of at least 7)" in first
    assert last == "13 played, 0 failed, 1 with too few rounds for the goal"


def test_what_pacemaker_takes_to_decide_upon_a_fencing_is_left_out() -> None:
    (found,) = compare([play("ocfpy", 4.0), play("peer", 3.0, moments=[])])
    assert (found.ours, found.peers) == (3.0, 3.0)


def test_a_decision_beside_the_outage_is_no_part_of_it() -> None:
    heard = [replace(power_loss().heard[0], gaps=[Gap(2.9, 3.45)])]
    (found,) = compare([play("ocfpy", 0.0, heard=heard), play("peer", 0.55, moments=[])])
    assert found.ours == pytest.approx(0.35)
    assert found.peers == 0.55


def test_a_blow_that_comes_late_makes_nobody_faster() -> None:
    heard = [replace(power_loss().heard[0], gaps=[Gap(0.8, 2.0), Gap(7.0, 7.1)])]
    ours = play("ocfpy", 2.0, moments=[], in_step=True)
    (found,) = compare([ours, play("peer", 0.0, heard=heard, moments=[], in_step=True)])
    assert (found.ours, found.peers) == (2.0, 2.0)


def test_a_machines_hiccup_is_no_outage_that_ends_late() -> None:
    heard = [replace(power_loss().heard[0], gaps=[Gap(6.97, 7.0)])]
    ours = play("ocfpy", 0.0, heard=heard, moments=[], in_step=True)
    (found,) = compare([ours, play("peer", 2.0, moments=[], in_step=True)])
    assert (round(found.ours or 0.0, 6), found.peers) == (0.03, 2.0)


def test_an_outage_that_comes_after_the_blow_is_as_long_as_it_is() -> None:
    heard = [replace(power_loss().heard[0], gaps=[Gap(4.6, 4.75)])]
    ours = play("ocfpy", 0.0, heard=heard, moments=[], in_step=True)
    (found,) = compare([ours, play("peer", 2.0, moments=[], in_step=True)])
    assert (round(found.ours or 0.0, 6), found.peers) == (0.15, 2.0)


def test_what_failed_is_no_yardstick_and_the_peers_failures_are_theirs() -> None:
    plays = [play("ocfpy", 4.0, moments=[]), play("peer", 0.1, moments=[], verdicts=[BROKEN])]
    run = Rehearsal("compared", plays, compared=True)
    (found,) = run.comparisons
    assert (found.ours, found.peers, found.ratio, found.failed_peers) == (4.0, None, None, 1)
    assert run.passed is None
    assert "4.00 s beside -, ratio -" in next(iter(sum_up(run)))
    plays.append(play("ocfpy", 4.0, moments=[], verdicts=[BROKEN]))
    assert run.passed is False


def test_who_is_too_late_was_so_for_as_long_at_the_least() -> None:
    (found,) = compare([*seven("ocfpy", 4.0), *seven("peer", 90.0, verdicts=[LATE])])
    assert (found.peers, found.failed_peers, found.meets_goal) == (90.0, 7, True)


def test_a_missed_goal_fails_the_run_where_sides_are_compared() -> None:
    plays = [*seven("ocfpy", 4.3), *seven("peer", 4.0)]
    assert Rehearsal("not compared", plays).passed
    missed = Rehearsal("compared", plays, compared=True)
    assert missed.passed is False
    assert [line for line in sum_up(missed) if "MISSED" in line]
    assert list(sum_up(missed))[-1] == "14 played, 0 failed, 1 slower than the goal"


def test_what_only_one_side_played_is_not_compared() -> None:
    assert compare([play("ocfpy", 1.0)]) == []


def _daemon_killed(provider: str, seconds: float, *fenced: str) -> Play:
    chance = replace(power_loss().expectation, by_chance=True)
    return play(provider, seconds, moments=[], fenced=list(fenced), expectation=chance)


def test_where_fencing_is_pacemakers_chance_like_is_compared_with_like() -> None:
    ours = [_daemon_killed("ocfpy", 3.0, "n1")] * 5 + [_daemon_killed("ocfpy", 0.1)] * 2
    peers = [_daemon_killed("peer", 4.0, "n1")] * 3 + [_daemon_killed("peer", 0.1)] * 4
    run = Rehearsal("compared", [*ours, *peers], compared=True)
    (found,) = run.comparisons
    assert (found.ours, found.peers, found.rounds, found.meets_goal) == (3.0, 4.0, 3, None)
    assert (found.fenced, found.fenced_ours, found.fenced_peers) == (True, 5, 3)
    told = "with a fencing, which 5 of 7 plays of ours had, 3 of 7 of the peers'"
    assert f"3 rounds of at least 7 {told})" in next(iter(sum_up(run)))
    assert told in html.unescape(build_page(run, {}, {}).decode())


def test_each_outcome_that_is_frequent_enough_has_to_meet_the_goal() -> None:
    ours = [_daemon_killed("ocfpy", 3.0, "n1")] * 7 + [_daemon_killed("ocfpy", 0.5)] * 7
    peers = [_daemon_killed("peer", 4.0, "n1")] * 8 + [_daemon_killed("peer", 0.1)] * 7
    told = [(one.fenced, one.rounds, one.meets_goal) for one in compare([*ours, *peers])]
    assert told == [(True, 7, True), (False, 7, False)]


def test_what_did_not_go_alike_once_is_not_compared() -> None:
    ours = [_daemon_killed("ocfpy", 0.1)] * 7
    peers = [_daemon_killed("peer", 3.0, "n1")] * 7
    (found,) = compare([*ours, *peers])
    assert (found.rounds, found.ratio, found.meets_goal) == (0, None, None)
    assert (found.fenced_ours, found.fenced_peers) == (0, 7)


def test_where_the_agents_decide_all_plays_count() -> None:
    plays = [_daemon_killed("ocfpy", 3.0, "n1"), _daemon_killed("ocfpy", 2.0)]
    plays += [_daemon_killed("peer", 0.1)] * 2
    for one in plays:
        one.expectation = replace(one.expectation, by_chance=False)
    (found,) = compare(plays)
    assert (found.fenced, found.ours, found.peers) == (None, 2.5, 0.1)

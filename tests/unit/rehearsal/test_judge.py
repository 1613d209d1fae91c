"""The judge of a rehearsal finds each thing that must not be, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ocf_py.rehearsal.judge import judge
from ocf_py.rehearsal.record import (
    ANYBODY,
    ANYWHERE,
    NOBODY,
    ONE,
    STAYS,
    VICTIM_OR_NOBODY,
    Expectation,
    Gap,
    Heard,
    Held,
    Moment,
    Play,
    Stay,
    Written,
)

from .plays import LOSS, aftermath, power_loss

ADDRESS = "10.77.2.100"


def broken(play: Play) -> dict[str, str]:
    """The rules that do not hold, and what is said of them."""
    return {one.rule: one.said for one in judge(play) if not one.holds}


def heard(**other: object) -> list[Heard]:
    return [replace(power_loss().heard[0], **other)]  # type: ignore[arg-type]


def held(kind: str, *stays: Stay, resolution: float = 0.002) -> list[Held]:
    return [Held(kind, "it", list(stays), resolution)]


def test_a_takeover_as_it_should_be_breaks_no_rule() -> None:
    verdicts = judge(power_loss())
    assert all(one.holds for one in verdicts)
    assert {one.rule for one in verdicts} == {
        "one holder",
        "one mount",
        "no write lost",
        "serves again",
        "right place",
        "fencing",
        "fencing first",
        "nothing left",
    }


@pytest.mark.parametrize(("kind", "rule"), [("address", "one holder"), ("mount", "one mount")])
def test_two_nodes_that_have_it_at_once_are_found(kind: str, rule: str) -> None:
    play = power_loss(held=held(kind, Stay("n1", -3, 4.0), Stay("n2", 3.5, None)))
    assert "n1 and n2 at once" in broken(play)[rule]


@pytest.mark.parametrize(("kind", "rule"), [("address", "one holder"), ("mount", "one mount")])
def test_two_that_have_it_to_the_end_are_found(kind: str, rule: str) -> None:
    play = power_loss(held=held(kind, Stay("n1", -3, None), Stay("n2", 3.5, None)))
    assert rule in broken(play)


def test_a_witness_that_saw_nobody_proves_nothing() -> None:
    assert "nobody was ever seen" in broken(power_loss(held=held("address")))["one holder"]


@pytest.mark.parametrize(("kind", "rule"), [("address", "one holder"), ("mount", "one mount")])
def test_what_nobody_has_at_the_end_is_found(kind: str, rule: str) -> None:
    play = power_loss(held=held(kind, Stay("n1", -3, 0.1), Stay("n2", 3.5, 9.0)))
    assert "by nobody at the end" in broken(play)[rule]


def test_what_comes_through_a_guests_channel_is_as_late_as_that_is() -> None:
    stays = (Stay("n1", -3, 4.0), Stay("n2", 3.5, None))
    assert "one holder" not in broken(power_loss(held=held("address", *stays, resolution=1.0)))
    assert "one holder" in broken(power_loss(held=held("address", *stays, resolution=0.4)))


def test_the_same_node_twice_is_no_double() -> None:
    play = power_loss(held=held("address", Stay("n2", -3, 4.0), Stay("n2", 3.9, None)))
    assert "one holder" not in broken(play)


@pytest.mark.parametrize("kind", ["disk", "database"])
def test_an_acknowledged_write_that_is_gone_is_found_also_after_a_crash(kind: str) -> None:
    play = power_loss(written=[Written("writer", kind, 100, [-0.5])])
    assert "1 acknowledged writes are lost" in broken(play)["no write lost"]


def test_a_writer_without_an_acknowledgement_proves_nothing() -> None:
    play = power_loss(written=[Written("writer", "disk", 0, [])])
    assert "nothing was acknowledged" in broken(play)["no write lost"]


def test_a_mirror_may_lose_after_a_crash_what_its_copy_had_not_reported() -> None:
    play = power_loss(written=[Written("writer", "mirror", 100, [-2.5, -0.1], lag=3.0)])
    assert broken(play) == {}


def test_a_mirror_that_loses_more_than_its_copys_age_is_found() -> None:
    play = power_loss(written=[Written("writer", "mirror", 100, [-9.0, -0.1], lag=3.0)])
    assert "1 acknowledged writes are lost, the first of -9.000 s" in broken(play)["no write lost"]


def test_a_mirror_may_lose_what_the_struck_node_acknowledged_until_it_was_fenced() -> None:
    fenced_at = next(one.at for one in power_loss().moments if one.kind == "fencing")
    last = [-0.1, fenced_at - 0.1]
    assert broken(power_loss(written=[Written("writer", "mirror", 100, last, lag=0.2)])) == {}
    play = power_loss(written=[Written("writer", "mirror", 100, [*last, fenced_at + 3], lag=0.2)])
    assert "1 acknowledged writes are lost" in broken(play)["no write lost"]


def test_a_mirror_whose_node_was_not_fenced_may_lose_nothing() -> None:
    maybe = replace(LOSS, fencing=VICTIM_OR_NOBODY)
    written = [Written("writer", "mirror", 100, [-0.1], lag=3.0)]
    play = power_loss(expectation=maybe, fenced=[], moments=[], written=written)
    assert "no write lost" in broken(play)


def test_a_mirror_that_reports_no_age_proves_nothing() -> None:
    play = power_loss(written=[Written("writer", "mirror", 100, [], lag=None)])
    assert "lag was not reported" in broken(play)["no write lost"]


def test_a_mirror_that_loses_in_a_planned_move_is_found_however_little() -> None:
    planned = replace(LOSS, losing=False)
    written = [Written("writer", "mirror", 100, [-0.1], lag=3.0)]
    assert "no write lost" in broken(power_loss(expectation=planned, written=written))


def test_an_outage_beyond_the_bound_is_found() -> None:
    assert "15.50 s" in broken(power_loss(heard=heard(gaps=[Gap(0, 15.5)])))["serves again"]


def test_an_outage_that_never_ends_is_as_long_as_the_play() -> None:
    assert "20.00 s" in broken(power_loss(heard=heard(gaps=[Gap(0, None)])))["serves again"]


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"before": ""}, "before the fault"),
        ({"finally_from": ""}, "at the end"),
    ],
)
def test_a_client_without_answers_before_or_at_the_end_is_found(
    other: dict[str, object], said: str
) -> None:
    assert said in broken(power_loss(heard=heard(**other)))["serves again"]


def test_without_a_client_nothing_is_proved() -> None:
    assert "no client asked" in broken(power_loss(heard=[]))["serves again"]


@pytest.mark.parametrize(("repaired", "is_found"), [(8.0, False), (8.2, True), (None, True)])
def test_where_the_repair_counts_the_wait_after_it_is_judged(
    repaired: float | None, is_found: bool
) -> None:
    waiting = Expectation(ANYWHERE, 3.0, ANYBODY, after_mend=True)
    # The outage before the repair is as long as the repair takes to come.
    play = power_loss(expectation=waiting, heard=heard(gaps=[Gap(0, repaired)], repaired=repaired))
    assert ("serves again" in broken(play)) is is_found


def test_an_outage_that_comes_after_the_first_answer_after_the_repair_is_found() -> None:
    waiting = Expectation(ANYWHERE, 3.0, ANYBODY, after_mend=True)
    gaps = [Gap(0, 6.0), Gap(6.1, 15.5)]
    play = power_loss(expectation=waiting, heard=heard(gaps=gaps, repaired=6.0))
    assert "9.40 s without an answer after the repair" in broken(play)["serves again"]


def test_what_should_move_and_does_not_is_found() -> None:
    play = power_loss(heard=heard(first_elsewhere=None, finally_from="n1"))
    assert "never answered by another node than n1" in broken(play)["right place"]


def test_what_should_stay_and_moves_is_found() -> None:
    staying = Expectation(STAYS, 5.0, NOBODY)
    play = power_loss(expectation=staying, fenced=[])
    assert "answered elsewhere at +3.45 s" in broken(play)["right place"]


def test_a_client_of_another_node_is_not_asked_to_move() -> None:
    other = Heard("10.77.2.101", "n2", [Gap(0.0, 0.02)], "n2")
    assert broken(power_loss(heard=[*heard(), other])) == {}


def test_what_is_not_moved_may_stay_where_something_else_was_moved_away() -> None:
    other = Heard("10.77.2.101", "n1", [Gap(0.0, 0.02)], "n1")
    moved = replace(LOSS, clients=("10.77.2.100",))
    stayed = power_loss(heard=[*heard(), other])
    assert "10.77.2.101" in broken(stayed)["right place"]
    assert broken(replace(stayed, expectation=moved)) == {}


def test_what_ran_elsewhere_and_moved_is_found() -> None:
    other = Heard("10.77.2.101", "n2", [Gap(0.0, 0.02)], "n1", 4.9)
    assert "10.77.2.101" in broken(power_loss(heard=[*heard(), other]))["others undisturbed"]


def test_what_has_to_make_room_for_what_is_moved_is_not_disturbed() -> None:
    other = Heard("10.77.2.101", "n2", [Gap(0.0, 0.02)], "n1", 4.9)
    displacing = replace(LOSS, displacing=True)
    assert broken(power_loss(heard=[*heard(), other], expectation=displacing)) == {}


def test_what_the_cluster_places_anew_once_the_node_is_back_is_not_disturbed() -> None:
    other = Heard("10.77.2.101", "n2", [Gap(0.0, 0.02)], "n1", 5.05)
    assert broken(power_loss(heard=[*heard(), other])) == {}


@pytest.mark.parametrize(
    ("wanted", "fenced"),
    [
        (NOBODY, ["n1"]),
        (LOSS.fencing, []),
        (LOSS.fencing, ["n2"]),
        (LOSS.fencing, ["n1", "n2"]),
        (ONE, []),
        (ONE, ["n1", "n2"]),
    ],
)
def test_a_fencing_too_many_or_too_few_is_found(wanted: str, fenced: list[str]) -> None:
    play = power_loss(expectation=replace(LOSS, fencing=wanted), fenced=fenced)
    assert "fencing" in broken(play)


@pytest.mark.parametrize("fenced", [[], ["n1"], ["n1", "n2"]])
def test_where_anybody_may_be_fenced_none_is_too_many(fenced: list[str]) -> None:
    play = power_loss(expectation=replace(LOSS, fencing=ANYBODY), fenced=fenced)
    assert broken(play) == {}


def test_a_takeover_before_the_fencing_is_found() -> None:
    early = held("address", Stay("n1", -3, 0.1), Stay("n2", 1.0, None))
    assert "2.200 s before n1 was fenced" in broken(power_loss(held=early))["fencing first"]


def test_a_fencing_that_nobody_saw_is_found() -> None:
    moments = [one for one in power_loss().moments if one.kind != "fencing"]
    assert broken(power_loss(moments=moments))["fencing first"] == "no fencing was seen"


def test_what_the_survivor_had_all_the_time_is_no_takeover() -> None:
    moments = [*power_loss().moments, Moment(3.2, "fencing", "n2 is fenced", "n2")]
    kept = held("address", Stay("n1", -3, None))
    play = power_loss(expectation=Expectation(ANYWHERE, 15.0, ANYBODY), held=kept, moments=moments)
    assert broken(play) == {}


@pytest.mark.parametrize(
    ("left", "said"),
    [
        ({"failures": ["vip_start_0 failed on n2"]}, "vip_start_0"),
        ({"astray": ["n1 has 10.77.2.100"]}, "n1 has"),
        ({"offline": ["n1"]}, "n1 is off"),
    ],
)
def test_whatever_is_left_behind_is_found(left: dict[str, list[str]], said: str) -> None:
    assert said in broken(power_loss(aftermath=aftermath(**left)))["nothing left"]


def test_a_play_that_went_wrong_has_failed_whatever_was_seen() -> None:
    play = power_loss(trouble="the witness was blind for 0.4 s")
    play.verdicts = judge(play)
    assert broken(play) == {"played": "the witness was blind for 0.4 s"}
    assert not play.passed


def test_a_play_that_nobody_judged_has_not_passed() -> None:
    assert not power_loss().passed


@pytest.mark.parametrize(("fenced", "is_found"), [([], False), (["n1"], False), (["n2"], True)])
def test_where_the_struck_node_may_be_fenced_nobody_else_may(
    fenced: list[str], is_found: bool
) -> None:
    maybe = replace(LOSS, fencing=VICTIM_OR_NOBODY)
    assert ("fencing" in broken(power_loss(expectation=maybe, fenced=fenced))) is is_found


def test_also_where_nobody_had_to_be_fenced_a_takeover_waits_for_it() -> None:
    anybody = replace(LOSS, fencing=ANYBODY)
    early = held("address", Stay("n1", -3, 0.1), Stay("n2", 0.6, None))
    assert (
        "before n1 was fenced"
        in broken(power_loss(expectation=anybody, held=early))["fencing first"]
    )


QUIET = Expectation(STAYS, 2.0, NOBODY, quiet=True)


@pytest.mark.parametrize(
    "moment",
    [
        Moment(1.5, "operation", "start of ip on n1", "n1", "ip", 0.1),
        Moment(1.5, "detection", "monitor of ip on n1: Timed Out", "n1", "ip", 20.0),
        Moment(1.5, "failure", "stop of ip on n1: error", "n1", "ip", 0.1),
    ],
)
def test_what_the_cluster_does_where_it_has_nothing_to_do_is_found(moment: Moment) -> None:
    """A restart in place is over before a client that waits two seconds would complain."""
    found = broken(power_loss(expectation=QUIET, moments=[moment], fenced=[]))
    assert moment.text in found["nothing done"]


def test_the_labs_own_fencing_is_none_of_it() -> None:
    moment = Moment(1.5, "detection", "monitor of fence-n1 on n2: error", "n2", "fence-n1", 1.0)
    found = broken(power_loss(expectation=QUIET, moments=[moment], fenced=[]))
    assert "nothing done" not in found

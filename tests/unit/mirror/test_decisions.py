"""The decisions no schedule reaches: the first generation, candidates, allow_stale, reasons."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ocf_py.mirror.decisions import (
    DIVERGED,
    MINUS_INFINITY,
    REFUSE,
    Facts,
    Peer,
    allow_stale,
    follow,
    judge_candidate,
    judge_promotion,
)
from ocf_py.mirror.generations import Generation, Position
from ocf_py.mirror.record import (
    LONGEST_LINEAGE,
    MOST_HEARD,
    Record,
    advance,
    hear,
    lose_source,
    open_generation,
    seal,
)

MAX_LAG = 10.0
EMPTY = Peer(Record("n2"), is_empty=True)
FILLED = Peer(Record("n2"), is_empty=False)
OWNER = open_generation(Record("n2"), "ab")


def copy_of(owner: Record, node: str = "n1") -> Record:
    """A copy whose pass was made while the owner stood still."""
    assert owner.generation is not None
    position = Position(owner.generation, owner.moment, owner.moment)
    return Record(node, tree=position, lineage=owner.lineage)


@pytest.mark.parametrize(
    ("facts", "allowed", "said"),
    [
        (Facts({"n2": EMPTY}, all_answered=True), True, "the only directory that is filled"),
        (Facts({"n2": FILLED}, all_answered=True), False, "more than one directory"),
        (Facts({}, all_answered=False), False, "not every peer has answered"),
        (Facts({"n2": EMPTY}, all_answered=True, is_empty=True), False, "the directory is empty"),
        (Facts({"n2": Peer(OWNER)}, all_answered=True), False, "n2 knows of generation 1-ab"),
        (Facts({"n2": Peer(OWNER, serves=True)}), False, "n2 is promoted"),
    ],
)
def test_the_first_generation_is_opened_by_the_only_one_that_has_data(
    facts: Facts, allowed: bool, said: str
) -> None:
    verdict = judge_promotion(Record("n1"), facts, MAX_LAG)
    assert verdict.allowed is allowed
    assert said in verdict.reason
    assert (verdict.score == MINUS_INFINITY) is not allowed


def test_who_has_given_its_tree_up_opens_no_first_generation() -> None:
    loser = Record("n1", conceded=(Generation(1, "ab"),))
    facts = Facts({"n2": EMPTY}, all_answered=True)
    assert not judge_promotion(loser, facts, MAX_LAG).allowed


def test_a_score_falls_with_the_lag() -> None:
    facts = Facts({"n2": Peer(OWNER, serves=True)}, quorum=True)
    judged = [
        judge_candidate(copy_of(OWNER), facts, MAX_LAG, lag, "n2") for lag in (0.0, 7.0, 10.0, 11.0)
    ]
    scores = [verdict.score for verdict in judged]
    assert scores == sorted(scores, reverse=True)
    assert len(set(scores)) == 4
    assert scores[-1] == MINUS_INFINITY
    assert judged[-1].reason == "11 s behind n2, more than max_lag=10 s"


def test_a_copy_of_the_generation_before_is_no_candidate() -> None:
    successor = open_generation(seal(OWNER), "cd")
    facts = Facts({"n2": Peer(successor, serves=True)}, quorum=True)
    verdict = judge_candidate(copy_of(OWNER), facts, MAX_LAG, 0.0, "n2")
    assert not verdict.allowed
    assert "no complete pass" in verdict.reason


def test_the_owner_has_more_than_any_copy_and_a_final_pass_more_than_any_lag() -> None:
    facts = Facts(quorum=True)
    copies = [
        judge_promotion(lose_source(copy_of(OWNER), "n2", 0.0, sealed=sealed), facts, MAX_LAG)
        for sealed in (False, True)
    ]
    owner = judge_promotion(seal(OWNER), facts, MAX_LAG)
    assert copies[0].score < copies[1].score < owner.score


def test_an_attribute_that_names_a_newer_generation_is_believed() -> None:
    facts = Facts(quorum=True, attributes=(Generation(2, "cd"),))
    verdict = judge_promotion(seal(OWNER), facts, MAX_LAG)
    assert not verdict.allowed
    assert verdict.reason.startswith("an attribute of the cluster knows of generation 2-cd")


def test_allow_stale_promotes_a_whole_tree_last_of_all_and_says_so() -> None:
    stale = copy_of(OWNER)
    verdict = allow_stale(judge_promotion(stale, Facts(quorum=True), MAX_LAG), stale)
    assert verdict.allowed
    assert verdict.score == 1
    assert verdict.reason == "allow_stale is set, though: it did not follow its source to the end"


def test_allow_stale_promotes_no_directory_without_a_tree() -> None:
    nothing = Record("n1")
    assert not allow_stale(judge_promotion(nothing, Facts(), MAX_LAG), nothing).allowed


def test_a_source_without_a_tree_is_not_followed() -> None:
    assert follow(copy_of(OWNER), Record("n2")).kind == REFUSE


def test_a_line_too_old_to_be_told_is_taken_for_a_strangers() -> None:
    source = OWNER
    for number in range(LONGEST_LINEAGE + 1):
        source = open_generation(seal(source), f"{number:x}")
    assert len(source.lineage) == LONGEST_LINEAGE
    assert follow(copy_of(OWNER), source).kind == DIVERGED


def test_a_generation_from_before_the_line_that_is_kept_is_no_newer_one() -> None:
    """A peer was away for more promotions than a record keeps: it keeps nobody from one."""
    old = seal(OWNER)
    mine = replace(old, node="n1")
    for number in range(LONGEST_LINEAGE + 1):
        mine = hear(seal(open_generation(mine, f"{number:x}")), old)
        assert mine.heard == ()
    assert OWNER.generation not in [opening.generation for opening in mine.lineage]
    facts = Facts({"n2": Peer(old)}, attributes=old.known, quorum=True)
    assert judge_promotion(mine, facts, MAX_LAG).allowed
    stranger = replace(old, lineage=(replace(old.lineage[0], generation=Generation(3, "e")),))
    assert not judge_promotion(mine, Facts({"n2": Peer(stranger)}, quorum=True), MAX_LAG).allowed
    assert follow(old, mine).kind == DIVERGED


def test_what_is_heard_is_bounded_and_the_newest_of_it_stays() -> None:
    record = copy_of(OWNER)
    for number in range(2, MOST_HEARD + 10):
        peer = replace(
            OWNER, lineage=(replace(OWNER.lineage[0], generation=Generation(number, "e")),)
        )
        record = hear(record, peer)
    assert len(record.heard) == MOST_HEARD
    assert record.heard[0] == Generation(MOST_HEARD + 9, "e")


def test_a_generation_is_closed_once() -> None:
    sealed = seal(advance(OWNER))
    assert seal(sealed) == sealed
    assert sealed.tree == Position(Generation(1, "ab"), 3, 3)


def between(began: int, ended: int, node: str, lag: float = 1.0) -> Record:
    """A copy whose pass was made while its owner, n2, went on."""
    assert OWNER.generation is not None
    tree = Position(OWNER.generation, began, ended)
    return lose_source(Record(node, tree=tree, lineage=OWNER.lineage), "n2", lag)


def test_of_two_copies_that_overlap_the_one_that_began_later_is_promoted() -> None:
    early, late = between(5, 9, "n1"), between(6, 8, "n3")
    refused = judge_promotion(early, Facts({"n3": Peer(late)}, quorum=True), MAX_LAG)
    assert not refused.allowed
    assert refused.score == MINUS_INFINITY
    assert "n3 began a later pass" in refused.reason
    assert judge_promotion(late, Facts({"n1": Peer(early)}, quorum=True), MAX_LAG).allowed


def test_who_would_have_to_pull_first_is_worth_less() -> None:
    early, late = between(5, 6, "n1"), between(6, 8, "n3")
    pulls = judge_promotion(early, Facts({"n3": Peer(late)}, quorum=True), MAX_LAG)
    ready = judge_promotion(late, Facts({"n1": Peer(early)}, quorum=True), MAX_LAG)
    assert pulls.pull_from == "n3"
    assert 0 < pulls.score < ready.score

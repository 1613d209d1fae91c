"""Promotion scores: the table, state by state, and the reference that shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from drbd import Drbd
from ocf_py.drbd.complaints import find_complaints
from ocf_py.drbd.reading import parse
from ocf_py.drbd.scores import DEFAULT_POINTS, TABLE, Candidate, judge, read_points
from ocf_py.outcomes import MINUS_INFINITY
from tests.unit.block_mirror.captures import events, events_of_nine

NEVER = MINUS_INFINITY
POINTS = DEFAULT_POINTS
REFERENCE = Path(__file__).parents[3] / "docs" / "reference" / "drbd.md"


def captured(name: str, **policy: bool) -> Candidate:
    resource = parse(events(name), "r0")
    assert resource is not None
    return Candidate(resource, lambda: False, **policy)


def nine(name: str, *, confirmed: bool = False) -> Candidate:
    resource = parse(events_of_nine(name), "data")
    assert resource is not None
    return Candidate(resource, lambda: confirmed)


# Beside each state what ocf:linbit:drbd sets in it, None where it deletes the score.
@pytest.mark.parametrize(
    ("name", "score", "todays"),
    [
        ("04-up-without-metadata.n1", NEVER, None),
        ("05-first-node-only-WFConnection-Inconsistent.n1", NEVER, None),
        ("06-connected-both-Inconsistent.n1", NEVER, None),
        ("07-initial-sync-SyncSource-SyncTarget.n1", 10000, 10000),
        ("07-initial-sync-SyncSource-SyncTarget.n2", NEVER, 10),
        ("08-paused-sync.n2", NEVER, 10),
        ("09-connected-UpToDate-Primary-Secondary.n1", 10000, 10000),
        ("09-connected-UpToDate-Primary-Secondary.n2", 10000, 10000),
        ("11-connected-UpToDate-Secondary-Secondary.n1", 10000, 10000),
        ("14-peer-killed-survivor-Primary-after-writes.n2", 10000, 10000),
        ("15-returning-node-SyncTarget.n1", NEVER, 10),
        ("16-link-cut-Primary-and-Secondary.n1", 1000, 1000),
        ("18-split-brain-StandAlone.n1", 10000, 10000),
        ("19-split-brain-one-WFConnection.n1", NEVER, 1000),
        ("21-disconnected-by-hand-on-secondary.n1", NEVER, 1000),
        ("22-disconnected-by-hand-on-primary.n1", 1000, 1000),
        ("23-secondary-Diskless.n1", 10, 10),
        ("24-primary-Diskless.n2", 10000, 10000),
        ("25-verify.n1", 10000, 10000),
        ("26-invalidate-full-resync.n1", NEVER, 10),
        ("28-Outdated-secondary.n1", NEVER, None),
        ("30-peer-killed-survivor-Secondary.n1", 1000, 1000),
        ("32-fencing-suspended-io.n2", 10000, 10000),
        ("34-fencing-peer-outdated.n2", 10000, 10000),
        ("35-io-error-detached-Primary.n1", 10000, 10000),
        ("38-two-volumes-one-Diskless.n2", 10, 10),
    ],
)
def test_each_captured_state_is_scored_no_higher_than_today(
    name: str, score: int, todays: int | None
) -> None:
    assert judge(captured(name), POINTS)[0] == score
    assert score <= (NEVER if todays is None else todays)


def test_consistent_alone_is_refused_unless_its_peers_were_fenced() -> None:
    assert judge(nine("primary-lost-Consistent"), POINTS)[0] == NEVER
    assert judge(nine("primary-lost-Consistent", confirmed=True), POINTS)[0] == 10


def test_without_any_connection_nothing_is_known_of_the_peers() -> None:
    alone = nine("three-nodes-in-sync")
    assert judge(alone, POINTS)[0] == 10000
    alone.resource.peers.clear()
    assert judge(alone, POINTS)[0] == 1000


def test_consistent_alone_is_promoted_where_an_admin_gives_it_a_score() -> None:
    assert judge(nine("primary-lost-Consistent"), (5, 10, 1000, 10000))[0] == 5


def test_nothing_but_a_consistent_disk_asks_for_a_fencing() -> None:
    def ask() -> bool:
        raise AssertionError("asked")

    for name in ("09-connected-UpToDate-Primary-Secondary.n2", "28-Outdated-secondary.n1"):
        resource = parse(events(name), "r0")
        assert resource is not None
        assert judge(Candidate(resource, ask), POINTS)[0] is not None


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("three-nodes-in-sync", 10000),
        ("three-nodes-one-syncing", 10000),
        ("quorum-lost", None),
        ("client", 9999),
        ("stand-alone-to-one", 10000),
    ],
)
def test_states_of_nine_have_their_scores(name: str, score: int | None) -> None:
    assert judge(nine(name), POINTS)[0] == score


def test_a_client_is_worth_less_while_a_disk_is_missing_and_nothing_without_any() -> None:
    candidate = nine("client")
    candidate.resource.peers[2].volumes[0].disk = "Inconsistent"
    assert judge(candidate, POINTS)[0] == 999
    candidate.resource.peers[1].connection = "Connecting"
    assert judge(candidate, POINTS)[0] == NEVER


def test_who_has_lost_quorum_is_demoted_only_where_its_io_is_not_frozen() -> None:
    candidate = nine("quorum-lost")
    candidate.resource.suspended = ""  # on-no-quorum io-error
    assert judge(candidate, POINTS)[0] == NEVER
    candidate.resource.suspended, candidate.resource.role = "quorum", "Secondary"
    assert judge(candidate, POINTS)[0] == NEVER


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("peer-disk:UpToDate", "peer-disk:Fine"),
        ("replication:Established", "replication:On"),
        ("exists connection", "exists link"),
    ],
)
def test_of_whose_peers_not_all_is_understood_is_as_one_whose_peer_is_unknown(
    old: str, new: str
) -> None:
    text = events("11-connected-UpToDate-Secondary-Secondary.n1")
    resource = parse(text.replace(old, new, 1), "r0")
    assert resource is not None
    assert judge(Candidate(resource, lambda: False), POINTS)[0] == 1000


def test_a_peer_without_a_disk_on_purpose_is_nothing_that_is_missing() -> None:
    told = events_of_nine("three-nodes-in-sync")
    there = "conn-name:n3 volume:0 replication:Established peer-disk:UpToDate peer-client:no"
    assert there in told
    gone = there.replace("UpToDate", "Diskless").replace("client:no", "client:yes")
    resource = parse(told.replace(there, gone), "data")
    assert resource is not None
    assert [*find_complaints(resource)] == []
    assert judge(Candidate(resource, lambda: False), POINTS)[0] == 10000
    assert not resource.peers[2].is_up_to_date
    assert resource.peers[2].is_well


def test_a_promoted_peer_rules_out_where_that_is_wanted() -> None:
    name = "09-connected-UpToDate-Primary-Secondary.n2"
    assert judge(captured(name, shuns_primary=True), POINTS)[0] == NEVER
    alone = "11-connected-UpToDate-Secondary-Secondary.n1"
    assert judge(captured(alone, shuns_primary=True), POINTS)[0] == 10000


def test_a_promoted_peer_whose_own_disk_is_gone_rules_nobody_out() -> None:
    candidate = captured("09-connected-UpToDate-Primary-Secondary.n2", shuns_primary=True)
    peer = next(iter(candidate.resource.peers.values()))
    peer.volumes[0].disk = "Diskless"
    assert judge(candidate, POINTS)[0] == 10000


def test_standing_alone_on_purpose_counts_as_an_unknown_peer() -> None:
    name = "21-disconnected-by-hand-on-secondary.n1"
    assert judge(captured(name, may_stand_alone=True), POINTS)[0] == 1000


@pytest.mark.parametrize("disk", ["Attaching", "Negotiating"])
def test_a_passing_state_leaves_the_score(disk: str) -> None:
    candidate = captured("11-connected-UpToDate-Secondary-Secondary.n1")
    candidate.resource.volumes[0].disk = disk
    assert judge(candidate, POINTS)[0] is None


@pytest.mark.parametrize(
    "text", ["", "1 2 3", "1 2 3 4 5", "0 10 1000 x", "-1 10 1000 10000", "4 3 2 1", "1.5 2 3 4"]
)
def test_scores_that_are_not_four_rising_numbers_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="numbers|rise"):
        read_points(text)


def test_the_default_is_the_agents() -> None:
    default = Drbd.ocf_parameters["adjust_master_score"].default
    assert read_points(str(default)) == DEFAULT_POINTS


def test_the_reference_shows_the_table_as_it_is() -> None:
    rows = [f"| {state} | {worth} | {reason} |" for state, _, worth, reason in TABLE]
    assert "\n".join(rows) in REFERENCE.read_text()

"""Drbd on two nodes of a fake DRBD: its lives, what it says while it runs, and what it is told."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from ocf_py.drbd import marks
from ocf_py.drbd.reading import parse
from ocf_py.system import commands
from ocf_py.system.commands import Completed
from tests.fakes.drbd import FakeDrbd
from tests.fakes.drbd_nodes import NAME, FakeNode
from tests.unit.block_mirror.captures import events_of_nine
from tests.unit.block_mirror.world import QUICK

if TYPE_CHECKING:
    from tests.unit.block_mirror.world import World

# ---------------------------------------------------------------------- a life


def test_a_pair_lives_and_moves(world: World) -> None:
    n1, n2 = world.n1, world.n2
    assert n1.do("monitor") == 7
    world.start_both()
    assert (n1.monitor(), n2.monitor()) == (0, 0)
    n1.tell("post", "start", start="n2")
    assert (n1.score, n2.score) == ("10000", "10000")
    assert n1.do("promote") == 0
    assert (n1.monitor(), n2.monitor()) == (8, 0)
    n1.fake.write("a row")
    assert n1.do("demote") == 0
    assert n2.do("promote") == 0
    assert n2.fake.history[-1] == "a row"
    assert n1.do("stop") == 0
    assert n1.score == ""
    assert n1.do("monitor") == 7
    assert n2.do("demote") == n2.do("stop") == n2.do("stop") == 0
    assert not n2.fake.is_up


def test_asking_never_loads_the_module(world: World) -> None:
    for action in ("monitor", "validate-all", "stop", "notify"):
        world.n1.do(action, level=10)
        assert not world.n1.fake.is_loaded, action
    assert world.n1.fake.ran == []


def test_a_stop_needs_neither_parameters_nor_configuration(world: World) -> None:
    world.start_both()
    world.n1.fake.configured = False
    assert world.n1.call("stop", meta={"on_node": "n1"}) == 0
    assert not world.n1.fake.is_up


@pytest.mark.parametrize("action", ["start", "promote", "demote", "stop"])
def test_wherever_an_action_is_killed_a_stop_brings_it_down(world: World, action: str) -> None:
    node = world.n1
    for steps in range(30):
        assert action == "start" or node.do("start") == 0
        assert action != "demote" or node.do("promote") == 0
        ended = node.do(action, kill_after=steps)
        assert node.do("stop") == 0, (steps, node.reason)
        assert not node.fake.is_up
        if ended is not None:
            assert ended == 0
            return
    pytest.fail("it never came through")


@pytest.mark.parametrize("action", ["demote", "stop"])
def test_who_holds_the_device_open_is_named(world: World, action: str) -> None:
    assert world.n1.do("start") == 0
    assert world.n1.do("promote") == 0
    world.n1.fake.openers = ["mounted on /srv", "pid 7 (multipathd)"]
    assert world.n1.do(action, timeout=QUICK) == 1
    assert "held open: mounted on /srv, pid 7 (multipathd)" in world.n1.reason
    world.n1.fake.openers = []
    assert world.n1.do(action) == 0


# ---------------------------------------------------------------------- degraded


def test_a_lost_peer_is_degraded_in_both_roles(world: World) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    world.pair.kill("n2")
    assert world.n1.monitor() == 191
    assert "is not connected (Connecting)" in world.n1.reason
    assert world.n1.monitor(on_degraded="ignore") == 8
    assert world.n1.score == "10000"
    assert world.n1.do("demote") == 0
    assert world.n1.monitor() == 190
    assert world.n1.score == "1000"


def test_who_may_have_to_take_over_is_degraded_from_the_second_monitor_on(world: World) -> None:
    world.start_both()
    assert world.n2.do("promote") == 0
    assert world.n1.monitor() == 0
    world.pair.kill("n2")
    assert [world.n1.monitor() for _ in range(3)] == [0, 190, 190]
    assert "is not connected" in world.n1.reason
    assert world.n2.do("start") == 0
    assert [world.n1.monitor() for _ in range(2)] == [0, 0]


def test_who_was_never_current_says_what_it_lacks(world: World) -> None:
    assert world.n1.do("start") == 0
    assert world.n1.monitor() == 190
    assert "is not connected" in world.n1.reason


def test_a_syncing_pair_says_how_far_it_is(world: World) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    world.pair.kill("n2")
    world.n1.fake.write("a row")
    assert world.n2.do("start") == 0
    world.pair.sync(62.5)
    assert world.n1.monitor() == 191
    assert "is syncing: 62.5 % in sync" in world.n1.reason
    assert world.n2.monitor() == 190
    assert "62.5 % in sync" in world.n2.reason
    assert world.n2.score == "never"
    assert world.n2.do("promote") == 1
    assert "62.5 % in sync" in world.n2.reason
    world.pair.sync(100)
    assert (world.n1.monitor(), world.n2.monitor()) == (8, 0)
    assert world.n2.score == "10000"


def test_how_far_a_resync_is_shows_in_the_cluster_on_the_node_that_is_behind(world: World) -> None:
    shown = world.n2.attributes
    world.start_both()
    assert world.n1.do("promote") == 0
    world.pair.kill("n2")
    world.n1.fake.write("a row")
    assert world.n2.do("start") == 0
    for percent, text in ((0.5, "0%"), (62.5, "62%"), (99.99, "99%")):
        world.pair.sync(percent)
        assert (world.n1.monitor(), world.n2.monitor()) == (191, 190)
        assert shown == {"drbd-r0-in-sync": text}
    assert world.n1.attributes == {}
    world.pair.sync(100)
    assert world.n2.monitor() == 0
    assert shown == {}


def test_a_stop_amid_a_resync_leaves_nothing_in_the_cluster(world: World) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    world.pair.kill("n2")
    world.n1.fake.write("a row")
    assert world.n2.do("start") == 0
    assert world.n2.monitor() == 190
    assert world.n2.attributes
    assert world.n2.do("stop") == 0
    assert world.n2.attributes == {}


def test_a_primary_whose_disk_fails_goes_on(world: World) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    world.n1.fake.detach()
    assert world.n1.monitor() == 191
    assert "volume 0 is Diskless, served by a peer" in world.n1.reason
    assert world.n1.score == "10000"


def test_a_primary_without_any_good_data_has_failed(world: World) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    world.n1.fake.detach()
    world.pair.kill("n2")
    assert world.n1.monitor() == 9
    assert "good data is out of reach" in world.n1.reason


def test_frozen_io_is_degraded_and_no_failure(world: World) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    world.pair.kill("n2")
    world.n1.fake.suspended = "fencing"
    assert world.n1.monitor() == 191
    assert "I/O is frozen (fencing)" in world.n1.reason


def test_a_split_brain_is_named_with_its_two_commands_which_resolve_it(world: World) -> None:
    world.start_both()
    world.pair.cut()
    for node in (world.n1, world.n2):
        assert node.do("promote") == 0
        node.fake.write(f"a row of {node.name}")
    world.pair.heal()
    assert world.n1.monitor() == 191
    assert "drbdadm connect --discard-my-data r0 on the loser" in world.n1.reason
    assert world.n1.attributes == {"drbd-r0-in-sync": "StandAlone"}  # crm_mon keeps older reasons
    assert world.n2.do("demote") == 0
    assert world.n2.score == "never"
    world.n2.fake.run(["drbdadm", "-c", "-", "connect", "--discard-my-data", "r0"])
    world.n1.fake.run(["drbdadm", "-c", "-", "connect", "r0"])
    world.pair.sync(100)
    assert (world.n1.monitor(), world.n2.monitor()) == (8, 0)
    assert world.n1.attributes == world.n2.attributes == {}
    assert world.n2.fake.history[-1] == "a row of n1"


# ---------------------------------------------------------------------- notifications


def test_a_started_peer_is_adjusted_to_and_the_score_told_anew(world: World) -> None:
    assert world.n1.do("start") == 0
    assert world.n1.score == "1000"
    assert world.n2.do("start") == 0
    before = world.n1.fake.ran.count("adjust")
    assert world.n1.tell("pre", "start", start="n2") == 0
    assert world.n1.score == "1000"
    assert world.n1.tell("post", "start", start="n2") == 0
    assert world.n1.fake.ran.count("adjust") == before + 2
    assert world.n1.score == "10000"


def test_a_notification_asks_drbd_no_more_than_it_needs_as_a_takeover_waits_for_it(
    world: World,
) -> None:
    world.start_both()
    ran = world.n2.fake.ran
    ran.clear()
    assert world.n2.tell("pre", "promote", promote="n1") == 0
    assert ran == []
    assert world.n2.tell("post", "promote", promote="n1") == 0
    assert ran == ["events2 --now --statistics"]


def test_an_instance_that_is_left_behind_outdates_itself_where_told_to(world: World) -> None:
    world.start_both()
    world.pair.cut()
    assert world.n1.do("promote") == 0
    told = {"notify_type": "post", "notify_operation": "promote", "notify_promote_uname": "n1"}
    assert world.n2.do("notify", meta=told) == 0
    assert world.n2.fake.disk == "UpToDate"
    assert world.n2.do("notify", meta=told, stop_outdates_secondary="true") == 0
    assert world.n2.fake.disk == "Outdated"
    assert world.n2.score == "never"
    world.pair.heal()
    assert world.n2.fake.is_connected, "it goes on looking for its peer"


def test_one_that_has_just_been_started_and_is_slow_to_connect_outdates_nothing(
    world: World,
) -> None:
    world.start_both()
    world.pair.cut()
    assert world.n1.do("promote") == 0
    told = {
        "notify_type": "post",
        "notify_operation": "start",
        "notify_start_uname": "n2",
        "notify_promoted_uname": "n1",
    }
    assert world.n2.do("notify", meta=told, stop_outdates_secondary="true") == 0
    assert world.n2.fake.disk == "UpToDate"
    world.pair.heal()
    assert world.n2.fake.is_connected


def test_a_stop_ends_where_the_promoted_peer_has_no_disk_of_its_own(world: World) -> None:
    """DRBD refuses it; and a stop that fails has the node fenced that has the only good data."""
    world.start_both()
    assert world.n1.do("promote") == 0
    world.n1.fake.detach()
    assert world.n2.do("stop", meta={"timeout": "8000"}) == 0, world.n2.reason
    assert not world.n2.fake.is_up
    ran = world.n2.fake.ran
    assert ran.index("disconnect --force") > ran.index("down"), "not before it was asked"


def test_a_stop_outdates_itself_where_it_is_told_to(world: World) -> None:
    outdates = {"stop_outdates_secondary": "true"}
    assert world.n1.do("start") == world.n2.do("start", **outdates) == 0
    assert world.n1.do("promote") == 0
    assert world.n2.do("stop", meta={"notify_promoted_uname": "n1"}, **outdates) == 0
    assert world.n2.fake.disk_flag == "Outdated"
    world.pair.kill("n1")
    assert world.n2.do("start") == 0
    assert world.n2.score == "never"


def test_a_promotion_that_is_only_announced_outdates_nobody(world: World) -> None:
    outdates = {"stop_outdates_secondary": "true"}
    assert world.n1.do("start") == world.n2.do("start", **outdates) == 0
    world.pair.cut()
    told = {"notify_promote_uname": "n1"}
    assert world.n2.do("stop", meta=told, **outdates) == 0
    assert world.n2.fake.disk_flag == "UpToDate"


def test_a_primary_that_is_gone_outdates_nobody(world: World) -> None:
    outdates = {"stop_outdates_secondary": "true"}
    assert world.n1.do("start") == world.n2.do("start", **outdates) == 0
    assert world.n1.do("promote") == 0
    assert world.n2.tell("post", "promote", promote="n1") == 0
    world.pair.kill("n1")
    assert world.n2.do("stop", **outdates) == 0
    assert world.n2.fake.disk_flag == "UpToDate"


def test_a_resource_that_drbdsetup_does_not_know_is_down(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.n1.fake.is_loaded = True  # by another resource
    refused = 10, "", "r0: No such resource"
    monkeypatch.setattr(FakeNode, "_events2_now_statistics", lambda _: refused)
    assert world.n1.do("stop") == 0, world.n1.reason
    assert "down" not in world.n1.fake.ran


def test_a_stop_needs_no_word_of_what_drbd_says(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start_both()
    tell = FakeNode._events2_now_statistics

    def tell_oddly(node: FakeNode) -> tuple[int, str, str]:
        status, said, complaint = tell(node)
        return status, said.replace("role:Secondary", "role:Third", 1), complaint

    monkeypatch.setattr(FakeNode, "_events2_now_statistics", tell_oddly)
    assert world.n1.monitor() == 1
    assert "role:Third, which DRBD does not document" in world.n1.reason
    assert world.n1.do("stop") == 0, world.n1.reason
    assert not world.n1.fake.is_up


def test_an_unexpected_primary_rules_out_until_the_cluster_tells_of_it(world: World) -> None:
    world.start_both()
    world.n1.fake.role = "Primary"
    policy = {"remove_master_score_if_peer_primary": "unexpected"}
    # One that was taken over while it ran has been told nothing: that says nothing of the peer.
    assert world.n2.monitor(**policy) == 0
    assert world.n2.score == "10000"
    assert world.n2.tell("post", "start", start="n1 n2") == 0
    assert world.n2.monitor(**policy) == 0
    assert world.n2.score == "never"
    assert world.n2.tell("post", "promote", promote="n1") == 0
    assert world.n2.monitor(**policy) == 0
    assert world.n2.score == "10000"


@pytest.fixture
def asked(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tools of the cluster that are asked, each of which succeeds."""
    tools: list[str] = []

    def run(argv: list[str], _seconds: float) -> Completed:
        tools.append(argv[0])
        return Completed(argv, 0, "", "")

    monkeypatch.setattr(commands, "run", run)
    return tools


def test_a_promoted_instance_takes_fencing_away_once_all_is_well_where_told_to(
    world: World, asked: list[str]
) -> None:
    cleans = {"unfence_if_all_uptodate": "true"}
    world.start_both()
    assert world.n1.do("promote") == 0
    assert world.n1.monitor(**cleans) == 8
    assert asked == ["cibadmin"]
    assert world.n1.monitor(**cleans) == 8
    assert len(asked) == 1  # all has been well since
    world.pair.kill("n2")
    world.n1.fake.write("a row")
    assert world.n1.monitor(**cleans) == 191
    assert world.n2.do("start") == 0
    assert world.n1.monitor(**cleans) == 191
    assert len(asked) == 1
    world.pair.sync(100)
    assert world.n1.monitor(**cleans) == 8
    assert len(asked) == 2


def test_a_constraint_that_a_short_flap_has_left_is_taken_away_when_no_handler_is_at_work(
    world: World, asked: list[str]
) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    assert world.n1.monitor() == 8
    assert len(asked) == 1
    with closing(marks.Turn(NAME, alone=False)) as handler:
        handler.mark()
        assert world.n1.monitor() == 8
        assert len(asked) == 1, "the handler has yet to see what its constraint is good for"
    assert marks.is_marked(NAME)
    world.pair.cut()
    assert world.n1.monitor() == 191
    assert len(asked) == 1
    world.pair.heal()
    assert world.n1.monitor() == 8
    assert len(asked) == 2
    assert not marks.is_marked(NAME)
    assert world.n1.monitor(unfence_if_all_uptodate="false") == 8
    assert len(asked) == 2


def test_one_that_has_fenced_and_is_demoted_since_takes_its_constraint_away(
    world: World, asked: list[str]
) -> None:
    world.start_both()
    with closing(marks.Turn(NAME, alone=False)) as handler:
        handler.mark()
    world.n2.fake.role = "Primary"
    assert world.n1.monitor() == 0
    assert not asked, "the promoted one's view counts"
    world.n2.fake.role = "Secondary"
    assert world.n1.monitor() == 0
    assert asked == ["cibadmin"]
    assert not marks.is_marked(NAME)


def test_a_handler_waits_for_a_monitor_that_takes_away(world: World) -> None:
    """What it relies on is not to be on its way out."""
    monitor = marks.Turn(NAME, alone=True)
    with closing(marks.Turn(NAME, alone=False)) as handler:
        assert not handler.is_ours
    later = threading.Timer(0.2, monitor.close)
    later.start()
    with closing(marks.Turn(NAME, alone=False, seconds=10.0)) as handler:
        assert handler.is_ours
    later.join()


def test_a_third_node_that_was_stopped_in_order_is_no_reason_to_refuse_a_takeover(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start_both()
    world.n1.fake.policy = "resource-and-stonith"
    assert world.n1.monitor() == 0
    lost = parse(events_of_nine("primary-lost-Consistent"), "data")
    assert lost is not None
    for peer in lost.peers.values():
        peer.connection = "Connecting"
    monkeypatch.setattr(FakeDrbd, "look", lambda _: lost)
    world.fenced = {"n2"}
    assert world.n1.monitor() == 0
    assert world.n1.score == "never"
    assert world.n1.tell("post", "stop", stop="n3") == 0
    assert world.n1.score == "10"
    world.fenced = set()
    assert world.n1.tell("post", "stop", stop="n2") == 0
    assert world.n1.score == "never"
    world.fenced = {"n2"}
    assert world.n1.tell("post", "start", start="n3") == 0
    assert world.n1.score == "never"


@pytest.mark.parametrize(
    ("meta", "complaint"),
    [
        ({"clone_node_max": "2"}, "clone-node-max=2: a node has one instance"),
        ({"promoted_node_max": "2"}, "promoted-node-max=2: a node has one instance"),
        ({"master_node_max": "2"}, "master-node-max=2: a node has one instance"),
        ({"promoted_max": "3"}, "promoted-max=3: DRBD has two primaries at most"),
        ({"master_max": "3"}, "master-max=3: DRBD has two primaries at most"),
    ],
)
def test_a_clone_of_more_than_drbd_can_be_is_refused_and_stops(
    world: World, meta: dict[str, str], complaint: str
) -> None:
    assert world.n1.do("start", meta=meta) == 6
    assert complaint in world.n1.reason
    assert not world.n1.fake.is_up
    world.start_both()
    assert world.n1.do("stop", meta=meta) == 0
    assert not world.n1.fake.is_up


def test_two_primaries_and_a_third_node_are_no_reason_to_refuse(world: World) -> None:
    assert world.n1.do("start", meta={"promoted_max": "2", "clone_max": "3"}) == 0, world.n1.reason

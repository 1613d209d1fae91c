"""Drbd's promotions: what is refused, what is tried again, and what is said; and its parameters."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

import ocf_py as ocf
from ocf_py.drbd import marks
from ocf_py.drbd.reading import parse
from ocf_py.drbd.tools import OutOfTime
from ocf_py.system.commands import Completed
from tests.fakes.drbd import FakeDrbd
from tests.unit.block_mirror.world import QUICK

if TYPE_CHECKING:
    from tests.fakes.drbd_nodes import FakeNode
    from tests.unit.block_mirror.world import World


def test_a_promoted_peer_refuses_a_promotion_until_the_time_is_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drbd._RETRY", 0.05)
    world.start_both()
    assert world.n1.do("promote") == 0
    assert world.n2.do("promote", timeout=QUICK) == 1
    assert world.n2.fake.ran.count("primary") > 1
    assert "is promoted, or is not known to be dead yet" in world.n2.reason
    assert world.n2.score == "never"


def test_on_a_slow_node_a_refusal_has_its_reason_and_its_score_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    ask = FakeDrbd.administer

    def ask_slowly(drbd: FakeDrbd, *words: str) -> Completed:
        time.sleep(1.3)
        return ask(drbd, *words)

    monkeypatch.setattr(FakeDrbd, "administer", ask_slowly)
    assert world.n2.do("promote", timeout=4) == 1
    assert "is promoted" in world.n2.reason
    assert world.n2.score == "never"


def test_an_attempt_that_is_cut_off_does_not_hide_what_the_one_before_has_said(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drbd._RETRY", 0.05)
    world.start_both()
    assert world.n1.do("promote") == 0
    ask, asked = FakeDrbd.administer, []

    def ask_once(drbd: FakeDrbd, *words: str) -> Completed:
        asked.append(words)
        if len(asked) > 1:
            raise OutOfTime(f"drbdadm {words[0]} did not end within 1 s")
        return ask(drbd, *words)

    monkeypatch.setattr(FakeDrbd, "administer", ask_once)
    assert world.n2.do("promote", timeout=4) == 1
    assert len(asked) == 2
    assert "is promoted" in world.n2.reason
    assert world.n2.score == "never"


def test_a_promoted_peer_refuses_a_promotion_at_once_where_that_is_wanted(world: World) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    assert world.n2.do("promote", fail_promote_early_if_peer_primary="true") == 1
    assert world.n2.fake.ran.count("primary") == 1


def test_a_promotion_goes_through_once_the_dead_peer_is_noticed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    administer = type(world.n2.machine).administer
    tried = []

    def notice(machine: object, *words: str) -> Completed:
        tried.append(words)
        if len(tried) == 2:
            world.pair.kill("n1")
        return administer(world.n2.machine, *words)

    monkeypatch.setattr("drbd._RETRY", 0.01)
    monkeypatch.setattr(type(world.n2.machine), "administer", notice)
    assert world.n2.do("promote") == 0
    assert len(tried) == 2


@pytest.mark.parametrize("state", ["Inconsistent", "Outdated"])
def test_bad_data_is_refused_without_asking_drbd(world: World, state: str) -> None:
    world.n1.fake.disk_flag = state
    assert world.n1.do("start") == 0
    assert world.n1.score == "never"
    assert world.n1.do("promote") == 1
    assert f"a disk is {state}" in world.n1.reason
    assert "primary" not in world.n1.fake.ran


def test_without_a_disk_or_a_peer_a_promotion_fails_when_nobody_comes(world: World) -> None:
    assert world.n1.do("start") == 0
    world.n1.fake.detach()
    assert world.n1.do("promote", timeout=QUICK) == 1
    assert "no up-to-date data within reach (local disks: Diskless)" in world.n1.reason


def test_without_a_disk_and_standing_alone_a_promotion_fails_at_once(world: World) -> None:
    assert world.n1.do("start") == 0
    world.n1.fake.detach()
    world.n1.fake.connection = "StandAlone"
    assert world.n1.do("promote") == 1
    assert world.n1.fake.ran.count("primary") == 1
    assert "drbdadm connect r0 on the other" in world.n1.reason


def test_a_lost_quorum_refuses_a_promotion(fencing_nine: World) -> None:
    node = fencing_nine.n1
    fencing_nine.start_both()
    node.fake.has_quorum = False
    assert node.do("promote", timeout=QUICK) == 1
    assert "quorum is lost" in node.reason
    assert node.monitor() == 190
    assert node.score == "never"


def test_a_pending_fencing_refuses_a_promotion_until_it_is_through(fencing_eight: World) -> None:
    fencing_eight.start_both()
    fencing_eight.pair.cut()
    node = fencing_eight.n1
    assert node.do("promote", timeout=QUICK) == 1
    assert "fencing of the peer is pending or has failed" in node.reason
    node.fake.handler = lambda: 7
    assert node.do("promote") == 0


@pytest.mark.parametrize("pair", ["fencing_eight", "fencing_nine"])
def test_a_stale_node_that_comes_up_alone_is_not_promoted(
    pair: str, request: pytest.FixtureRequest
) -> None:
    world: World = request.getfixturevalue(pair)
    world.start_both()
    assert world.n1.do("promote") == 0
    assert world.n2.monitor() == 0
    world.pair.kill("n2")
    world.n1.fake.write("a row that n2 lacks")
    world.pair.kill("n1")
    world.n2.boot()
    world.fenced = {"n1", "the peer"}  # at its start the cluster fences whom it does not see
    world.n2.fake.handler = lambda: 7
    assert world.n2.do("start") == 0
    assert world.n2.fake.disk == "Consistent"
    assert world.n2.score == "never"
    assert world.n2.do("promote") == 1
    assert "drbdadm primary --force r0" in world.n2.reason
    assert world.n2.monitor() == 190
    assert world.n2.score == "never"


def test_a_current_node_takes_over_once_its_lost_primary_was_fenced(fencing_nine: World) -> None:
    node = fencing_nine.n2
    fencing_nine.start_both()
    assert fencing_nine.n1.do("promote") == 0
    assert node.monitor() == 0
    fencing_nine.pair.kill("n1")
    node.fake.handler = lambda: 7
    assert node.fake.disk == "Consistent"
    assert node.monitor() == 0
    assert node.score == "never"
    assert node.do("promote") == 1
    fencing_nine.fenced = {"n1"}
    assert node.tell("post", "stop", promoted="n1", stop="n1") == 0
    assert node.score == "10"
    assert not marks.is_vouched("r0")
    assert node.do("promote") == 0
    assert marks.is_vouched("r0"), "the handler has to know it"
    assert node.monitor() == 191


def test_a_primary_whose_io_did_not_freeze_may_have_written_until_it_was_fenced(
    fencing_nine: World,
) -> None:
    node = fencing_nine.n2
    node.fake.policy = "resource-only"
    fencing_nine.start_both()
    assert fencing_nine.n1.do("promote") == 0
    assert node.monitor() == 0
    fencing_nine.pair.kill("n1")
    fencing_nine.fenced = {"n1"}
    assert node.tell("post", "stop", promoted="n1", stop="n1") == 0
    assert node.score == "never"


def test_what_an_admin_gives_a_score_is_vouched_for_by_nobody(fencing_nine: World) -> None:
    node = fencing_nine.n2
    fencing_nine.start_both()
    assert fencing_nine.n1.do("promote") == 0
    fencing_nine.pair.kill("n1")
    node.boot()
    points = {"adjust_master_score": "5 10 1000 10000"}
    assert node.fake.disk == "Consistent"
    node.do("promote", meta={"timeout": "2000"}, **points)
    assert not marks.is_vouched("r0")


# ---------------------------------------------------------------------- what is asked for


def test_a_peer_is_connected_to_only_once_promoted_where_that_is_wanted(world: World) -> None:
    node = world.n1
    later = {"connect_only_after_promote": "true"}
    assert node.do("start", **later) == 0, node.reason
    assert node.fake.connection == "StandAlone"
    assert node.monitor(**later) == 0
    assert node.score == "1000"
    assert node.do("promote", **later) == 0
    assert node.fake.connection == "Connecting"


@pytest.mark.parametrize(
    "wrong",
    [
        {"drbd_resource": "all"},
        {"drbd_resource": "r0 r1"},
        {"drbd_resource": "--force"},
        {"adjust_master_score": "1 2 3"},
        {"require_drbd_module_version_ge": "new"},
        {"wfc_timeout": "soon"},
        {"drbdconf": "drbd.conf"},
        {"remove_master_score_if_peer_primary": "maybe"},
    ],
)
def test_what_is_wrong_everywhere_is_refused(world: World, wrong: dict[str, str]) -> None:
    assert world.n1.do("start", **wrong) == 6
    assert world.n1.do("stop", **wrong) == 0


def test_what_is_wrong_here_is_refused_before_anything_is_done(world: World) -> None:
    node = world.n1
    node.fake.configured = False
    assert node.do("start") == 2
    assert "r0 is not in /etc/drbd.conf" in node.reason
    node.fake.configured = True
    assert node.do("start", require_drbd_module_version_lt="8.4.0") == 2
    assert node.do("start", meta={"notify": "false"}) == 6
    assert "notify=true" in node.reason
    assert not node.fake.is_up
    assert node.do("start", meta={"notify": "false"}, ignore_missing_notifications="true") == 0


def test_a_reload_tells_the_score_by_the_new_numbers(world: World) -> None:
    world.start_both()
    assert world.n2.do("reload-agent", adjust_master_score="1 2 3 4") == 0
    assert world.n2.score == "4"


def test_unreadable_output_fails_a_monitor_with_the_line(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start_both()
    line = "exists resource name:r0 role:Odd suspended:no"
    monkeypatch.setattr(world.n1.fake, "_tell", lambda: [line, "exists -"])
    assert world.n1.monitor() == 1
    assert "role:Odd" in world.n1.reason


def say(monkeypatch: pytest.MonkeyPatch, node: FakeNode, old: str, new: str) -> None:
    """Have DRBD say something else."""
    tell = node._tell
    monkeypatch.setattr(node, "_tell", lambda: [line.replace(old, new) for line in tell()])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("replication:Established", "replication:On"),
        ("connection:Connected role:Secondary", "connection:Connected role:Tertiary"),
        ("connection:Connected", "connection:Maybe"),
        ("peer-disk:UpToDate", "peer-disk:Fine"),
        ("exists connection", "exists link"),
    ],
)
def test_a_word_of_a_peer_that_is_not_known_is_degraded_at_most(
    world: World, monkeypatch: pytest.MonkeyPatch, old: str, new: str
) -> None:
    world.start_both()
    assert world.n1.do("promote") == 0
    say(monkeypatch, world.n1.fake, old, new)
    assert world.n1.monitor() == 191
    assert "which is not known here" in world.n1.reason
    assert world.n1.score == "10000"
    assert world.n1.monitor(on_degraded="ignore") == 8
    world.n1.fake.detach()
    assert world.n1.monitor() == 191, "whether the peer has the data is not known"
    assert world.n1.do("demote") == 0


def test_lines_of_a_kind_that_is_not_known_are_nothing_to_a_monitor(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start_both()
    more = "exists lane name:r0 odd\nexists resource"
    say(monkeypatch, world.n1.fake, "exists resource", more)
    assert world.n1.monitor() == 0
    assert world.n1.do("stop") == 0


def test_a_stop_that_is_told_nothing_takes_down_what_it_can_and_has_failed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drbd._RETRY", 0.05)
    world.start_both()
    monkeypatch.setattr(world.n1.fake, "_tell", lambda: ["odd"])
    assert world.n1.do("stop", timeout=QUICK) == 1
    assert not world.n1.fake.is_up


def test_a_version_that_cannot_be_read_fails_a_start_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_drbd: FakeDrbd) -> tuple[int, ...]:
        raise ocf.Failure("cannot read the version")

    world.start_both()
    monkeypatch.setattr(FakeDrbd, "version", refuse)
    assert world.n1.monitor() == 0
    assert world.n1.do("stop") == 0
    assert world.n1.do("start") == 1


def test_a_demotion_needs_no_configuration(world: World) -> None:
    assert world.n1.do("start") == 0
    assert world.n1.do("promote") == 0
    world.n1.fake.configured = False
    world.n1.fake.openers = ["mounted on /srv"]
    assert world.n1.do("demote", timeout=QUICK) == 1
    assert "held open: mounted on /srv" in world.n1.reason
    world.n1.fake.openers = []
    assert world.n1.do("demote") == 0
    assert world.n1.fake.role == "Secondary"


def test_output_that_did_not_fit_together_is_asked_for_once_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.start_both()
    asked = []
    tell = world.n1.fake._tell

    def once() -> list[str]:
        asked.append(1)
        return tell()[:-1] if len(asked) == 1 else tell()

    monkeypatch.setattr(world.n1.fake, "_tell", once)
    assert world.n1.monitor() == 0
    assert len(asked) == 2


# Captured on 8.4.11, after a detach of the second volume and the end of the peer.
_HALF = """\
exists resource name:r0 role:{role} suspended:no write-ordering:flush
exists connection name:r0 peer-node-id:0 conn-name:peer connection:Connecting role:Unknown congested:no
exists device name:r0 volume:0 minor:0 disk:UpToDate size:65496 read:0 written:0 al-writes:0 bm-writes:0 upper-pending:0 lower-pending:0 al-suspended:no blocked:no
exists device name:r0 volume:1 minor:1 disk:{disk} size:65496 read:0 written:0 al-writes:0 bm-writes:0 upper-pending:0 lower-pending:0 al-suspended:no blocked:no
exists peer-device name:r0 peer-node-id:0 conn-name:peer volume:0 replication:Off peer-disk:DUnknown resync-suspended:no received:0 sent:0 out-of-sync:0 pending:0 unacked:0
exists peer-device name:r0 peer-node-id:0 conn-name:peer volume:1 replication:Off peer-disk:DUnknown resync-suspended:no received:0 sent:0 out-of-sync:0 pending:0 unacked:0
exists -
"""  # noqa: E501 - as it was printed


def two_volumes(
    monkeypatch: pytest.MonkeyPatch, world: World, disk: str, refused_with: str
) -> list[str]:
    """Let n2 have two volumes, of which 8.4 promotes the first and refuses the second."""
    world.start_both()
    role, asked = ["Secondary"], []

    def administer(_drbd: FakeDrbd, *words: str) -> Completed:
        asked.append(words[0])
        role[0] = "Primary" if words == ("primary",) else "Secondary"
        is_refused = role[0] == "Primary"
        return Completed(["drbdadm"], 17 if is_refused else 0, "", refused_with * is_refused)

    monkeypatch.setattr(FakeDrbd, "administer", administer)
    monkeypatch.setattr(
        FakeDrbd, "look", lambda _drbd: parse(_HALF.format(role=role[0], disk=disk), "r0")
    )
    return asked


def test_several_volumes_are_not_tried_where_one_has_no_good_data(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = two_volumes(monkeypatch, world, "Diskless", "")
    assert world.n2.do("promote", timeout=QUICK) == 1
    assert asked == []
    assert "no up-to-date data within reach (local disks: Diskless, UpToDate)" in world.n2.reason
    assert world.n2.score == "never"


def test_what_a_refused_promotion_has_promoted_is_demoted_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused_with = "1: State change failed: (-7) State change was refused by peer is not outdated"
    asked = two_volumes(monkeypatch, world, "UpToDate", refused_with)
    assert world.n2.do("promote", timeout=QUICK) == 1
    assert asked == ["primary", "secondary"]
    assert world.n2.score == "never"

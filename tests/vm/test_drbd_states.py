"""The agent Drbd by itself on real DRBD 8.4: what it answers, beside what DRBD's own tools say."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.vm.drbd_pair import LINK, DrbdPair

from .blocks import read_block, write_block
from .drbd_agent import LAUNCHER, DrbdAgent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab import Lab

NEVER = "-INFINITY"
_SLOW = 120.0  # seconds: guests compute ten times slower, and the machine may be busy
_MAPPED = "/dev/mapper/under"
_FENCED = {"fence-peer": "exit 7"}  # what a handler says of a peer that was fenced


@pytest.fixture
def mirror(lab: Lab) -> Iterator[DrbdPair]:
    """The resource in sync, and down; a test may create it anew with other options."""
    pair = DrbdPair(lab)
    yield pair
    lab.heal()
    clear(pair)


def clear(pair: DrbdPair) -> None:
    """Take the agents' records and the resource away, whatever a test has left."""
    for agent in agents(pair):
        agent.call("stop")
        agent.node.run(
            ["crm_attribute", "--promotion=disk", "-N", agent.node.name, "-l", "reboot", "-D"]
        )
    pair.tear_down()


def agents(pair: DrbdPair, **parameters: str) -> tuple[DrbdAgent, DrbdAgent]:
    """The agent on n1 and on n2."""
    one, other = pair.lab.nodes
    return DrbdAgent(one, **parameters), DrbdAgent(other, **parameters)


def start_both(pair: DrbdPair, **parameters: str) -> tuple[DrbdAgent, DrbdAgent]:
    """A new pair of agents whose instances run, in sync and connected."""
    both = agents(pair, **parameters)
    for agent in both:
        agent.do("start")
    pair.await_whole()
    return both


def test_asking_loads_no_module(mirror: DrbdPair) -> None:
    mirror.create()
    mirror.on_both(["modprobe", "--remove", "drbd"])
    one, _ = agents(mirror)
    codes = [
        one.call(action).code for action in ("monitor", "validate-all", "stop", "notify", "monitor")
    ]
    assert codes == [7, 0, 0, 0, 7]
    assert one.monitor().code == 7
    assert one.node.run(["test", "-e", "/sys/module/drbd"], check=False).returncode == 1


def test_every_answer_is_what_drbd_s_own_tools_say(mirror: DrbdPair) -> None:
    mirror.create()
    one, other = agents(mirror)
    one.do("start")
    assert mirror.ask("n1", "cstate") == {"WFConnection"}
    assert one.has_score("1000")
    answer = one.monitor()
    assert (answer.code, answer.reason) == (190, "the peer is not connected (Connecting)")
    other.do("start")
    mirror.await_whole()
    for agent in (one, other):
        answer = agent.monitor()
        assert (answer.code, answer.reason) == (0, "")
        assert agent.has_score("10000")
    one.do("promote")
    assert mirror.ask("n1", "role") == {"Primary/Secondary"}
    assert (one.monitor().code, one.call("monitor").code, other.monitor().code) == (8, 8, 0)
    write_block(one.node, b"hello")
    one.parameters["adjust_master_score"] = "0 5 50 500"
    one.do("reload-agent")
    assert one.has_score("500")
    one.do("demote")
    assert mirror.ask("n1", "role") == {"Secondary/Secondary"}
    other.do("promote")
    assert read_block(other.node) == "hello"
    one.do("stop")
    assert one.call("monitor").code == 7
    assert one.say("drbdsetup", "status") == ""
    assert one.has_score("")
    answer = other.monitor()
    assert (answer.code, answer.reason) == (191, "the peer is not connected (Connecting)")
    assert other.has_score("10000")


def test_what_is_missing_is_named_and_a_stop_needs_none_of_it(mirror: DrbdPair) -> None:
    mirror.configure()
    one, _ = agents(mirror)
    answer = one.call("start")
    assert answer.code == 1
    assert "drbdadm create-md r0" in answer.reason
    assert one.call("stop").code == 0
    assert one.say("drbdsetup", "status") == ""
    answer = DrbdAgent(one.node, drbd_resource="r1").call("start")
    assert (answer.code, "r1 is not in /etc/drbd.conf" in answer.reason) == (2, True)
    answer = DrbdAgent(one.node, drbdconf="/etc/nowhere.conf").call("start")
    assert (answer.code, "/etc/nowhere.conf cannot be read" in answer.reason) == (2, True)
    mirror.create()
    start_both(mirror)
    one.node.run(["mv", mirror.file, f"{mirror.file}.away"])
    assert one.monitor().code == 0
    assert one.call("stop").code == 0
    assert one.say("drbdsetup", "status") == ""
    mirror.configure()


@pytest.mark.parametrize(
    ("hold", "named", "release"),
    [
        (
            ["sh", "-c", "sleep 1000 </dev/drbd0 >/dev/null 2>&1 & echo $!"],
            r"pid \d+ \(sleep\)",
            "kill %",
        ),
        (
            ["sh", "-c", "mkfs.ext4 -q /dev/drbd0 && mount /dev/drbd0 /mnt"],
            "mounted on /mnt",
            "umount /mnt",
        ),
        (
            ["dmsetup", "create", "above", "--table", "0 8 linear /dev/drbd0 0"],
            "above",
            "dmsetup remove above",
        ),
    ],
    ids=["process", "mount", "device-mapper"],
)
def test_who_holds_the_device_open_is_named(
    mirror: DrbdPair, hold: list[str], named: str, release: str
) -> None:
    mirror.create()
    one, _ = start_both(mirror)
    one.do("promote")
    holder = one.node.run(hold, timeout=_SLOW).stdout.strip()
    for action in ("demote", "stop"):
        answer = one.call(action, seconds=20)
        assert answer.code == 1
        assert re.search(named, answer.reason), answer
        assert mirror.ask("n1", "role") == {"Primary/Secondary"}
    one.node.run(["sh", "-c", release.replace("%", holder)])
    one.do("demote")
    one.do("stop")


def test_no_instance_is_promoted_that_must_not_be(mirror: DrbdPair) -> None:
    mirror.create()
    one, other = start_both(mirror)
    one.do("promote")
    answer = other.call("promote", seconds=20)
    assert answer.code == 1
    assert other.has_score(NEVER)
    assert answer.reason.startswith("the peer is promoted")
    one.do("demote")
    one.do("stop")
    other.node.run(["drbdadm", "outdate", "r0"])
    assert other.monitor().code == 190
    assert other.has_score(NEVER)
    answer = other.call("promote", seconds=20)
    assert answer.code == 1
    assert other.has_score(NEVER)
    assert "Outdated" in answer.reason
    other.node.run(["drbdadm", "detach", "r0"])
    answer = other.call("promote", seconds=20)
    assert answer.code == 1
    assert other.has_score(NEVER)
    assert "no up-to-date data within reach" in answer.reason
    assert mirror.ask("n2", "role") == {"Secondary/Unknown"}


def test_a_new_resource_is_promoted_by_force_alone_and_a_resync_tells_how_far_it_is(
    lab: Lab, mirror: DrbdPair
) -> None:
    slow = DrbdPair(lab, resync_rate="250k")
    slow.create(in_sync=False)
    one, other = agents(slow)
    for agent in (one, other):
        agent.do("start")
        assert agent.has_score(NEVER)
        answer = agent.call("promote", seconds=20)
        assert (answer.code, "a disk is Inconsistent" in answer.reason) == (1, True)
    slow.await_states("Connected", "Inconsistent/Inconsistent")
    remedy = one.call("promote", seconds=20).errors
    assert "drbdadm primary --force r0" in remedy
    one.node.run(["drbdadm", "primary", "--force", "r0"])
    lab.wait_until("it syncs", lambda: slow.ask("n2", "cstate") == {"SyncTarget"}, timeout=_SLOW)
    answer = one.monitor()
    assert answer.code == 191
    assert one.has_score("10000")
    ahead = re.fullmatch(r"the peer is syncing: ([\d.]+) % in sync", answer.reason)
    answer = other.monitor()
    behind = re.fullmatch(r"syncing from the peer: ([\d.]+) % in sync", answer.reason)
    assert answer.code == 190
    assert other.has_score(NEVER)
    shown = re.search(r"oos:(\d+)", other.say("cat", "/proc/drbd"))
    size = int(one.say("blockdev", "--getsize64", "/dev/drbd0")) // 1024
    assert ahead
    assert behind
    assert shown
    assert float(ahead[1]) <= float(behind[1]) <= 100 * (1 - int(shown[1]) / size) < 100
    refusal = other.call("promote", seconds=20)
    assert (refusal.code, "% in sync with the peer" in refusal.reason) == (1, True)
    slow.on_both(["drbdadm", "disk-options", "--resync-rate=100M", "r0"])
    slow.await_whole()
    assert (one.monitor().code, other.monitor().code) == (8, 0)
    assert other.has_score("10000")


def test_the_two_commands_that_it_names_end_a_split_brain(lab: Lab, mirror: DrbdPair) -> None:
    mirror.create()
    one, other = start_both(mirror)
    lab.cut("n2", LINK)
    lab.wait_until(
        "both notice",
        lambda: mirror.ask("n1", "cstate") == mirror.ask("n2", "cstate") == {"WFConnection"},
    )
    for agent, text in ((one, b"kept"), (other, b"given up")):
        agent.do("promote")
        write_block(agent.node, text)
    other.do("demote")
    lab.mend("n2", LINK)
    lab.wait_until(
        "they part",
        lambda: "StandAlone" in {*mirror.ask("n1", "cstate"), *mirror.ask("n2", "cstate")},
        timeout=_SLOW,
    )
    lone = [
        agent for agent in (one, other) if mirror.ask(agent.node.name, "cstate") == {"StandAlone"}
    ]
    for agent in lone:
        answer = agent.monitor()
        assert answer.code == (191 if agent is one else 190)
        assert "split brain" in answer.reason
    assert one.has_score("10000")
    assert other.has_score(NEVER if other in lone else "1000")
    found = re.search(r": (drbdadm .+) on the loser, (drbdadm .+) on the other", answer.reason)
    assert found, answer
    other.node.run(["drbdadm", "connect", "r0"], check=False)  # what an admin may have tried
    lab.wait_until("the loser waits", lambda: mirror.ask("n2", "cstate") == {"WFConnection"})
    other.node.run(["drbdadm", "disconnect", "r0"])
    other.node.run(found[1].split())
    one.node.run(found[2].split(), check=False)  # which is refused where it is not StandAlone
    mirror.await_whole()
    assert (one.monitor().code, other.monitor().code) == (8, 0)
    assert other.has_score("10000")
    one.do("demote")
    other.do("promote")
    assert read_block(other.node) == "kept"


def test_without_its_disk_it_serves_through_the_peer_and_says_so(mirror: DrbdPair) -> None:
    mirror.create()
    one, other = start_both(mirror)
    one.do("promote")
    write_block(one.node, b"before")
    one.node.run(["drbdadm", "detach", "r0"])
    answer = one.monitor()
    assert answer.code == 191
    assert one.has_score("10000")
    assert "volume 0 is Diskless, served by a peer" in answer.reason
    assert read_block(one.node) == "before"
    answer = other.monitor()
    assert (answer.code, answer.reason) == (190, "volume 0 on the peer is Diskless")
    one.do("demote")
    one.monitor()
    assert one.has_score("10")
    one.node.run(["drbdadm", "attach", "r0"])
    mirror.await_whole()
    assert one.monitor().code == 0
    assert one.has_score("10000")


def test_a_stop_ends_though_the_promoted_peer_loses_its_last_good_data(mirror: DrbdPair) -> None:
    mirror.create()
    one, other = start_both(mirror)
    one.do("promote")
    write_block(one.node, b"before")
    one.node.run(["drbdadm", "detach", "r0"])
    assert other.call("stop").code == 0
    assert other.monitor().code == 7
    assert one.monitor().code == 9  # it is cut off
    one.call("stop")
    one.do("start")
    other.do("start")
    mirror.await_whole()
    other.do("promote")
    assert read_block(other.node) == "before"


def _count_sectors(lab: Lab) -> int:
    return int(lab.nodes[0].run(["blockdev", "--getsz", "/dev/vdb"]).stdout)


def _linear(sectors: int) -> str:
    return f"0 {sectors} linear /dev/vdb 0"


@contextmanager
def _mapped(pair: DrbdPair, sectors: int) -> Iterator[None]:
    """The beginning of each node's disk as a device of its own, and nothing runs on it at last."""
    pair.on_both(["dmsetup", "create", "under", "--table", _linear(sectors)])
    pair.on_both(["dmsetup", "mknodes", "under"])  # which udev would have done
    try:
        yield
    finally:
        for agent in agents(pair):
            agent.call("stop")
        pair.on_both(["dmsetup", "remove", "--force", "under"])


def test_a_disk_that_fails_under_a_promoted_instance_is_left_and_named(
    lab: Lab, mirror: DrbdPair
) -> None:
    sectors = _count_sectors(lab)
    pair = DrbdPair(lab, backing=(_MAPPED,), disk=("on-io-error detach",))
    with _mapped(pair, sectors):
        pair.create()
        one, other = start_both(pair)
        one.do("promote")
        write_block(one.node, b"before")
        broken = f"0 {sectors} error"
        one.node.run(["dmsetup", "suspend", "--noflush", "under"])
        one.node.run(["dmsetup", "load", "under", "--table", broken])
        one.node.run(["dmsetup", "resume", "under"])
        write_block(one.node, b"after")
        answer = one.monitor()
        assert answer.code == 191
        assert one.has_score("10000")
        assert "volume 0 is Diskless, served by a peer" in answer.reason
        assert read_block(one.node) == "after"
        one.do("demote")
        other.do("promote")
        assert read_block(other.node) == "after"


def test_a_disk_that_has_grown_while_it_was_down_comes_up_with_its_data(
    lab: Lab, mirror: DrbdPair
) -> None:
    """Its metadata is at its end, which is elsewhere now."""
    sectors = _count_sectors(lab)
    pair = DrbdPair(lab, backing=(_MAPPED,))
    with _mapped(pair, sectors // 2):
        pair.create()
        one, other = start_both(pair)
        one.do("promote")
        write_block(one.node, b"before")
        one.do("demote")
        for agent in (one, other):
            agent.do("stop")
        for words in (["suspend"], ["load", "--table", _linear(sectors)], ["resume"]):
            pair.on_both(["dmsetup", words[0], "under", *words[1:]])
        start_both(pair)
        one.do("promote")
        assert read_block(one.node) == "before"
        assert int(one.node.run(["blockdev", "--getsz", "/dev/drbd0"]).stdout) > sectors // 2


def test_connected_only_once_promoted_where_that_is_wanted(mirror: DrbdPair) -> None:
    mirror.create()
    one, other = agents(mirror, connect_only_after_promote="true")
    for agent in (one, other):
        agent.do("start")
        answer = agent.monitor()
        assert (answer.code, answer.reason) == (0, "")
        assert agent.has_score("1000")
    assert mirror.ask("n1", "cstate") == {"StandAlone"}
    one.do("promote")
    mirror.lab.wait_until("it connects", lambda: mirror.ask("n1", "cstate") == {"WFConnection"})


def test_a_standby_that_leaves_a_promoted_peer_marks_itself_outdated_where_wanted(
    mirror: DrbdPair,
) -> None:
    mirror.create()
    one, other = start_both(mirror, stop_outdates_secondary="true")
    one.do("promote")
    for agent in (one, other):
        agent.do(
            "notify", notify_type="post", notify_operation="promote", notify_promote_uname="n1"
        )
    other.do("stop")
    assert other.say("drbdadm", "dstate", "r0") == "Outdated"
    write_block(one.node, b"newer")
    one.do("demote")
    one.do("stop")
    other.do("start")
    assert other.has_score(NEVER)
    assert other.call("promote", seconds=20).code == 1
    one.do("start")
    mirror.await_whole()
    other.monitor()
    assert other.has_score("10000")
    other.do("promote")
    assert read_block(other.node) == "newer"


def test_what_comes_up_stale_and_alone_is_not_promoted_under_fencing(
    lab: Lab, mirror: DrbdPair
) -> None:
    pair = DrbdPair(lab, fencing="resource-only", handlers=_FENCED)
    pair.create()
    one, other = start_both(pair)
    one.do("promote")
    lab.cut("n2", LINK)
    lab.wait_until("n1 notices", lambda: pair.ask("n1", "cstate") == {"WFConnection"})
    write_block(one.node, b"newer")
    other.do("stop")
    one.do("demote")
    one.do("stop")
    lab.mend("n2", LINK)
    other.do("start")
    assert pair.ask("n2", "dstate") == {"Consistent/DUnknown"}
    assert other.has_score(NEVER)
    answer = other.call("promote", seconds=20)
    assert (answer.code, "Consistent" in answer.reason) == (1, True)
    assert pair.ask("n2", "role") == {"Secondary/Unknown"}
    one.do("start")
    pair.await_whole()
    other.do("promote")
    assert read_block(other.node) == "newer"


def test_two_volumes_are_judged_together(lab: Lab, mirror: DrbdPair) -> None:
    pair = DrbdPair(lab, backing=("/dev/vdb", "/dev/vdc"))
    pair.create()
    one, other = start_both(pair)
    one.do("promote")
    write_block(one.node, b"second", "/dev/drbd1")
    assert (one.monitor().code, other.monitor().code) == (8, 0)
    other.node.run(["drbdadm", "detach", "r0/1"])
    answer = other.monitor()
    assert (answer.code, answer.reason) == (190, "volume 1 is Diskless")
    assert other.has_score("10")
    answer = one.monitor()
    assert (answer.code, answer.reason) == (191, "volume 1 on the peer is Diskless")
    one.do("demote")
    one.do("stop")
    assert other.monitor().code == 190
    assert other.has_score(NEVER)
    answer = other.call("promote", seconds=20)
    assert (answer.code, pair.ask("n2", "role")) == (1, {"Secondary/Unknown"})


def test_ocf_tester_passes_beside_a_running_peer(mirror: DrbdPair) -> None:
    mirror.create()
    one, other = agents(mirror)
    other.do("start")
    given = ("drbd_resource=r0", "wfc_timeout=20", "ignore_missing_notifications=true")
    options = [word for parameter in given for word in ("-o", parameter)]
    done = one.node.run(
        ["ocf-tester", "-v", "-n", "disk", *options, LAUNCHER], check=False, timeout=1200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "passed all tests" in done.stdout

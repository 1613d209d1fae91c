"""Drbd in the cluster: what a cut mirror and a lost primary come to, with fencing and without."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.cluster_state import PROMOTED, UNPROMOTED
from ocf_py.lab.faults import PowerLoss, suffer
from ocf_py.lab.vm.drbd_pair import LINK, OUR_HANDLERS, DrbdPair
from tests.cluster.conftest import other_node

from .blocks import read_block, write_block
from .fencing import fenced_stay_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab import Lab

CLONE = Path(__file__).with_name("drbd_clone.xml")
_SLOW = 240.0  # seconds: guests compute ten times slower, and the machine may be busy


@pytest.fixture
def mirror(lab: Lab) -> Iterator[DrbdPair]:
    """Fenced by our handlers; what is left at the end goes."""
    pair = DrbdPair(lab, fencing="resource-and-stonith", handlers=OUR_HANDLERS)
    yield pair
    clear(pair)


def clear(pair: DrbdPair) -> None:
    """End the clone, then the resource."""
    lab = pair.lab
    lab.heal()
    for node in lab.nodes:
        lab.start(node.name)
    lab.await_online()
    asked = lab.nodes[0]
    asked.run(["cibadmin", "--delete-all", "--force", "--xpath", "//rsc_location"])
    stop = ["crm_resource", "--resource", "disk-clone", "--meta", "--set-parameter", "target-role"]
    asked.run([*stop, "--parameter-value", "Stopped"], check=False)  # it may never have been loaded
    lab.wait_until(
        "all is stopped",
        lambda: not any(done.stdout for done in pair.on_both(["drbdsetup", "status"])),
        timeout=_SLOW,
    )
    asked.run(["cibadmin", "--delete", "--force", "--xpath", "//clone[@id='disk-clone']"])
    pair.tear_down()


def bring_up(pair: DrbdPair) -> tuple[str, str]:
    """Load the clone on a new resource; the promoted node and the other, connected and in sync."""
    pair.create()
    lab = pair.lab
    lab.load(CLONE)
    promoted = lab.wait_for_place("disk", role=PROMOTED, timeout=_SLOW)
    standby = lab.wait_for_place("disk", other_node(lab, promoted), role=UNPROMOTED, timeout=_SLOW)
    pair.await_whole()
    return promoted, standby


def forbidden(lab: Lab) -> set[str]:
    """The ids of the constraints by which DRBD's handlers have fenced somebody."""
    asked = lab.running_nodes()[0].run(["cibadmin", "--query", "--scope", "constraints"])
    return set(re.findall(r'id="(ocfpy-drbd-fence\.[^".]+\.[^".]+)"', asked.stdout))


def test_a_cut_mirror_forbids_the_standby_and_a_resync_allows_it_again(
    lab: Lab, mirror: DrbdPair
) -> None:
    promoted, standby = bring_up(mirror)
    since = lab.note("the mirror is cut")
    lab.cut(standby, LINK)
    lab.wait_until(
        "the standby is forbidden",
        lambda: forbidden(lab) == {f"ocfpy-drbd-fence.r0.{standby}"},
        timeout=_SLOW,
    )
    write_block(lab.node(promoted), b"while it was cut")
    assert mirror.ask(promoted, "dstate") == {"UpToDate/Outdated"}
    assert lab.wait_for_place("disk", role=PROMOTED) == promoted
    lab.mend(standby, LINK)
    mirror.await_whole()
    lab.wait_until("the standby is allowed", lambda: not forbidden(lab), timeout=_SLOW)
    lab.node(promoted).run(
        ["crm_resource", "--ban", "-r", "disk-clone", "-N", promoted, "--promoted"]
    )
    lab.wait_for_place("disk", standby, role=PROMOTED, timeout=_SLOW)
    assert read_block(lab.node(standby)) == "while it was cut"
    assert forbidden(lab) == set()
    assert lab.fenced_since(since) == []


def test_a_link_that_comes_back_before_anything_was_written_leaves_the_standby_allowed(
    lab: Lab, mirror: DrbdPair
) -> None:
    """Nothing is copied then, so DRBD calls no handler that would allow it again."""
    promoted, standby = bring_up(mirror)
    since = lab.note("the mirror is cut")
    lab.cut(standby, LINK)
    lab.wait_until("the standby is forbidden", lambda: forbidden(lab), timeout=_SLOW)
    lab.wait_until("I/O goes on", lambda: mirror.ask(promoted, "dstate") == {"UpToDate/Outdated"})
    lab.mend(standby, LINK)
    mirror.await_whole()
    lab.wait_until("the standby is allowed", lambda: not forbidden(lab), timeout=_SLOW)
    lab.node(promoted).run(
        ["crm_resource", "--ban", "-r", "disk-clone", "-N", promoted, "--promoted"]
    )
    lab.wait_for_place("disk", standby, role=PROMOTED, timeout=_SLOW)
    assert forbidden(lab) == set()
    assert lab.fenced_since(since) == []


def test_without_fencing_a_split_brain_is_named_in_the_cluster_and_its_commands_end_it(
    lab: Lab, mirror: DrbdPair
) -> None:
    pair = DrbdPair(lab)
    first, second = bring_up(pair)
    lab.cut(second, LINK)
    write_block(lab.node(first), b"given up")
    lab.wait_until("it is noticed", lambda: pair.ask(first, "cstate") == {"WFConnection"})
    lab.node(first).run(["crm_resource", "--ban", "-r", "disk-clone", "-N", first, "--promoted"])
    lab.wait_for_place("disk", second, role=PROMOTED, timeout=_SLOW)
    write_block(lab.node(second), b"kept")
    lab.mend(second, LINK)
    named = lab.wait_until("it is named", lambda: stand_alone(lab), timeout=_SLOW)
    reason = lab.node(named).run(["ocf-py", "drbd", "explain", "r0"], check=False).stdout
    found = re.search(r": (drbdadm .+) on the loser, (drbdadm .+) on the other", reason)
    assert found, reason
    # Of the two sides one may still be Connecting, as docs/reference/drbd.md says.
    lab.node(first).run(["drbdadm", "disconnect", "r0"], check=False)
    lab.node(first).run(found[1].split())
    lab.node(second).run(found[2].split(), check=False)
    pair.await_whole()
    lab.wait_until("it is no longer named", lambda: not stand_alone(lab), timeout=_SLOW)
    lab.wait_for_place("disk", second, role=PROMOTED, timeout=_SLOW)
    lab.wait_for_place("disk", first, role=UNPROMOTED, timeout=_SLOW)
    assert read_block(lab.node(second)) == "kept"


def stand_alone(lab: Lab) -> str:
    """A node of which crm_mon shows that it is StandAlone, "" when it shows none."""
    shown = lab.nodes[0].run(["crm_mon", "-1", "-A"]).stdout
    for part in shown.split("* Node: ")[1:]:
        if re.search(r"drbd-r0-in-sync\s*: StandAlone", part):
            return part.partition(":")[0]
    return ""


def test_a_primary_that_has_lost_its_power_is_replaced_and_comes_back_as_standby(
    lab: Lab, mirror: DrbdPair
) -> None:
    promoted, standby = bring_up(mirror)
    write_block(lab.node(promoted), b"before")
    with fenced_stay_off(lab), suffer(lab, PowerLoss(promoted)) as since:
        lab.wait_for_place("disk", standby, role=PROMOTED, seen_from=standby, timeout=_SLOW)
        assert read_block(lab.node(standby)) == "before"
        write_block(lab.node(standby), b"after")
    lab.await_online()
    mirror.await_whole()
    lab.wait_for_place("disk", promoted, role=UNPROMOTED, timeout=_SLOW)
    lab.wait_until("it is allowed again", lambda: not forbidden(lab), timeout=_SLOW)
    assert lab.fenced_since(since) == [promoted]
    assert lab.wait_for_place("disk", role=PROMOTED) == standby
    lab.node(standby).run(
        ["crm_resource", "--ban", "-r", "disk-clone", "-N", standby, "--promoted"]
    )
    lab.wait_for_place("disk", promoted, role=PROMOTED, timeout=_SLOW)
    assert read_block(lab.node(promoted)) == "after"

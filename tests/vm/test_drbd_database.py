"""PostgreSQL on a disk that DRBD mirrors: no fault costs a row that was acknowledged.

The client is outside of both nodes. A failed power loss names its number: ``--crash-seed`` and
``--disk-crashes`` play it again.
"""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.faults import CutCables, PowerLoss, suffer
from ocf_py.lab.vm.drbd_pair import LINK, OUR_HANDLERS, DrbdPair
from ocf_py.lab.witnesses import MountWitness
from tests.cluster.conftest import calm, other_node
from tests.cluster.database import ADDRESS, PLACE
from tests.cluster.rows import RowWriter

from .drbd_database import DATABASE, SLOW, MirroredDatabase
from .fencing import fenced_stay_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab import Lab

_MOMENTS = 3.0  # seconds of writing, in which the power fails
_NAP = 1.0
#: Of a disk of 64 MiB: it takes longer than two monitors are apart, on a busy machine too.
_SLOWLY = ("--c-plan-ahead=0", "--resync-rate=300k")
_QUICKLY = ("--c-plan-ahead=0", "--resync-rate=100M")
_PERCENTAGE = re.compile(r"syncing from the peer: (\d+\.\d) % in sync")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "crash" in metafunc.fixturenames:
        metafunc.parametrize("crash", range(metafunc.config.getoption("disk_crashes")))


@pytest.fixture(scope="module")
def any_database(shared_lab: Lab) -> Iterator[MirroredDatabase]:
    """The database of this module, wherever it is."""
    calm(shared_lab)
    pair = DrbdPair(shared_lab, fencing="resource-and-stonith", handlers=OUR_HANDLERS)
    database = MirroredDatabase(pair)
    database.create()
    database.load()
    yield database
    calm(shared_lab)
    database.remove()


@pytest.fixture
def database(any_database: MirroredDatabase) -> MirroredDatabase:
    """It serves, its mirror is whole, and the other node could take over."""
    calm(any_database.lab)
    any_database.await_rest()
    return any_database


@pytest.fixture
def writer(database: MirroredDatabase) -> Iterator[RowWriter]:
    """A client that commits row after row, through everything."""
    with RowWriter.going_on(database.lab, ADDRESS) as writer:
        writer.await_more(timeout=SLOW)
        yield writer


def assert_whole(database: MirroredDatabase, writer: RowWriter, place: str) -> None:
    """The database serves at a place alone, and nothing that was acknowledged is lost."""
    writer.await_more(timeout=SLOW)
    assert writer.lost() == []
    assert MountWitness(database.lab).nodes_with(PLACE) == [place]


def test_a_power_loss_costs_no_row_and_the_lost_node_comes_back_as_the_standby(
    database: MirroredDatabase, writer: RowWriter, crash: int, pytestconfig: pytest.Config
) -> None:
    lab, lost = database.lab, database.serves()
    survivor = other_node(lab, lost)
    rng = random.Random(f"{pytestconfig.getoption('crash_seed')}/{crash}")  # noqa: S311 - moments
    time.sleep(rng.uniform(0, _MOMENTS))
    with fenced_stay_off(lab), suffer(lab, PowerLoss(lost)) as at:
        database.serves(survivor)
        assert_whole(database, writer, survivor)
    lab.await_online()
    assert database.await_rest() == survivor
    assert lab.fenced_since(at) == [lost], "one power loss, one fencing"
    assert_whole(database, writer, survivor)


def test_a_planned_move_costs_no_row_and_it_stays_where_it_was_moved(
    database: MirroredDatabase, writer: RowWriter
) -> None:
    lab, here = database.lab, database.serves()
    there = other_node(lab, here)
    since = lab.note("a planned move")
    node = lab.node(here)
    node.run(["crm_resource", "--resource", DATABASE, "--move", "--node", there])
    database.serves(there)
    assert_whole(database, writer, there)
    node.run(["crm_resource", "--resource", DATABASE, "--clear"])
    assert database.await_rest() == there
    assert lab.fenced_since(since) == []
    assert_whole(database, writer, there)


def test_a_node_in_standby_hands_over_and_catches_up_once_it_is_back(
    database: MirroredDatabase, writer: RowWriter
) -> None:
    lab, here = database.lab, database.serves()
    there = other_node(lab, here)
    since = lab.note(f"{here} in standby")
    standby = ["crm_attribute", "--node", here, "--name", "standby"]
    lab.node(here).run([*standby, "--update", "on"])
    try:
        database.serves(there)
        assert_whole(database, writer, there)
        missing = "the peer is not connected"
        lab.wait_until(
            "the cluster says that there is no standby",
            lambda: missing in database.shown(),
            timeout=SLOW,
        )
    finally:
        lab.node(here).run([*standby, "--delete"])
    assert database.await_rest() == there
    assert lab.fenced_since(since) == []
    assert_whole(database, writer, there)


def test_a_cut_mirror_is_fenced_without_an_outage_and_whole_again_once_it_is_spliced(
    database: MirroredDatabase, writer: RowWriter
) -> None:
    lab, here = database.lab, database.serves()
    there = other_node(lab, here)
    with suffer(lab, CutCables(here, LINK)) as at:
        lab.wait_until(
            f"{there} is forbidden to be promoted",
            lambda: database.has_constraint(there),
            timeout=SLOW,
        )
        assert_whole(database, writer, here)
        assert lab.fenced_since(at) == [], "both are members of the cluster"
    assert database.await_rest() == here
    assert lab.fenced_since(at) == []
    assert_whole(database, writer, here)


def test_a_full_resynchronisation_shows_how_far_it_is_while_the_database_serves_on(
    database: MirroredDatabase, writer: RowWriter
) -> None:
    lab, here = database.lab, database.serves()
    behind = lab.node(other_node(lab, here))
    for node in lab.nodes:
        node.run(["drbdsetup", "disk-options", "0", *_SLOWLY])
    since = lab.note(f"all of {behind.name}'s disk is written anew")
    behind.run(["drbdadm", "invalidate", database.pair.name])
    begun = lab.wait_until("the cluster shows how far it is", database.progress_shown, timeout=SLOW)
    # The reason in crm_mon stays that of the first of several monitors that end alike.
    lab.wait_until(
        "the cluster shows that it goes on",
        lambda: begun[0] < max(database.progress_shown(), default=0) < 100,
        timeout=SLOW,
    )
    explain = ["ocf-py", "drbd", "explain", database.pair.name]
    told = behind.run(explain, check=False, timeout=SLOW)
    now = _PERCENTAGE.findall(told.stdout)
    assert now, told
    assert begun[0] < float(now[0]) < 100
    writer.await_more(timeout=SLOW)
    assert writer.lost() == []
    lab.wait_until(
        f"{behind.name} must not be promoted",
        lambda: database.score(behind.name) == "-INFINITY",
        timeout=SLOW,
    )
    assert "Inconsistent" in behind.run(["drbdadm", "dstate", database.pair.name]).stdout
    for node in lab.nodes:
        node.run(["drbdsetup", "disk-options", "0", *_QUICKLY])
    assert database.await_rest() == here
    for node in lab.nodes:
        node.run(["drbdadm", "adjust", database.pair.name])
    lab.wait_until("nothing of it is left", lambda: database.progress_shown() == [], timeout=SLOW)
    assert lab.fenced_since(since) == []
    assert_whole(database, writer, here)

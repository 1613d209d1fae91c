"""PostgreSQL on a disk that both nodes see: no fault costs a row, or mounts the disk twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.faults import PowerLoss, suffer
from ocf_py.lab.witnesses import DiskWitness
from tests.cluster.conftest import EXAMPLES, fail_count, other_node, settle
from tests.cluster.database import ADDRESS, PLACE, making
from tests.cluster.rows import RowWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab import Lab


@pytest.fixture
def active(lab: Lab) -> Iterator[str]:
    """The node on which the database runs; its disk was made anew."""
    lab.nodes[0].run(["sh", "-c", making("/dev/sda")])
    lab.load(EXAMPLES / "database.xml")
    lab.wait_for_place("postgres")
    settle(lab)
    yield lab.wait_for_place("postgres")
    for node in lab.nodes:
        lab.start(node.name)
    lab.await_online()
    lab.nodes[0].run(["pcs", "resource", "disable", "database"])  # lets go of the disk, in order
    settle(lab)
    lab.load(EXAMPLES / "dummy.xml")
    settle(lab)


def kill_server(lab: Lab, name: str) -> None:
    """Kill the server's main process on a node, and wait until Pacemaker has seen it."""
    node, before = lab.node(name), fail_count(lab, "postgres", name)
    pid = node.run(["head", "-1", f"{PLACE}/data/postmaster.pid"]).stdout.strip()
    node.run(["kill", "-KILL", pid])
    lab.wait_until(
        "it is seen to be dead", lambda: fail_count(lab, "postgres", name) > before, timeout=30
    )


def test_every_acknowledged_row_survives_a_power_loss(lab: Lab, active: str) -> None:
    survivor = other_node(lab, active)
    with DiskWitness(lab) as disk, RowWriter(lab, ADDRESS) as writer:
        writer.await_more()
        with suffer(lab, PowerLoss(active)):
            lab.wait_for_place("postgres", survivor, seen_from=survivor)
            writer.await_more()
            assert disk.holders() == [survivor]
            assert writer.lost() == []
        assert disk.double_holdings() == []


def test_a_server_that_is_killed_starts_again_in_place_and_moves_in_the_end(
    lab: Lab, active: str
) -> None:
    survivor = other_node(lab, active)
    with DiskWitness(lab) as disk, RowWriter(lab, ADDRESS) as writer:
        for _ in range(2):
            writer.await_more()
            kill_server(lab, active)
            settle(lab)
            assert lab.wait_for_place("postgres") == active
        writer.await_more()
        kill_server(lab, active)
        lab.wait_for_place("postgres", survivor)
        writer.await_more()
        assert writer.lost() == []
        assert disk.double_holdings() == []


def test_a_stray_shell_on_the_disk_does_not_keep_it_from_moving_and_dies_alone(
    lab: Lab, active: str
) -> None:
    node = lab.node(active)
    survivor = other_node(lab, active)
    stray = f"cd {PLACE}; sleep 4711 >/dev/null 2>&1 & echo $!"
    inside = node.run(["sh", "-c", stray]).stdout.strip()
    outside = node.run(["sh", "-c", "cd /; sleep 4711 >/dev/null 2>&1 & echo $!"]).stdout.strip()
    with DiskWitness(lab) as disk, RowWriter(lab, ADDRESS) as writer:
        writer.await_more()
        node.run(["crm_resource", "--resource", "database", "--move", "--node", survivor])
        lab.wait_for_place("postgres", survivor)
        node.run(["crm_resource", "--resource", "database", "--clear"])
        writer.await_more()
        assert writer.lost() == []
        assert disk.double_holdings() == []
    assert node.run(["kill", "-0", inside], check=False).returncode != 0
    node.run(["kill", outside])
    state = lab.state()
    assert state is not None
    assert state.failures == ()


def test_a_disk_that_turned_read_only_lets_the_database_move(lab: Lab, active: str) -> None:
    survivor = other_node(lab, active)
    with DiskWitness(lab) as disk, RowWriter(lab, ADDRESS) as writer:
        writer.await_more()
        # What ext4 does by itself when the way to its disk fails.
        lab.node(active).run(["mount", "-o", "remount,abort", PLACE])
        lab.wait_for_place("postgres", survivor)
        writer.await_more()
        assert writer.lost() == []
        assert disk.double_holdings() == []

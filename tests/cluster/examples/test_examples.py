"""Every other example CIB, loaded into a real Pacemaker and put through its paces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.lab.cluster_state import PROMOTED, UNPROMOTED
from ocf_py.lab.faults import PowerLoss, suffer
from tests.cluster.conftest import EXAMPLES, other_node, settle

if TYPE_CHECKING:
    from ocf_py.lab import Lab


def load_stateful(lab: Lab) -> str:
    """Load the promotable clone; returns where it is promoted."""
    lab.load(EXAMPLES / "stateful.xml")
    promoted = lab.wait_for_place("stateful", role=PROMOTED)
    lab.wait_for_place("stateful", other_node(lab, promoted), role=UNPROMOTED)
    settle(lab)
    return promoted


def role_file(lab: Lab, node: str) -> str:
    """What the agent's state file in a node holds, and which file it is."""
    file = "/run/ocfpy-stateful-stateful.state"
    role = lab.node(node).run(["cat", file]).stdout.strip()
    return role + " " + lab.node(node).run(["stat", "-c", "%i %Y", file]).stdout.strip()


def test_every_example_is_exercised_in_a_lab() -> None:
    assert {path.name for path in EXAMPLES.glob("*.xml")} == {
        "active-active.xml",  # test_example_groups.py
        "address.xml",  # test_failover.py
        "block-mirror.xml",  # tests/vm, as it needs kernels of its own
        "database.xml",  # test_database.py
        "dummy.xml",
        "hot-standby-no-failback.xml",  # mirror/
        "hot-standby.xml",  # mirror/
        "n-plus-one.xml",  # test_example_groups.py
        "preferred-node.xml",  # test_example_groups.py
        "priority-fencing.xml",  # test_example_groups.py
        "stateful.xml",
        "utilization.xml",  # test_example_groups.py
        "web-server.xml",  # test_example_groups.py
    }


def test_a_dummy_is_restarted_on_the_survivor(lab: Lab) -> None:
    lab.load(EXAMPLES / "dummy.xml")
    active = lab.wait_for_place("dummy")
    survivor = other_node(lab, active)
    with suffer(lab, PowerLoss(active)):
        lab.wait_for_place("dummy", survivor, seen_from=survivor)
        state = lab.state(survivor)
        assert state is not None
        assert state.failures == ()


def test_a_stateful_is_promoted_elsewhere_when_its_node_loses_power(lab: Lab) -> None:
    promoted = load_stateful(lab)
    survivor = other_node(lab, promoted)
    with suffer(lab, PowerLoss(promoted)):
        lab.wait_for_place("stateful", survivor, role=PROMOTED, seen_from=survivor)
        assert role_file(lab, survivor).startswith("promoted")
    lab.await_online()
    lab.wait_for_place("stateful", promoted, role=UNPROMOTED)
    assert lab.wait_for_place("stateful", role=PROMOTED) == survivor


def test_a_stateful_is_told_of_what_its_peers_do(lab: Lab) -> None:
    promoted = load_stateful(lab)
    log = (lab.node(promoted).logs / "syslog").read_text()
    assert "pre-promote" in log
    assert "post-promote" in log


def test_nothing_moves_when_pacemaker_restarts_in_maintenance(lab: Lab) -> None:
    promoted = load_stateful(lab)
    before = role_file(lab, promoted)
    maintenance = ["crm_attribute", "--name", "maintenance-mode"]
    lab.node(promoted).run([*maintenance, "--update", "true"])
    since = lab.note("Pacemaker restarts in maintenance")
    try:
        for node in lab.nodes:
            node.stop_pacemaker()
        for node in lab.nodes:
            node.start_pacemaker()
        lab.await_online()
        lab.wait_for_place("stateful", promoted, role=PROMOTED)
    finally:
        lab.node(promoted).run([*maintenance, "--delete"])
    settle(lab)
    assert lab.wait_for_place("stateful", role=PROMOTED) == promoted
    assert role_file(lab, promoted) == before, "it was demoted or stopped meanwhile"
    assert [event for event in lab.events(since) if event.what.startswith("fencing")] == []

"""Where groups of services run, and where not: what the heads of these examples promise."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab
from ocf_py.lab.cluster_state import PROMOTED, UNPROMOTED, FailedAction
from ocf_py.lab.faults import CutCables, PowerLoss, suffer
from ocf_py.lab.witnesses import AddressWitness
from tests.cluster.conftest import EXAMPLES, SEEN_LABS, fail_count, name_lab, other_node, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab.node import Node

WEB_ADDRESS = "10.77.2.100"
WEB_PAGES = "/var/www/html"  # as nginx of Debian has them


def load(lab: Lab, name: str) -> None:
    """Load an example where nothing runs that an earlier test has left.

    An address that is there already would be found by the probe, and go with the one that has it.
    """
    for one in ("dummy", name):
        lab.load(EXAMPLES / f"{one}.xml")
        settle(lab)


@contextlib.contextmanager
def standby(lab: Lab, node: str) -> Iterator[None]:
    """A node that may run nothing, as before an upgrade of it."""
    asked = lab.node(node)
    asked.run(["pcs", "node", "standby", node])
    try:
        settle(lab)
        yield
    finally:
        asked.run(["pcs", "node", "unstandby", node])
    settle(lab)


def assert_runs(lab: Lab, **places: str) -> None:
    """Each server, with its address, is on the node that is named; "" for on none."""
    state = lab.state()
    assert state is not None
    assert state.failures == ()
    for name, place in places.items():
        members = (name,) if name == "handbook" else (f"{name}-ip", f"{name}-server")
        for member in members:
            assert state.nodes_of(member) == [place] * bool(place), member


def kill_web_server(lab: Lab, node: str) -> None:
    """Kill nginx as a whole, and wait until the cluster has counted that and acted on it."""
    before = fail_count(lab, "web-server", node)
    lab.node(node).run(["pkill", "-KILL", "-x", "nginx"])
    lab.wait_until("the cluster has noticed", lambda: fail_count(lab, "web-server", node) > before)
    # The count comes before what is done about it: until then there is nothing to wait for.
    lab.wait_until("a server is started again", lambda: any(map(_has_web_server, lab.nodes)))
    settle(lab)


def _has_web_server(node: Node) -> bool:
    return node.run(["pgrep", "-x", "nginx"], check=False).returncode == 0


def _failures(lab: Lab) -> tuple[FailedAction, ...]:
    state = lab.state()
    return state.failures if state else ()


def test_a_web_server_that_dies_starts_again_in_place_and_moves_at_the_third_time(
    lab: Lab,
) -> None:
    load(lab, "web-server")
    active = lab.wait_for_place("web-server")
    with AddressWitness(lab, WEB_ADDRESS) as addresses:
        for _ in range(2):
            kill_web_server(lab, active)
            assert lab.wait_for_place("web-server") == active
        assert [holding.node for holding in addresses.holdings] == [active], "it never went away"
        kill_web_server(lab, active)
        survivor = other_node(lab, active)
        lab.wait_for_place("web-server", survivor)
        assert addresses.holders() == [survivor]
        assert addresses.double_holdings() == []


def test_a_web_server_that_runs_and_answers_wrongly_is_found_by_its_deeper_monitor(
    lab: Lab,
) -> None:
    load(lab, "web-server")
    active = lab.wait_for_place("web-server")
    node = lab.node(active)
    often = '<op id="web-server-monitor-deep" interval="3s"/>'  # of its 30 s
    node.run(["cibadmin", "--modify", "--xml-text", often])
    settle(lab)
    node.run(["mount", "-t", "tmpfs", "nothing-to-show", WEB_PAGES])
    try:
        lab.wait_until("it is found", lambda: bool(_failures(lab)))
        failures = _failures(lab)
        assert {(one.operation_key, one.node) for one in failures} == {
            ("web-server_monitor_3000", active)
        }
        assert all("status 403" in one.reason for one in failures)
    finally:
        node.run(["umount", WEB_PAGES])
        settle(lab)


def test_of_two_nodes_that_work_one_takes_over_both_groups_and_gives_back(lab: Lab) -> None:
    load(lab, "active-active")
    assert_runs(lab, web="n1", cache="n2")
    with suffer(lab, PowerLoss("n1")):
        lab.wait_for_place("web-server", "n2", seen_from="n2")
        assert_runs(lab, cache="n2")
    lab.await_online()
    lab.wait_for_place("web-server", "n1")
    settle(lab)
    assert_runs(lab, web="n1", cache="n2")


def test_what_matters_least_is_off_as_long_as_there_is_no_room_for_it(lab: Lab) -> None:
    load(lab, "utilization")
    state = lab.state()
    assert state is not None
    assert state.node_of("handbook") is not None
    with standby(lab, "n1"):
        assert_runs(lab, web="n2", cache="n2", handbook="")
    state = lab.state()
    assert state is not None
    assert state.node_of("handbook") is not None


def test_the_node_that_runs_what_matters_more_wins_the_split(lab: Lab) -> None:
    load(lab, "priority-fencing")
    with standby(lab, "n1"):  # the lab's own fence devices would let n1 win
        pass
    assert_runs(lab, web="n2", cache="n1")
    with AddressWitness(lab, WEB_ADDRESS) as addresses:
        with suffer(lab, CutCables("n2", "rings")) as at:
            lab.wait_for_place("cache-server", "n2", seen_from="n2")
            assert set(lab.fenced_since(at)) == {"n1"}
        assert [holding.node for holding in addresses.holdings] == ["n2"], "it never went away"


def test_the_preferred_node_is_promoted_whenever_it_is_there(lab: Lab) -> None:
    load(lab, "preferred-node")
    lab.wait_for_place("stateful", "n1", role=PROMOTED)
    with standby(lab, "n1"):
        lab.wait_for_place("stateful", "n2", role=PROMOTED)
        lab.wait_for_place("vip", "n2")
    lab.wait_for_place("stateful", "n1", role=PROMOTED)
    lab.wait_for_place("stateful", "n2", role=UNPROMOTED)
    lab.wait_for_place("vip", "n1")


@pytest.fixture
def trio() -> Iterator[Lab]:
    with Lab.up(name_lab("spare"), nodes=3) as lab:
        SEEN_LABS.append(lab)
        yield lab


def test_the_spare_node_takes_over_either_group_and_is_spare_again(trio: Lab) -> None:
    load(trio, "n-plus-one")
    assert_runs(trio, web="n1", cache="n2")
    with suffer(trio, PowerLoss("n1")):
        trio.wait_for_place("web-server", "n3", seen_from="n3")
        settle(trio, "n3")
        assert_runs(trio, web="n3", cache="n2")
    trio.await_online()
    trio.wait_for_place("web-server", "n1")
    settle(trio)
    assert_runs(trio, web="n1", cache="n2")
    with standby(trio, "n2"):
        assert_runs(trio, web="n1", cache="n3")
        with standby(trio, "n3"):
            assert_runs(trio, web="n1", cache="n1")
    assert_runs(trio, web="n1", cache="n2")

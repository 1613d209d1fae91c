"""`ocf-py doctor` on the nodes of a cluster that runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.demo import ADDRESS
from tests.cluster.command import run_inside
from tests.cluster.conftest import EXAMPLES, calm, other_node, settle

if TYPE_CHECKING:
    from typing import Any

    from ocf_py.lab import Lab
    from ocf_py.lab.node import Node

DUMMY = "/usr/lib/ocf/resource.d/ocfpy/Dummy"


@pytest.fixture(scope="module")
def holder(shared_lab: Lab) -> Node:
    """The node that holds the address; the cluster has nothing more to do."""
    lab = calm(shared_lab)
    lab.load(EXAMPLES / "address.xml")
    name = lab.wait_for_place("vip")
    settle(lab)
    return lab.node(name)


@pytest.fixture(scope="module")
def idle(shared_lab: Lab, holder: Node) -> Node:
    """The other node."""
    return shared_lab.node(other_node(shared_lab, holder.name))


def examine(node: Node) -> tuple[int, list[dict[str, Any]]]:
    """The exit status and the findings, which are those for the running cluster."""
    done = run_inside(node, "doctor", "--json")
    assert done.stderr == ""
    answer = json.loads(done.stdout)
    assert answer["cib"] == "the running cluster"
    return done.returncode, answer["findings"]


def faults(findings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for one in findings if one["verdict"] != "fine"]


def told(findings: list[dict[str, Any]], check: str) -> list[str]:
    return [f"{one['subject']}: {one['message']}" for one in findings if one["check"] == check]


def test_all_is_fine_where_the_address_is_held_and_where_it_is_not(
    holder: Node, idle: Node
) -> None:
    for node, links in (
        (holder, f"vip: {ADDRESS} on eth2, which is up, held here"),
        (idle, f"vip: {ADDRESS} on eth2, which is up"),
    ):
        status, findings = examine(node)
        assert (status, faults(findings)) == (0, [])
        assert told(findings, "links") == [links]
    assert told(examine(holder)[1], "leftovers") == [
        "/run/ocfpy: 1 start record, none left by a crash"
    ]


def test_a_cable_that_is_out_is_found_before_the_address_comes(shared_lab: Lab, idle: Node) -> None:
    shared_lab.cut(idle.name, "service", "down")
    try:
        status, findings = examine(idle)
    finally:
        shared_lab.mend(idle.name, "service")
    assert status == 1
    (fault,) = faults(findings)
    assert (fault["check"], fault["verdict"], fault["subject"]) == ("links", "problem", "vip")
    assert fault["message"] == f"eth2, the interface of {ADDRESS}, has no carrier"
    assert fault["remedy"].startswith("look at the cable and the switch")
    assert examine(idle)[0] == 0


def test_what_somebody_started_by_hand_and_forgot_is_found_until_it_is_stopped(idle: Node) -> None:
    by_hand = ["env", "OCF_ROOT=/usr/lib/ocf", "OCF_RESOURCE_INSTANCE=forgotten", DUMMY]
    idle.run([*by_hand, "start"])
    try:
        status, findings = examine(idle)
        shown = run_inside(idle, "doctor").stdout
    finally:
        idle.run([*by_hand, "stop"])
    assert status == 1
    (fault,) = faults(findings)
    assert (fault["check"], fault["verdict"]) == ("leftovers", "warning")
    assert fault["subject"] == "/run/ocfpy/Dummy.forgotten"
    assert "warning leftovers: /run/ocfpy/Dummy.forgotten: the CIB has no resource" in shown
    assert examine(idle)[0] == 0

"""The administrator's tools understand our agents, in a node of a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .conftest import EXAMPLES

if TYPE_CHECKING:
    from ocf_py.lab import Lab

AGENTS = ("IPaddr", "Dummy", "Stateful")
# A parameter whose name must show in each description.
PARAMETERS = {"IPaddr": "cidr_netmask", "Dummy": "state", "Stateful": "state"}


@pytest.mark.parametrize("agent", AGENTS)
def test_crm_resource_shows_the_metadata(shared_lab: Lab, agent: str) -> None:
    shown = shared_lab.nodes[0].run(["crm_resource", "--show-metadata", f"ocf:ocfpy:{agent}"])
    assert f'<resource-agent name="{agent}"' in shown.stdout


@pytest.mark.parametrize("agent", AGENTS)
def test_pcs_describes_it(shared_lab: Lab, agent: str) -> None:
    shown = shared_lab.nodes[0].run(["pcs", "resource", "describe", f"ocf:ocfpy:{agent}"])
    assert PARAMETERS[agent] in shown.stdout
    assert "Error" not in shown.stderr


@pytest.mark.parametrize("agent", AGENTS)
def test_crm_tells_about_it(shared_lab: Lab, agent: str) -> None:
    shown = shared_lab.nodes[0].run(["crm", "ra", "info", f"ocf:ocfpy:{agent}"])
    assert PARAMETERS[agent] in shown.stdout
    assert "ERROR" not in shown.stderr


@pytest.mark.parametrize("agent", AGENTS)
def test_pcs_creates_it_without_a_word_of_complaint(lab: Lab, agent: str) -> None:
    options = ["ip=10.77.2.101", "nic=eth2"] if agent == "IPaddr" else []
    promotable = ["promotable"] if agent == "Stateful" else []
    lab.load(EXAMPLES / "dummy.xml")
    create = ["pcs", "resource", "create", "made", f"ocf:ocfpy:{agent}", *options, *promotable]
    made = lab.nodes[0].run(create)
    assert "Warning" not in made.stderr
    if promotable:
        lab.wait_for_place("made", role="Promoted")
    else:
        lab.wait_for_place("made")


@pytest.mark.parametrize(
    ("agent", "parameters"),
    [
        ("IPaddr", ["ip=10.77.2.102", "nic=eth2"]),
        ("IPaddr", ["ip=fd77:0:0:2::102", "nic=eth2"]),
        ("Dummy", []),
        ("Stateful", []),
    ],
)
def test_ocf_tester_passes_beside_a_running_cluster(
    shared_lab: Lab, agent: str, parameters: list[str]
) -> None:
    options = [word for parameter in parameters for word in ("-o", parameter)]
    program = f"/usr/lib/ocf/resource.d/ocfpy/{agent}"
    tested = shared_lab.nodes[0].run(["ocf-tester", "-v", "-n", "tested", *options, program])
    assert f"{program} passed all tests" in tested.stdout

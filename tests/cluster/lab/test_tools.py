"""The administrator's tools understand our agents, in a node of a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import EXAMPLES

if TYPE_CHECKING:
    from ocf_py.lab import Lab

AGENTS = ("IPaddr", "MirrorSync", "Dummy", "Stateful")
# A parameter whose name must show in each description.
PARAMETERS = {
    "IPaddr": "cidr_netmask",
    "MirrorSync": "secrets_file",
    "Dummy": "state",
    "Stateful": "state",
}
# What each must be given, and what makes a promotable clone of it.
NEEDED = {
    "IPaddr": ["ip=10.77.2.101", "nic=eth2"],
    "MirrorSync": [
        "directory=/srv/tools/site",
        "address=n1=10.77.2.11 n2=10.77.2.12",
        "secrets_file=/etc/tools.secrets",
    ],
}
PROMOTABLE = {"MirrorSync": ["promotable", "notify=true"], "Stateful": ["promotable"]}


@pytest.fixture(scope="module")
def mirrored(shared_lab: Lab) -> None:
    """Each node has what a MirrorSync needs; one directory is filled."""
    script = (
        "mkdir -p /srv/tools/site; umask 077; echo tools:a-secret-of-theirs > /etc/tools.secrets"
    )
    for node in shared_lab.nodes:
        node.run(["sh", "-c", script])
    shared_lab.nodes[0].run(["touch", "/srv/tools/site/file"])


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


@pytest.mark.usefixtures("mirrored")
@pytest.mark.parametrize("agent", AGENTS)
def test_pcs_creates_it_without_a_word_of_complaint(lab: Lab, agent: str) -> None:
    options = [*NEEDED.get(agent, ()), *PROMOTABLE.get(agent, ())]
    lab.load(EXAMPLES / "dummy.xml")
    made = lab.nodes[0].run(["pcs", "resource", "create", "made", f"ocf:ocfpy:{agent}", *options])
    assert "Warning" not in made.stderr
    lab.wait_for_place("made", role="Promoted" if agent in PROMOTABLE else None)


@pytest.mark.usefixtures("mirrored")
@pytest.mark.parametrize(
    ("agent", "parameters"),
    [
        ("IPaddr", ["ip=10.77.2.102", "nic=eth2"]),
        ("IPaddr", ["ip=fd77:0:0:2::102", "nic=eth2"]),
        (
            "MirrorSync",
            [
                "directory=/srv/tools/site",
                "store=/srv/tools/tested",
                "address=n1=10.77.2.11",
                "port=8731",
                "secrets_file=/etc/tools.secrets",
            ],
        ),
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

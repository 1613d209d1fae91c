"""What an administrator is told whose file or node is at fault, by a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ocf_py.lab import LabError
from ocf_py.toolkit.lab import lab as command_line
from tests.cluster.conftest import EXAMPLES, calm

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from ocf_py.lab import Lab

DUMMY = '<primitive id="a" class="ocf" provider="heartbeat" type="Dummy"'
FENCE = DUMMY.replace('id="a"', 'id="fence-n1"')


def call(lab: Lab, *words: str) -> Result:
    return CliRunner().invoke(command_line, [*words, "--name", lab.settings.name])


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        (f'{DUMMY} bogus="1"/>', "Invalid attribute bogus for element primitive, in <primitive "),
        (f"{DUMMY}/>{DUMMY}/>", "ID a redefined, in <primitive "),
        (
            DUMMY.replace("Dummy", "Dumy") + "/>",
            "resource a needs the agent ocf:heartbeat:Dumy, and n1 has no program /usr/lib/ocf/",
        ),
    ],
)
def test_a_file_that_pacemaker_would_not_run_is_refused_with_the_reason(
    lab: Lab, tmp_path: Path, resources: str, reason: str
) -> None:
    before = lab.node("n1").run(["cibadmin", "--query", "--scope", "resources"]).stdout
    file = tmp_path / "example.xml"
    file.write_text(f"<configuration><resources>{resources}</resources></configuration>")
    raised = call(lab, "load", str(file)).exception
    assert isinstance(raised, LabError)
    assert reason in str(raised)
    assert str(file) in str(raised)
    assert lab.node("n1").run(["cibadmin", "--query", "--scope", "resources"]).stdout == before


def test_a_provider_that_no_node_has_is_named(lab: Lab) -> None:
    with pytest.raises(LabError, match="resource vip needs the agent ocf:nosuch:IPaddr2"):
        lab.load(EXAMPLES / "address.xml", provider="nosuch")


def test_what_the_lab_keeps_from_being_loaded_is_told(lab: Lab, tmp_path: Path) -> None:
    file = tmp_path / "example.xml"
    file.write_text(
        '<configuration><crm_config><cluster_property_set id="mine">'
        '<nvpair id="off" name="stonith-enabled" value="false"/></cluster_property_set>'
        f"</crm_config><resources>{FENCE}/></resources>"
        "</configuration>"
    )
    answer = call(lab, "load", str(file))
    assert answer.exit_code == 0
    prefix = f"ocf-py: warning: {file}: left out: "
    assert answer.output.splitlines() == [
        f"{prefix}cluster property stonith-enabled=false: the lab needs stonith-enabled=true",
        f"{prefix}primitive fence-n1: the lab's own fence device stays",
    ]
    query = ["crm_attribute", "--name", "stonith-enabled", "--query", "--quiet"]
    assert lab.node("n1").run(query).stdout.strip() == "true"


def test_a_node_that_does_not_boot_says_why(lab: Lab) -> None:
    init = lab.settings.shared / "init.py"
    aside = init.with_name("aside.py")
    lab.break_power_switch()  # fencing would boot it once more under our eyes
    lab.kill("n2")
    init.rename(aside)
    try:
        raised = call(lab, "start", "n2").exception
        shown = call(lab, "status").output
    finally:
        aside.rename(init)
        calm(lab)
    trouble = f"can't open file '/run/lab/init.py': .*; see {lab.node('n2').logs}/boot.log"
    with pytest.raises(LabError, match=f"^n2: boot failed: .*{trouble}$"):
        raise raised or AssertionError("it said nothing")
    line = next(line for line in shown.splitlines() if line.startswith("n2"))
    assert line.startswith("n2  off  (boot failed: ")
    assert line.endswith("/n2/boot.log)")

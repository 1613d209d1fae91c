"""What is wrong with a CIB file is said in the file's own words, before anything is replaced."""

from __future__ import annotations

from subprocess import CompletedProcess
from typing import TYPE_CHECKING, cast

import pytest
from lxml import etree

from ocf_py.lab.errors import LabError
from ocf_py.lab.load import OCF_AGENTS, load_cib, load_configuration

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ocf_py.lab.node import Node

LIVE = "<cib><configuration><crm_config/><nodes/><resources/><constraints/></configuration></cib>"
EXAMPLE = """<configuration><resources>
<primitive id="a" class="ocf" provider="heartbeat" type="Dummy" bogus="1"/>
</resources></configuration>"""


class PlayedNode:
    """Answers each command by what a real one said; `ran` keeps their names."""

    name = "n1"

    def __init__(self, *, agents: str = "", verified: str = "", replaced: int = 0) -> None:
        self.ran: list[str] = []
        self._answers = {
            "find": (0, agents, ""),
            "cibadmin --query": (0, LIVE, ""),
            "cibadmin --replace": (replaced, "", "Call cib_replace failed"),
            "crm_verify": (78, "", verified),
        }

    def run(self, command: Sequence[str], **_: object) -> CompletedProcess[str]:
        """Answer it."""
        line = " ".join(command)
        name, answer = next(item for item in self._answers.items() if line.startswith(item[0]))
        self.ran.append(name)
        return CompletedProcess(list(command), *answer)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A file with an attribute that the schema does not know."""
    file = tmp_path / "example.xml"
    file.write_text(EXAMPLE)
    return file


def load(node: PlayedNode, file: Path) -> list[str]:
    return load_cib(cast("Node", node), file)


def test_an_agent_that_is_not_there_is_named_and_nothing_is_replaced(example: Path) -> None:
    node = PlayedNode(agents=f"{OCF_AGENTS}/heartbeat/IPaddr2\n")
    line = f"^{example}: resource a needs the agent ocf:heartbeat:Dummy, and n1 has no program "
    with pytest.raises(LabError, match=line):
        load(node, example)
    assert node.ran == ["find"]


def test_a_configuration_of_no_file_has_the_name_and_the_remedy_it_is_given() -> None:
    node, example = cast("Node", PlayedNode()), etree.fromstring(EXAMPLE)
    with pytest.raises(LabError, match="^cib.xml: resource a needs .*; install it$"):
        load_configuration(node, "cib.xml", example, "install it")


@pytest.mark.parametrize(
    ("verified", "said"),
    [
        (
            "Entity: line 6: element primitive: Relax-NG validity error : Invalid attribute b\n",
            'Invalid attribute b, in <primitive id="a" .* bogus="1"/>',
        ),
        ("\nwarning: x\nerror: Resource a: no such thing\n", "error: Resource a: no such thing"),
        ("", "Call cib_replace failed"),
    ],
)
def test_the_first_error_of_crm_verify_says_what_is_wrong(
    example: Path, verified: str, said: str
) -> None:
    node = PlayedNode(agents=f"{OCF_AGENTS}/heartbeat/Dummy\n", verified=verified, replaced=65)
    with pytest.raises(LabError, match=f"^{example}: Pacemaker refuses it: {said}$"):
        load(node, example)


def test_a_file_that_is_accepted_is_not_verified(example: Path) -> None:
    node = PlayedNode(agents=f"{OCF_AGENTS}/heartbeat/Dummy\n")
    assert load(node, example) == []
    assert node.ran == ["find", "cibadmin --query", "cibadmin --replace"]

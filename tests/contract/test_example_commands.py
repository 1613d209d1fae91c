"""The commands of docs/howto/examples.md make the configurations of examples/cib."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.lab.cib import merge, read_configuration
from tests.example_page import commands_of_crm, commands_of_pcs, read_blocks, read_sections

from .configuration_sense import make_sense

if TYPE_CHECKING:
    from collections.abc import Callable

_EXAMPLES = Path(__file__).parents[2] / "examples/cib"
_NAMES = sorted(path.stem for path in _EXAMPLES.glob("*.xml"))
# As a new cluster's, but for the fence devices: their agents are not to be asked for here.
_CLUSTER = {
    "nodes": "".join(f'<node id="{number}" uname="n{number}"/>' for number in (1, 2, 3)),
    "crm_config": '<cluster_property_set id="cib-bootstrap-options">'
    '<nvpair id="no-fencing-here" name="stonith-enabled" value="false"/></cluster_property_set>',
}
# Our agents where the tools look for them, and no network.
_ENCLOSED = """
mount --bind "$1" /usr/lib/ocf/resource.d
cd "$2"
exec bash -e commands.sh
"""


def _read(path: Path) -> etree._Element:
    parser = etree.XMLParser(remove_blank_text=True, remove_comments=True)
    return etree.parse(str(path), parser).getroot()


@pytest.fixture
def paste(tmp_path: Path, installed_agents: Path) -> Callable[[str], str]:
    """Run commands beside the file cib.xml of a new cluster; returns what they complain of."""
    empty = subprocess.run(["cibadmin", "--empty"], capture_output=True, text=True, check=True)
    text = empty.stdout.replace("<cib ", '<cib have-quorum="1" ')
    for section, content in _CLUSTER.items():
        assert f"<{section}/>" in text
        text = text.replace(f"<{section}/>", f"<{section}>{content}</{section}>")
    (tmp_path / "cib.xml").write_text(text)
    providers = tmp_path / "resource.d"
    providers.mkdir()
    (providers / "ocfpy").symlink_to(installed_agents)

    def run(commands: str) -> str:
        (tmp_path / "commands.sh").write_text(commands)
        enclosed = ["unshare", "--mount", "--net", "sh", "-e", "-c", _ENCLOSED, "sh"]
        words = [*enclosed, str(providers), str(tmp_path)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stderr

    return run


def test_every_example_has_a_section_with_the_commands_of_both_tools() -> None:
    sections = read_sections()
    del sections[""]
    assert sorted(sections) == _NAMES
    for name, section in sections.items():
        assert [len(read_blocks(section, tool)) for tool in ("sh", "crmsh")] == [1, 1], name
        assert f"](../../examples/cib/{name}.xml)" in section


@pytest.mark.parametrize("tool", ["pcs", "crm"])
@pytest.mark.parametrize("name", _NAMES)
def test_the_commands_make_the_example(
    tmp_path: Path, paste: Callable[[str], str], name: str, tool: str
) -> None:
    cib = tmp_path / "cib.xml"
    expected = merge(_read(cib), read_configuration(_EXAMPLES / f"{name}.xml")).configuration
    if tool == "pcs":
        complaints = paste(commands_of_pcs(name))
    else:
        complaints = paste(f"export CIB_file={cib}\n{commands_of_crm(name)}")
    assert not re.search("error|deprecat", complaints, re.IGNORECASE), complaints
    made = _read(cib).find("configuration")
    assert made is not None
    assert make_sense(made) == make_sense(expected), complaints


def test_what_the_page_says_of_pcs_s_own_ways_is_so(
    tmp_path: Path, paste: Callable[[str], str]
) -> None:
    (address,) = re.findall(r".*?--no-default-ops\n", commands_of_pcs("address"), re.DOTALL)
    paste(
        address.replace("--no-default-ops", "")
        + "pcs -f cib.xml resource create other ocf:ocfpy:Stateful promotable --no-default-ops\n"
        + "pcs -f cib.xml constraint colocation add vip with Promoted other-clone\n"
    )
    made = _read(tmp_path / "cib.xml")
    advertised = {op.get("name") for op in made.iterfind(".//primitive[@id='vip']/operations/op")}
    assert advertised == {"start", "stop", "monitor", "reload-agent"}
    (colocation,) = made.iter("rsc_colocation")
    assert (colocation.get("rsc-role"), colocation.get("with-rsc-role")) == ("Started", "Promoted")

"""What the manual page of an agent has its reader type is taken by pcs and by crmsh, as it stands.

Both work on a configuration in a file. That a cluster then runs the resource is the cluster tier's.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.catalogue.description import parse_description
from ocf_py.metadata import document
from ocf_py.toolkit.agent_examples import example_of
from ocf_py.toolkit.agent_page import render_agent
from ocf_py.toolkit.our_agents import load_agents
from tests.documents.enclosing import enclose

if TYPE_CHECKING:
    from pathlib import Path

AGENTS = load_agents()
_BEGIN = """
set -e
cibadmin --empty > pcs.xml
pcs -f pcs.xml property set stonith-enabled=false
cp pcs.xml crm.xml  # which crmsh takes only with a fence device, or with fencing off
pcs() { command pcs -f pcs.xml "$@"; }
export CIB_file=$PWD/crm.xml
"""
_END = "\ncp pcs.xml crm.xml FOLDER\n"


def _commands(page: str) -> list[str]:
    """The commands of its section EXAMPLES, as man(1) shows them: deeper than the text."""
    shown = subprocess.run(
        ["mandoc", "-Tascii", "-Owidth=100"],
        input=page,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    plain = subprocess.run(["col", "-bx"], input=shown, capture_output=True, text=True, check=True)
    section = plain.stdout.partition("\nEXAMPLES\n")[2].partition("\nSEE ALSO\n")[0]
    return [line for line in section.splitlines() if line.startswith(" " * 8)]


@pytest.mark.parametrize("agent", AGENTS)
def test_both_shells_make_the_same_resource_of_a_pages_example(
    agent: str, installed: Path, tmp_path: Path
) -> None:
    description = parse_description(document(AGENTS[agent]).encode())
    commands = _commands(render_agent("ocfpy", description, "0"))
    script = tmp_path / "session.sh"
    script.write_text("\n".join([_BEGIN, *commands, _END.replace("FOLDER", str(tmp_path))]))
    argv = enclose(installed, script)
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    example = example_of(description)
    for file in ("pcs.xml", "crm.xml"):
        root = etree.parse(tmp_path / file).getroot()
        (resource,) = root.iter("primitive")
        assert (resource.get("id"), resource.get("type")) == (example.resource, agent)
        values = {
            one.get("name"): one.get("value")
            for one in resource.iterfind("instance_attributes/nvpair")
        }
        assert values == example.values
        metas = [one for clone in root.iter("clone") for one in clone.iter("nvpair")]
        meta = {one.get("name"): one.get("value") for one in metas if one.getparent() is not None}
        wanted = {**example.clone_meta, "promotable": "true"} if description.is_promotable else {}
        assert {name: meta.get(name) for name in wanted} == wanted
        assert _monitors(resource) == {
            (one.interval, one.role or None, None if one.depth == "0" else one.depth)
            for one in description.actions
            if one.name == "monitor" and one.interval
        }


def _monitors(resource: etree._Element) -> set[tuple[str | None, str | None, str | None]]:
    """Of each monitor its interval, its role and its level."""
    found = set()
    for one in resource.iterfind("operations/op[@name='monitor']"):
        level = one.find(".//nvpair[@name='OCF_CHECK_LEVEL']")
        value = None if level is None else level.get("value")
        found.add((one.get("interval"), one.get("role"), value))
    return found

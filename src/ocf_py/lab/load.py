"""Loads a CIB file into a running lab, and says what is wrong with it before Pacemaker does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.lab.cib import merge, name_agents, read_configuration
from ocf_py.lab.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab.node import Node

OCF_AGENTS = "/usr/lib/ocf/resource.d"
_REMEDY = "correct the file or --provider, or bring the lab up with --provider-tree"


def load_cib(node: Node, path: Path, provider: str | None = None) -> list[str]:
    """Replace a cluster's configuration by a file's, as `load_configuration`."""
    return load_configuration(node, str(path), read_configuration(path, provider), _REMEDY)


def load_configuration(node: Node, name: str, example: etree._Element, remedy: str) -> list[str]:
    """Replace a cluster's configuration through one of its nodes.

    Returns what was left out because it is the lab's own, a line each. LabError calls the
    configuration `name`, and names the agent that is not there, with the `remedy`, or the first
    thing the schema forbids.
    """
    check_agents(node, name, name_agents(example), remedy)
    told = node.run(["cibadmin", "--query"]).stdout.encode()
    live = etree.fromstring(told, etree.XMLParser(remove_blank_text=True))
    merged = merge(live, example)
    replace = ["cibadmin", "--replace", "--scope", "configuration", "--xml-pipe"]
    done = node.run(replace, stdin=etree.tostring(merged.configuration), check=False)
    if done.returncode != 0:
        said = _verify(node, live, merged.configuration) or done.stderr.strip()
        raise LabError(f"{name}: Pacemaker refuses it: {said}")
    return merged.left_out


def check_agents(node: Node, name: str, agents: dict[str, str], remedy: str) -> None:
    """Raise LabError for the first agent (`provider/type`: resource) that the node does not have.

    Pacemaker takes such a resource, and fails its first monitor on every node.
    """
    files = {f"{OCF_AGENTS}/{agent}": agent for agent in agents}
    if not files:
        return
    find = ["find", "-L", *files, "-maxdepth", "0", "-type", "f", "-perm", "/111"]
    there = node.run(find, check=False).stdout.splitlines()
    for file, agent in files.items():
        if file not in there:
            raise LabError(
                f"{name}: resource {agents[agent]} needs the agent ocf:{agent.replace('/', ':')}, "
                f"and {node.name} has no program {file}",
                hint=remedy,
            )


def _verify(node: Node, live: etree._Element, configuration: etree._Element) -> str:
    """The first error that crm_verify finds in the CIB as it would have become."""
    current = live.find("configuration")
    if current is not None:
        live.replace(current, configuration)
    document = etree.tostring(live, pretty_print=True)
    verify = ["crm_verify", "--xml-pipe", "--verbose"]
    told = node.run(verify, stdin=document, check=False).stderr.splitlines()
    error = next((line.strip() for line in told if "error" in line.lower()), "")
    place = re.match(r"Entity: line (\d+): element ([^:]+): Relax-NG validity error : (.*)", error)
    if place is None:
        return error
    # The number is of a line that the file's author has never seen: show the line.
    line = document.decode().splitlines()[int(place[1]) - 1].strip()
    return f"{place[3]}, in {line}" if line.startswith(f"<{place[2]}") else place[3]

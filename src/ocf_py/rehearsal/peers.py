"""The same CIB with the agents that ours stand in for: `heartbeat`'s and systemd's units."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from ocf_py.lab.errors import UnsuitableLabError
from ocf_py.migration.peers import OCF_PEERS

if TYPE_CHECKING:
    from collections.abc import Container

    from lxml import etree

# Ours, and which of the peers' it is put beside where more than one becomes ours.
_COUNTERPARTS = {
    "IPaddr": "ocf:heartbeat:IPaddr2",
    "Filesystem": "ocf:heartbeat:Filesystem",
    "Service": "ocf:heartbeat:anything",
}
_RENAMED = {"command": "binfile", "args": "cmdline_options"}


def put_counterparts(
    configuration: etree._Element, idle: Container[str]
) -> tuple[etree._Element, list[str]]:
    """A copy with counterparts for ours, and a line for each thing they are not told.

    What is `idle` stays, as nobody runs it. UnsuitableLabError where one of ours has none, or none
    of it is ours.
    """
    other = deepcopy(configuration)
    notes: list[str] = []
    for primitive in other.iter("primitive", "template"):
        is_ours = primitive.get("class") == "ocf" and primitive.get("provider") == "ocfpy"
        if is_ours and primitive.get("id", "") not in idle:
            notes += _exchange(primitive)
    if not notes:
        raise UnsuitableLabError(
            "no agent that is to run is ours, so there is nothing to be compared",
            hint="`ocf-py migrate` puts ours in the place of the counterparts",
        )
    return other, notes


def _exchange(primitive: etree._Element) -> list[str]:
    name, kind = primitive.get("id", ""), primitive.get("type", "")
    pairs = list(primitive.iterfind("instance_attributes/nvpair"))
    unit = next((one.get("value", "") for one in pairs if one.get("name") == "unit"), "")
    if kind == "Service" and unit:
        primitive.set("class", "systemd")
        del primitive.attrib["provider"]
        primitive.set("type", unit.partition(".service")[0])
        for attributes in primitive.findall("instance_attributes"):
            primitive.remove(attributes)
        return [f"{name}: systemd:{unit} in the peers' place"]
    agent = _COUNTERPARTS.get(kind)
    if agent is None:
        raise UnsuitableLabError(
            f"{name}: ocf:ocfpy:{kind} has no counterpart to be put beside",
            hint="--peer takes CIBs with IPaddr, Filesystem and Service alone",
        )
    _, provider, peer = agent.split(":")
    primitive.set("provider", provider)
    primitive.set("type", peer)
    left_out = []
    for pair in pairs:
        theirs = _RENAMED.get(pair.get("name", ""), pair.get("name", ""))
        parent = pair.getparent()
        if theirs in OCF_PEERS[agent].rules:
            pair.set("name", theirs)
        elif parent is not None:
            parent.remove(pair)
            left_out.append(theirs)
    told = f", without {', '.join(left_out)}" if left_out else ""
    return [f"{name}: {agent} in the peers' place{told}"]

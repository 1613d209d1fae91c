"""The lab's share of the CIB (fencing, cluster properties) and how an example is laid over it."""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.lab.errors import LabError
from ocf_py.lab.foreign_fencing import FENCE_AGENT, remove_foreign_fencing

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab.settings import Settings

#: How the ids of the lab's own fence devices begin.
FENCE_PREFIX = "fence-"
_SPLIT_WINNER_DELAY = "1s"
_PROPERTIES = {
    # An empty CIB makes a first start wait 20 s for other nodes to appear.
    "dc-deadtime": "1s",
    "stonith-enabled": "true",
    "cluster-name": "lab",
}
# A guest looks overloaded whenever it does anything, and Pacemaker would run one action at a time:
# then a fencing may wait 80 s for a new coordinator's order whose answer went to the old one.
_GUESTS_PROPERTIES = {"load-threshold": "1000%"}
# The coordinator writes these into the set of properties that is called so.
_PACEMAKERS_OWN = frozenset(("have-watchdog", "dc-version", "cluster-infrastructure"))
_LAB_SET = "cib-bootstrap-options"
_OWN = "lab-"  # what the id of a property begins with that the lab has set
_NO_ID = r"[^\w.-]"  # characters that no id has
_SECTIONS = ("crm_config", "nodes", "resources", "constraints")


def seed(settings: Settings, empty: bytes) -> bytes:
    """The CIB a node is born with.

    `empty` is what the installed `cibadmin --empty` prints: a CIB that claims a newer feature set
    than the installed Pacemaker's makes its controller restart for ever.
    """
    cib = etree.fromstring(empty)
    cib.set("epoch", "1")
    cib.set("num_updates", "0")
    cib.set("admin_epoch", "0")
    properties = etree.SubElement(_section(cib, "crm_config"), "cluster_property_set", id=_LAB_SET)
    own = _GUESTS_PROPERTIES if settings.kind == "vm" else {}
    for name, value in {**_PROPERTIES, **own}.items():
        etree.SubElement(properties, "nvpair", id=f"{_OWN}{name}", name=name, value=value)
    resources = _section(cib, "resources")
    for node in settings.node_names:
        resources.append(_fence_device(node, delayed=node == settings.node_names[0]))
    return etree.tostring(cib, xml_declaration=True, encoding="utf-8")


def _section(cib: etree._Element, name: str) -> etree._Element:
    section = cib.find(f"configuration/{name}")
    if section is None:
        raise LabError(f"the installed cibadmin's empty CIB has no {name} section")
    return section


def _fence_device(node: str, *, delayed: bool) -> etree._Element:
    """A fence device for one node.

    In a split both sides shoot at once; the delay before n1 is shot lets n1 live, unless its
    Pacemaker hesitates for longer. It is also what a real power loss of n1 costs on top.
    """
    own_id = f"{FENCE_PREFIX}{node}"
    device = etree.Element("primitive", id=own_id, attrib={"class": "stonith", "type": FENCE_AGENT})
    attributes = etree.SubElement(device, "instance_attributes", id=f"{own_id}-attributes")
    values = {"pcmk_host_list": node}
    if delayed:
        values["pcmk_delay_base"] = f"{node}:{_SPLIT_WINNER_DELAY}"
    for name, value in values.items():
        etree.SubElement(attributes, "nvpair", id=f"{own_id}-{name}", name=name, value=value)
    operations = etree.SubElement(device, "operations")
    etree.SubElement(
        operations, "op", id=f"{own_id}-monitor", name="monitor", interval="60s", timeout="20s"
    )
    return device


def read_configuration(path: Path, provider: str | None = None) -> etree._Element:
    """An example's `<configuration>`, from a file that holds it alone or in a `<cib>`.

    With `provider`, every resource of provider `ocfpy` is taken from that one instead, and
    `IPaddr` is called by its elder's name there, IPaddr2.
    """
    try:
        root = etree.fromstring(
            path.read_bytes(),  # lxml itself takes no name that is not UTF-8
            etree.XMLParser(remove_blank_text=True, remove_comments=True),
        )
    except OSError as error:
        raise LabError(f"cannot read the CIB {path}: {error.strerror or error}") from None
    except etree.XMLSyntaxError as error:
        raise LabError(f"{path} is no XML: {error}") from None
    configuration = root if root.tag == "configuration" else root.find("configuration")
    if configuration is None:
        raise LabError(f"{path}: neither <configuration> nor <cib> is its root")
    if provider is not None:
        for primitive in configuration.iter("primitive"):
            if primitive.get("provider") == "ocfpy":
                primitive.set("provider", provider)
                if primitive.get("type") == "IPaddr":
                    primitive.set("type", "IPaddr2")
    return configuration


def name_agents(configuration: etree._Element) -> dict[str, str]:
    """The OCF agents that are named in it, each as `provider/type`, with the first user's id."""
    agents: dict[str, str] = {}
    for user in configuration.iter("primitive", "template"):
        if user.get("class") == "ocf" and user.get("type") is not None:
            agent = f"{user.get('provider', 'heartbeat')}/{user.get('type')}"
            agents.setdefault(agent, user.get("id", "without an id"))
    return agents


@dataclass(frozen=True)
class Merged:
    """The configuration to load, and a line for each part of the example that is not in it."""

    configuration: etree._Element
    left_out: list[str]


def merge(live: etree._Element, example: etree._Element) -> Merged:
    """Lay an example over what of the live `<cib>` is the lab's own.

    Nodes, fence devices and the lab's cluster properties stay; all other resources, constraints,
    defaults and properties are the example's, and what attributes and what room a node has.
    """
    configuration = live.find("configuration")
    if configuration is None:
        raise LabError("the cluster's answer to `cibadmin --query` holds no configuration")
    merged = etree.Element("configuration")
    sections = {name: etree.SubElement(merged, name) for name in _SECTIONS}
    for name, section in sections.items():
        section.extend(_labs_own(name, configuration.findall(f"{name}/*")))
    example = deepcopy(example)
    left_out = remove_foreign_fencing(example)
    for element in example.findall("crm_config/*"):
        left_out += _take_properties(sections["crm_config"], element)
    taken = [_take_what_is_said(sections["nodes"], one) for one in example.findall("nodes/*")]
    if not all(taken):
        left_out.append("nodes: the lab has its own")
    fences = {device.get("id") for device in sections["resources"]}
    for element in example.findall("resources/*"):
        if element.get("id") in fences:
            left_out.append(f"{element.tag} {element.get('id')}: the lab's own fence device stays")
        else:
            sections["resources"].append(element)
    sections["constraints"].extend(example.findall("constraints/*"))
    merged.extend(element for element in list(example) if element.tag not in _SECTIONS)
    return Merged(merged, left_out)


def _labs_own(section: str, elements: list[etree._Element]) -> list[etree._Element]:
    if section == "nodes":
        nodes = deepcopy(elements)
        for node in nodes:
            for said in _what_is_said(node):  # by an earlier example
                node.remove(said)
        return nodes
    if section == "resources":
        return [deepcopy(element) for element in elements if element.get("type") == FENCE_AGENT]
    if section == "constraints":
        return []
    kept = [deepcopy(element) for element in elements if element.get("id") == _LAB_SET]
    for properties in kept:
        for pair in properties.findall("nvpair"):
            if not _is_own(pair) and pair.get("name") not in _PACEMAKERS_OWN:
                properties.remove(pair)  # an earlier example's
    return kept


def _is_own(pair: etree._Element) -> bool:
    return pair.get("name") in _PROPERTIES or pair.get("id", "").startswith(_OWN)


def _take_what_is_said(nodes: etree._Element, example: etree._Element) -> bool:
    """Give the lab's node of the same name the example's; whether that was all."""
    name = example.get("uname")
    node = next((one for one in nodes if name is not None and one.get("uname") == name), None)
    if node is None:
        return False
    for number, attributes in enumerate(example.findall("instance_attributes")):
        _name_attributes(attributes, f"nodes-{node.get('id')}" + (f"-{number}" if number else ""))
    node.extend(_what_is_said(example))
    return len(example) == 0


def _name_attributes(attributes: etree._Element, name: str) -> None:
    """As Pacemaker names what is added later: the id is of the lab's node, not of the example's."""
    if attributes.get("id") is not None:
        attributes.set("id", name)
    for pair in attributes.findall("nvpair[@id]"):
        pair.set("id", f"{name}-{re.sub(_NO_ID, '_', pair.get('name', ''))}")


def _what_is_said(node: etree._Element) -> list[etree._Element]:
    return [one for one in node if one.tag in ("instance_attributes", "utilization")]


def _take_properties(section: etree._Element, properties: etree._Element) -> list[str]:
    """Add a property set, without what the lab sets itself; returns what was left out."""
    left_out = []
    own = {one.get("name"): one.get("value") for one in section.iter("nvpair") if _is_own(one)}
    for pair in properties.findall("nvpair"):
        name, value = pair.get("name"), pair.get("value")
        if name in _PACEMAKERS_OWN:
            properties.remove(pair)
        elif name in own:
            properties.remove(pair)
            if value != own[name]:
                left_out.append(
                    f"cluster property {name}={value}: the lab needs {name}={own[name]}"
                )
    twin = section.find(f"{properties.tag}[@id='{_LAB_SET}']")
    if properties.get("id") != _LAB_SET or twin is None:
        section.append(properties)
        return left_out
    if properties.find("rule") is not None:  # it would rule over the lab's own properties too
        left_out.append(f"the rule of {_LAB_SET}: the lab's own properties always hold")
    twin.extend(properties.findall("nvpair"))
    return left_out

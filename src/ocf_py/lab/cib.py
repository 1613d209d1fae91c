"""The lab's share of the CIB (fencing, cluster properties) and how an example is laid over it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.lab.errors import LabError

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab.settings import Settings

_SPLIT_WINNER_DELAY = "1s"
_PROPERTIES = {
    # An empty CIB makes a first start wait 20 s for other nodes to appear.
    "dc-deadtime": "1s",
    "stonith-enabled": "true",
    "cluster-name": "lab",
}


def seed(settings: Settings, empty: bytes) -> bytes:
    """The CIB a node is born with.

    `empty` is what the installed `cibadmin --empty` prints: a CIB that claims a newer feature set
    than the installed Pacemaker's makes its controller restart for ever.
    """
    cib = etree.fromstring(empty)
    cib.set("epoch", "1")
    cib.set("num_updates", "0")
    cib.set("admin_epoch", "0")
    properties = etree.SubElement(
        _section(cib, "crm_config"), "cluster_property_set", id="cib-bootstrap-options"
    )
    for name, value in _PROPERTIES.items():
        etree.SubElement(properties, "nvpair", id=f"lab-{name}", name=name, value=value)
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

    In a split both sides shoot at once; the delay before n1 is shot decides who lives. It is also
    what a real power loss of n1 costs on top.
    """
    device = etree.Element(
        "primitive", id=f"fence-{node}", attrib={"class": "stonith", "type": "fence_lab"}
    )
    attributes = etree.SubElement(device, "instance_attributes", id=f"fence-{node}-attributes")
    values = {"pcmk_host_list": node}
    if delayed:
        values["pcmk_delay_base"] = f"{node}:{_SPLIT_WINNER_DELAY}"
    for name, value in values.items():
        etree.SubElement(attributes, "nvpair", id=f"fence-{node}-{name}", name=name, value=value)
    operations = etree.SubElement(device, "operations")
    etree.SubElement(
        operations, "op", id=f"fence-{node}-monitor", name="monitor", interval="60s", timeout="20s"
    )
    return device


def read_configuration(path: Path, provider: str | None = None) -> etree._Element:
    """An example's `<configuration>`, from a file that holds it alone or in a `<cib>`.

    With `provider`, every resource of provider `ocfpy` is taken from that one instead, and
    `IPaddr` is called by its elder's name there, IPaddr2.
    """
    try:
        root = etree.parse(
            str(path), etree.XMLParser(remove_blank_text=True, remove_comments=True)
        ).getroot()
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


def merge(live: bytes, example: etree._Element) -> bytes:
    """The configuration to load: the example's, plus what of the live one is the lab's own.

    Nodes, fence devices and the lab's cluster properties stay; all other resources, constraints,
    defaults and properties are the example's.
    """
    cib = etree.fromstring(live)
    configuration = cib if cib.tag == "configuration" else cib.find("configuration")
    if configuration is None:
        raise LabError("the cluster's answer to `cibadmin --query` holds no configuration")
    merged = etree.Element("configuration")
    for name in ("crm_config", "nodes", "resources", "constraints"):
        section = etree.SubElement(merged, name)
        for element in configuration.findall(f"{name}/*"):
            if _is_the_labs(name, element):
                section.append(deepcopy(element))
        if name != "nodes":
            _take(example, name, section)
    for element in example:
        if merged.find(element.tag) is None:
            merged.append(deepcopy(element))
    return etree.tostring(merged)


def _is_the_labs(section: str, element: etree._Element) -> bool:
    if section == "nodes":
        return True
    if section == "crm_config":
        return element.get("id") == "cib-bootstrap-options"
    return section == "resources" and element.get("class") == "stonith"


def _take(example: etree._Element, name: str, section: etree._Element) -> None:
    for element in example.findall(f"{name}/*"):
        twin = section.find(f"{element.tag}[@id='{element.get('id')}']")
        if twin is None:
            section.append(deepcopy(element))
        elif name == "crm_config":  # properties added to the lab's own set
            ours = {nvpair.get("name") for nvpair in twin}
            twin.extend(deepcopy(pair) for pair in element if pair.get("name") not in ours)

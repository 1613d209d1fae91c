"""Makes somebody's CIB fit the lab: its addresses, interfaces, disks and node names become ours."""

from __future__ import annotations

import ipaddress
from copy import deepcopy
from typing import TYPE_CHECKING

from ocf_py.cib.model import FALSE
from ocf_py.lab.errors import UnsuitableLabError
from ocf_py.lab.foreign_fencing import remove_foreign_fencing
from ocf_py.lab.networks import PREFIX_LENGTH, PREFIX_LENGTH6, SERVICE
from ocf_py.lab.shared_disk import SHARED_DISK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

_FIRST_HOST = 150  # of the addresses that stand for others
_MOST = 100
_ALERT = "ocfpy-rehearsal"
# How the names of the properties begin that say how a cluster fences, in the words of any release.
_FENCING = ("stonith-", "fencing-", "fence-reaction", "startup-fencing", "concurrent-fencing")
_LABS_OWN = "stonith-enabled"  # which the lab sets, and tells of where the file says otherwise
_ASIDE = ("standby", "maintenance")  # a node's attributes by which nothing of its is played
_NETWORK = ipaddress.ip_network(f"{SERVICE.client_address}/{PREFIX_LENGTH}", strict=False)
_NETWORK6 = ipaddress.ip_network(f"{SERVICE.client_address6}/{PREFIX_LENGTH6}", strict=False)


def fit(
    configuration: etree._Element, nodes: list[str], alert: str
) -> tuple[etree._Element, list[str]]:
    """A copy that runs in the lab, and a line for each thing that is other than in the file.

    `alert` is the path of the alert agent that is added. UnsuitableLabError for what the lab has
    not.
    """
    fitted = deepcopy(configuration)
    notes = [
        *remove_foreign_fencing(fitted),
        *_remove_fencing_properties(fitted),
        *_remove_acls(fitted),
        *_fit_nodes(fitted, nodes),
        *_fit_addresses(fitted),
        *_fit_disks(fitted),
    ]
    _add_alert(fitted, alert)
    return fitted, notes


def _remove_fencing_properties(configuration: etree._Element) -> list[str]:
    """`priority-fencing-delay` stays: who waits for whom is what a rehearsal shows."""
    names = []
    for properties in configuration.findall("crm_config/cluster_property_set"):
        for pair in properties.findall("nvpair"):
            name = pair.get("name", "")
            if name.startswith(_FENCING) and name != _LABS_OWN:
                properties.remove(pair)
                names.append(name)
    return [f"cluster properties {', '.join(names)}: fencing is the lab's own"] if names else []


def _remove_acls(configuration: etree._Element) -> list[str]:
    sections = configuration.findall("acls")
    for acls in sections:
        configuration.remove(acls)
    return ["acls: nobody but root is in the lab"] if any(len(one) for one in sections) else []


def _fit_nodes(configuration: etree._Element, nodes: list[str]) -> list[str]:
    listed = configuration.findall("nodes/node")
    theirs = [one.get("uname", "") for one in listed]
    if len(theirs) > len(nodes):
        raise UnsuitableLabError(
            f"the CIB has {len(theirs)} nodes, the lab {len(nodes)}", hint=f"--nodes {len(theirs)}"
        )
    notes = list(_put_in_service(listed))
    names = {one: other for one, other in zip(theirs, nodes) if one != other}
    if not names:
        return notes
    for element in listed:
        element.set("uname", names.get(element.get("uname", ""), element.get("uname", "")))
    for location in configuration.iterfind("constraints/rsc_location[@node]"):
        location.set("node", names.get(location.get("node", ""), location.get("node", "")))
    for expression in configuration.iter("expression"):
        if expression.get("attribute") == "#uname" and expression.get("value") in names:
            expression.set("value", names[expression.get("value", "")])
    for pair in configuration.iterfind("resources//nvpair"):
        words = pair.get("value", "").split(" ")
        if any("=" in word and word.partition("=")[0] in names for word in words):
            pair.set("value", " ".join(_rename(word, names) for word in words))
    return [*notes, *(f"node {one} is {other} here" for one, other in names.items())]


def _put_in_service(nodes: list[etree._Element]) -> Iterator[str]:
    """Whoever was set aside when the CIB was asked for plays too."""
    for node in nodes:
        for attributes in node.findall("instance_attributes"):
            for pair in attributes.findall("nvpair"):
                if pair.get("name") in _ASIDE and pair.get("value", "").lower() not in FALSE:
                    attributes.remove(pair)
                    yield f"node {node.get('uname')}: not on {pair.get('name')} here"


def _rename(word: str, names: dict[str, str]) -> str:
    name, equals, rest = word.partition("=")
    return f"{names.get(name, name)}{equals}{rest}"


def _fit_addresses(configuration: etree._Element) -> list[str]:
    notes, taken = [], 0
    for primitive in configuration.iter("primitive"):
        if primitive.get("type") not in ("IPaddr", "IPaddr2"):
            continue
        pairs = _pairs(primitive)
        ip = pairs.get("ip")
        if ip is None:
            continue
        address = _read_address(ip.get("value", ""))
        if address is None or address in _NETWORK or address in _NETWORK6:
            continue
        if isinstance(address, ipaddress.IPv6Address) or taken == _MOST:
            raise UnsuitableLabError(
                f"{primitive.get('id')}: the lab has no place for {address}",
                hint=f"give it an address of {_NETWORK} for the rehearsal",
            )
        here = str(_NETWORK.network_address + _FIRST_HOST + taken)
        taken += 1
        for pair in configuration.iter("nvpair"):
            if pair.get("value") == str(address):
                pair.set("value", here)
        for name, value in (("nic", SERVICE.interface), ("cidr_netmask", str(PREFIX_LENGTH))):
            if name in pairs:
                pairs[name].set("value", value)
        notes.append(f"{primitive.get('id')}: {address} is {here} on {SERVICE.interface} here")
    return notes


def _read_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None  # validate says it, and the agent


def _fit_disks(configuration: etree._Element) -> list[str]:
    disk = f"/dev/{SHARED_DISK}"
    notes, seen = [], set()
    for primitive in configuration.iter("primitive"):
        if primitive.get("type") != "Filesystem":
            continue
        pair = _pairs(primitive).get("device")
        device = "" if pair is None else pair.get("value", "")
        if pair is None or device.startswith("/dev/drbd"):
            continue
        if device == disk:
            seen.add(device)
            continue
        if not device.startswith(("/dev/", "LABEL=", "UUID=", "-U", "-L")):
            continue  # a server's export, a directory: of the machine, as it is
        seen.add(device)
        if len(seen) > 1:
            raise UnsuitableLabError(
                f"{primitive.get('id')}: {device}: the lab has one shared disk, {disk}, and it is "
                "taken",
                hint="rehearse the file systems one by one",
            )
        pair.set("value", disk)
        notes.append(f"{primitive.get('id')}: {device} is {disk} here")
    return notes


def _pairs(primitive: etree._Element) -> dict[str, etree._Element]:
    return {pair.get("name", ""): pair for pair in primitive.iterfind("instance_attributes/nvpair")}


def _add_alert(configuration: etree._Element, path: str) -> None:
    """Have Pacemaker tell of every operation; what alerts the file has would leave the lab."""
    maker = configuration.makeelement
    for alerts in configuration.findall("alerts"):
        configuration.remove(alerts)
    alerts = maker("alerts")
    alert = maker("alert", id=_ALERT, path=path)
    alerts.append(alert)
    configuration.append(alerts)

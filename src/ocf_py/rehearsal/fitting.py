"""Makes somebody's CIB fit the lab: its addresses, interfaces, disks and node names become ours."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.cib.document import parse_document
from ocf_py.cib.model import BY_HAND, FALSE, TRUE, members, resources
from ocf_py.lab.errors import UnsuitableLabError
from ocf_py.lab.foreign_fencing import remove_foreign_fencing
from ocf_py.lab.networks import PREFIX_LENGTH, PREFIX_LENGTH6, SERVICE
from ocf_py.lab.settings import MOST_NODES
from ocf_py.lab.shared_disk import SHARED_DEVICE
from ocf_py.rehearsal.idle import find_idle
from ocf_py.rehearsal.record import OURS
from ocf_py.system.address import Address
from ocf_py.system.wanted import Wanted, Wrong

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Union

    from ocf_py.cib.document import Document
    from ocf_py.cib.model import Resource

    _Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

# The first host of those that stand for others, by the version of IP; both read as 150.
_FIRST_HOST = {4: 150, 6: 0x150}
_MOST = 100
_ALERT = "ocfpy-rehearsal"
# How the names of the properties begin that say how a cluster fences, in the words of any release.
_FENCING = ("stonith-", "fencing-", "fence-reaction", "startup-fencing", "concurrent-fencing")
_LABS_OWN = "stonith-enabled"  # which the lab sets, and tells of where the file says otherwise
_REMOTE = "ocf:pacemaker:remote"
_ASIDE = ("standby", "maintenance")  # a node's attributes by which nothing of its is played
_ALL_ASIDE = ("maintenance-mode", "stop-all-resources")  # a cluster's properties like that
# What says of an address where and how it is to be.
_ADDRESS_WORDS = (
    "nic",
    "cidr_netmask",
    "broadcast",
    "iflabel",
    "preferred_lft",
    "proto",
    "table",
)
# What may be an address amid a value. In 10.0.0.11, 110.0.0.1 or 10.0.0.1.example.com 10.0.0.1 is
# none. What follows on a colon is a port of IPv4, but a part of another address of IPv6.
_QUAD = r"\d+(?:\.\d+){3}"
_WORD = re.compile(
    rf"(?<![\w.:])(?:[0-9A-Fa-f]{{0,4}}:){{2,8}}(?:{_QUAD}|[0-9A-Fa-f]{{0,4}})(?![\w:]|\.\w)"
    rf"|(?<![\w.]){_QUAD}(?!\w|\.\w)"
)
# The lab's own addresses in the service network.
_OCCUPIED = {
    SERVICE.client_address,
    SERVICE.client_address6,
    *(SERVICE.address(number) for number in range(1, MOST_NODES + 1)),
    *(SERVICE.address6(number) for number in range(1, MOST_NODES + 1)),
}
_NETWORKS = {
    4: ipaddress.ip_network(f"{SERVICE.client_address}/{PREFIX_LENGTH}", strict=False),
    6: ipaddress.ip_network(f"{SERVICE.client_address6}/{PREFIX_LENGTH6}", strict=False),
}


def fit(
    configuration: etree._Element, nodes: list[str], alert: str
) -> tuple[etree._Element, list[str]]:
    """A copy that runs in the lab, and a line for each thing that is other than in the file.

    `alert` is the path of the alert agent that is added. UnsuitableLabError for what the lab has
    not.
    """
    document = parse_document(Path("cib.xml"), etree.tostring(configuration))
    fitted = document.root
    _refuse_hosts(document)
    notes = [
        *remove_foreign_fencing(fitted),
        *_remove_fencing_properties(fitted),
        *_remove_acls(fitted),
        *_start_again(fitted),
        *_remove_moves(fitted),
        *_fit_nodes(fitted, nodes),
        *_fit_addresses(document),
        *_fit_disks(document),
        *_replace_alerts(fitted, alert),
    ]
    return fitted, notes


def _refuse_hosts(document: Document) -> None:
    """Where a resource makes a host of its own, all that runs there would have no place."""
    idle = find_idle(document)
    for bundle in document.elements("bundle"):
        if not {one.get("id", "") for one in bundle.iter("primitive")} & idle.keys():
            raise UnsuitableLabError(f"{bundle.get('id')}: the lab has no containers")
    for resource in resources(document):
        is_remote = resource.agent == _REMOTE or any(
            one.name == "remote-node" for one in resource.meta
        )
        if is_remote and resource.id not in idle:
            raise UnsuitableLabError(f"{resource.id}: the lab has no remote nodes")


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


def _start_again(configuration: etree._Element) -> Iterator[str]:
    """A cluster that was set aside as a whole when the CIB was asked for runs here."""
    for properties in configuration.findall("crm_config/cluster_property_set"):
        for pair in properties.findall("nvpair"):
            if pair.get("name") in _ALL_ASIDE and pair.get("value", "").lower() in TRUE:
                properties.remove(pair)
                yield f"cluster property {pair.get('name')}: not set here"


def _remove_moves(configuration: etree._Element) -> Iterator[str]:
    """What a move by hand has left would look like a play's own, and go with that one's."""
    for constraints in configuration.findall("constraints"):
        for location in constraints.findall("rsc_location"):
            name = location.get("id", "")
            if name.startswith(BY_HAND):
                constraints.remove(location)
                yield (
                    f"constraint {name}: left out: a move or a ban by hand; in the real cluster "
                    "it holds until `crm_resource --clear`"
                )


def _fit_nodes(configuration: etree._Element, nodes: list[str]) -> list[str]:
    listed = members(configuration)
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


def _fit_addresses(document: Document) -> list[str]:
    places: dict[_Address, str] = {}
    notes = []
    idle = find_idle(document)
    addresses = [
        (one, *_read_address(one))
        for one in _find(document, "IPaddr", "IPaddr2")
        if one.id not in idle
    ]
    free = {version: _find_free(version, [one for *_, one in addresses]) for version in _NETWORKS}
    for resource, text, address in addresses:
        network, pairs = _NETWORKS[address.version], _pairs(resource)
        if address in network and str(address) not in _OCCUPIED:
            continue
        here = places.get(address) or next(free[address.version], None)
        if here is None:
            raise UnsuitableLabError(
                f"{resource.id}: the lab has no place for {text}",
                hint=f"give it an address of {network} for the rehearsal",
            )
        places[address] = here
        for name, value in (
            ("ip", here),
            ("nic", SERVICE.interface),
            ("cidr_netmask", str(network.prefixlen)),
        ):
            if name in pairs:
                pairs[name].set("value", value)
        notes.append(f"{resource.id}: {text} is {here} on {SERVICE.interface} here")
    _replace_addresses(document.root, places)
    return notes


def _find_free(version: int, taken: list[_Address]) -> Iterator[str]:
    first = _NETWORKS[version].network_address + _FIRST_HOST[version]
    hosts = (first + number for number in range(_MOST))
    return (str(host) for host in hosts if host not in taken)


def _read_address(resource: Resource) -> tuple[str, _Address]:
    """Its address, as it is written and as a value.

    UnsuitableLabError where our agent would refuse what it is told of it: by being rewritten for
    the lab that must not become right.
    """
    text = next((one.value for one in resource.parameters if one.name == "ip"), "")
    said, hint = "it has no ip", ""
    try:
        if text:
            address = ipaddress.ip_address(str(Address.parse(text)))
            for values in resource.value_sets() if resource.provider == OURS else ():
                words = {name: values[name] for name in _ADDRESS_WORDS if values.get(name)}
                Wanted(Address.parse(values.get("ip") or text), **words)
            return text, address
    except Wrong as error:
        said, hint = str(error), error.hint
    except ValueError as error:
        said = f"ip={text!r} {error}"
    raise UnsuitableLabError(
        f"{resource.id}: {said}", hint=hint or "correct it: no node would start it"
    )


def _replace_addresses(configuration: etree._Element, places: dict[_Address, str]) -> None:
    """Where they are words of a value, too: a program listens there, and is asked there."""

    def replace(found: re.Match[str]) -> str:
        try:
            return places.get(ipaddress.ip_address(found[0]), found[0])
        except ValueError:  # a hardware address, a time
            return found[0]

    for pair in configuration.iter("nvpair"):
        value = pair.get("value")
        if value is not None and places:
            pair.set("value", _WORD.sub(replace, value))


def _fit_disks(document: Document) -> list[str]:
    notes, seen, idle = [], set(), find_idle(document)
    for resource in _find(document, "Filesystem"):
        pair = _pairs(resource).get("device")
        device = "" if pair is None else pair.get("value", "")
        if pair is None or device.startswith("/dev/drbd") or resource.id in idle:
            continue
        if device == SHARED_DEVICE:
            seen.add(device)
            continue
        if not device.startswith(("/dev/", "LABEL=", "UUID=", "-U", "-L")):
            continue  # a server's export, a directory: of the machine, as it is
        seen.add(device)
        if len(seen) > 1:
            raise UnsuitableLabError(
                f"{resource.id}: {device}: the lab has one shared disk, "
                f"{SHARED_DEVICE}, and it is taken",
                hint="rehearse the file systems one by one",
            )
        pair.set("value", SHARED_DEVICE)
        notes.append(f"{resource.id}: {device} is {SHARED_DEVICE} here")
    return notes


def _find(document: Document, *types: str) -> list[Resource]:
    return [one for one in resources(document) if one.type in types]


def _pairs(resource: Resource) -> dict[str, etree._Element]:
    """Where each parameter's value stands, be it in a template."""
    found = {}
    for one in reversed(resource.parameters):
        place = resource.document.resolve(one.element)
        if place is not None:
            found[one.name] = place
    return found


def _replace_alerts(configuration: etree._Element, path: str) -> Iterator[str]:
    """Have Pacemaker tell of every operation; what alerts the file has would leave the lab."""
    maker = configuration.makeelement
    for alerts in configuration.findall("alerts"):
        configuration.remove(alerts)
        for alert in alerts.findall("alert"):
            yield f"alert {alert.get('id')}: left out: only the rehearsal's own tells here"
    alerts = maker("alerts")
    alert = maker("alert", id=_ALERT, path=path)
    alerts.append(alert)
    configuration.append(alerts)

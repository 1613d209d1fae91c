"""The configurations that the bench loads; both providers get the same, but for their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.lab.networks import PREFIX_LENGTH, SERVICE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_SECTIONS = ("crm_config", "nodes", "resources", "constraints")
_FIRST, _LAST = 100, 249  # hosts of the service network that are neither nodes nor the client
MOST_ADDRESSES = _LAST - _FIRST + 1
_STICKINESS = "200"
_PREFERENCE = "100"
# From a load of 1.6 * 80 % a core on, Pacemaker runs one action at a time. The load is the whole
# machine's, and what was measured before is in it: it would be a lottery who is throttled.
UNTHROTTLED = "1000%"
# The timeout is for fifty shell agents at once on a busy machine: what is late is not to fail.
_OPERATIONS = {"start": ("0s", "60s"), "stop": ("0s", "60s"), "monitor": ("10s", "20s")}


def name_addresses(count: int) -> list[str]:
    """The first `count` addresses, all of the service network."""
    network, _, _ = SERVICE.client_address.rpartition(".")
    return [f"{network}.{_FIRST + number}" for number in range(count)]


def name_resource(address: str) -> str:
    """The id of the resource that holds an address."""
    return f"vip-{address.rpartition('.')[2]}"


def nothing() -> etree._Element:
    """No resource but the lab's own fence devices."""
    configuration = etree.Element("configuration")
    for name in _SECTIONS:
        etree.SubElement(configuration, name)
    return configuration


def many_addresses(
    addresses: Sequence[str], node: str, load_threshold: str = UNTHROTTLED
) -> etree._Element:
    """One independent resource an address, all of them on `node` and staying where they are.

    A node that is fenced stays off: were it back while the other one still starts resources,
    those that wait would go back to it.
    """
    configuration = nothing()
    properties = etree.SubElement(
        _section(configuration, "crm_config"), "cluster_property_set", id="bench-properties"
    )
    _add_pairs(properties, {"stonith-action": "off", "load-threshold": load_threshold})
    for address in addresses:
        name = name_resource(address)
        _section(configuration, "resources").append(_address_resource(name, address))
        prefer(configuration, name, node)
    defaults = etree.SubElement(configuration, "rsc_defaults")
    _add_pairs(
        etree.SubElement(defaults, "meta_attributes", id="bench-defaults"),
        {"resource-stickiness": _STICKINESS},
    )
    return configuration


def prefer(configuration: etree._Element, resource: str, node: str) -> None:
    """Have a resource begin on `node`; where it is stickier than that, it does not go back."""
    etree.SubElement(
        _section(configuration, "constraints"),
        "rsc_location",
        id=f"{resource}-begins",
        rsc=resource,
        node=node,
        score=_PREFERENCE,
    )


def _section(configuration: etree._Element, name: str) -> etree._Element:
    section = configuration.find(name)
    return etree.SubElement(configuration, name) if section is None else section


def _address_resource(name: str, address: str) -> etree._Element:
    primitive = etree.Element(
        "primitive", id=name, attrib={"class": "ocf", "provider": "ocfpy", "type": "IPaddr"}
    )
    _add_pairs(
        etree.SubElement(primitive, "instance_attributes", id=f"{name}-attributes"),
        {"ip": address, "nic": SERVICE.interface, "cidr_netmask": str(PREFIX_LENGTH)},
    )
    operations = etree.SubElement(primitive, "operations")
    for action, (interval, timeout) in _OPERATIONS.items():
        etree.SubElement(
            operations,
            "op",
            id=f"{name}-{action}",
            name=action,
            interval=interval,
            timeout=timeout,
        )
    return primitive


def _add_pairs(owner: etree._Element, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        etree.SubElement(owner, "nvpair", id=f"{owner.get('id')}-{name}", name=name, value=value)

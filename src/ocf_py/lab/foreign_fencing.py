"""Fence devices that are not the lab's: whom they reach with a cluster's passwords is no lab's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.references import remove_resources

if TYPE_CHECKING:
    from lxml import etree


#: The agent of the lab's own fence devices.
FENCE_AGENT = "fence_lab"


def remove_foreign_fencing(configuration: etree._Element) -> list[str]:
    """Remove a configuration's fence devices and all that is about them; returns a line a kind."""
    templates = {
        one.get("id", "") for one in configuration.findall("resources/template") if _is_foreign(one)
    }
    devices = [
        one.get("id", "")
        for one in configuration.findall("resources//primitive")
        if _is_foreign(one) or one.get("template") in templates
    ]
    constraints = remove_resources(configuration, [*devices, *templates])
    levels = configuration.findall("fencing-topology")
    for one in levels:
        configuration.remove(one)
    told = {
        "fence devices": devices,
        "templates of fence devices": sorted(templates),
        "constraints of fence devices": constraints,
    }
    lines = [f"{kind}: {', '.join(names)}" for kind, names in told.items() if names]
    if any(len(one) for one in levels):
        lines.append("fencing-topology")
    return [f"{line}: fencing is the lab's own" for line in lines]


def _is_foreign(element: etree._Element) -> bool:
    return element.get("class") == "stonith" and element.get("type") != FENCE_AGENT

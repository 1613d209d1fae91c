"""What a configuration says, without what each tool writes in its own way: ids, order, defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

_SETS = ("instance_attributes", "meta_attributes", "utilization", "cluster_property_set")
# Others refer to these by their ids.
_NAMED = ("primitive", "group", "clone")
# What is so where nothing is said.
_DEFAULTS = {
    ("rsc_order", "kind"): "Mandatory",
    ("rsc_colocation", "rsc-role"): "Started",
    ("rule", "boolean-op"): "and",
    ("expression", "type"): "string",
}


def make_sense(configuration: etree._Element) -> list[str]:
    """A line for each thing that is said, with the way to it; alike for two that say alike."""
    return sorted(line for section in configuration for line in _lines(section, section.tag))


def _lines(element: etree._Element, place: str) -> Iterator[str]:
    members = element.findall("primitive") if element.tag == "group" else []  # their order counts
    for name, value in ((str(name), str(value)) for name, value in element.items()):
        if name != "id" and _DEFAULTS.get((element.tag, name)) != value:
            yield f"{place} {name}={value}"
    for child in element:
        if child.tag in _SETS and {*child.attrib} <= {"id"}:
            for pair in child:
                yield f"{place} {child.tag}: {_inline(pair)}"
        elif child.tag in _NAMED:
            number = f" {members.index(child)}" if child in members else ""
            yield from _lines(child, f"{place}{number} {child.tag} {child.get('id')}")
        elif child.tag == "node":
            yield from _lines(child, f"{place} node {child.get('uname')}")
        elif child.tag == "operations":
            yield from _lines(child, place)
        else:  # told apart by nothing but what it says
            yield f"{place} {_inline(child)}"


def _inline(element: etree._Element) -> str:
    """One line for all that an element says."""
    said = sorted(line.removeprefix(" ") for line in _lines(element, ""))
    return f"{element.tag}({'; '.join(said)})"

"""Constraints: they name what is there, and together say what is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.situation import nearest
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.validation.cib.situation import Situation

_RESOURCES = ("primitive", "template", "group", "clone", "master", "bundle", "tag")
_NAMING = {
    "rsc_location": ("rsc",),
    "rsc_colocation": ("rsc", "with-rsc"),
    "rsc_order": ("first", "then"),
    "rsc_ticket": ("rsc",),
    "resource_ref": ("id",),
}


@check("a constraint names no resource")
def constraint_names_nothing(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    if not document.has_resources:
        return
    known = {str(one.get("id")) for one in document.elements(*_RESOURCES) if one.get("id")}
    for element in document.elements(*_NAMING):
        for attribute in _NAMING[str(element.tag)]:
            name = element.get(attribute)
            if name is None or name in known:
                continue
            near = nearest(name, known)
            yield Flaw(
                Severity.ERROR,
                element,
                _owner(element),
                f"{attribute}={name} names no resource",
                "Pacemaker refuses to load the whole configuration, or ignores the constraint",
                f"write {near}" if near else "remove the constraint",
            )


@check("a constraint names a node that is not in the configuration")
def constraint_names_no_node(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    nodes = {str(one.get("uname")) for one in document.elements("node") if one.get("uname")}
    if not nodes:  # they come by themselves when the cluster starts
        return
    # Guests and remote nodes are called by their resources.
    nodes |= {str(one.get("id")) for one in document.elements("primitive", "bundle")}
    nodes |= {
        str(one.get("value"))
        for one in document.elements("nvpair")
        if one.get("name") == "remote-node"
    }
    for location in document.elements("rsc_location"):
        for element, name in _nodes(location):
            if name in nodes:
                continue
            near = nearest(name, nodes)
            yield Flaw(
                Severity.WARNING,
                element,
                _owner(location),
                f"there is no node {name!r}",
                "the constraint holds for nothing",
                f"write {near}" if near else "remove it, unless that node is yet to join",
            )


def _nodes(location: etree._Element) -> Iterator[tuple[etree._Element, str]]:
    name = location.get("node")
    if name is not None:
        yield location, name
    for one in location.iter("expression"):
        if one.get("attribute") == "#uname" and one.get("operation") == "eq":
            yield one, one.get("value", "")


@check("a resource is to be where another is promoted, and may start before that")
def colocated_not_ordered(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    ordered = {
        (one.get("first"), one.get("then"))
        for one in document.elements("rsc_order")
        if one.get("first-action") == "promote"
    }
    # An order of sets names several at once: who is in one with a promotion is taken for ordered.
    in_sets = {
        one.get("id")
        for order in document.elements("rsc_order")
        if order.find("resource_set[@action='promote']") is not None
        for one in order.iter("resource_ref")
    }
    for one in document.elements("rsc_colocation"):
        if one.get("with-rsc-role", "").lower() not in ("promoted", "master"):
            continue
        rsc, target = one.get("rsc"), one.get("with-rsc")
        if one.get("score", "").startswith("-") or one.get("rsc-role"):
            continue
        if (target, rsc) in ordered or {target, rsc} <= in_sets:
            continue
        yield Flaw(
            Severity.WARNING,
            one,
            _owner(one),
            f"{rsc} goes where {target} is promoted, and no order says after its promotion",
            f"it is started while {target} is still unpromoted there, and may fail or use old data",
            f"add an order: promote {target}, then start {rsc}",
        )


def _owner(element: etree._Element) -> str:
    """The id of the constraint; a reference in a set has none of its own."""
    while element.tag in ("resource_ref", "resource_set"):
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return str(element.get("id", ""))

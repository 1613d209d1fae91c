"""Constraints: they name what is there, and together say what is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.model import BY_HAND, find_around, is_promotable
from ocf_py.cib.references import NAMED_BY
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.events import Sequence, by_nature, by_order, members_of
from ocf_py.validation.cib.situation import nearest
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.validation.cib.events import Event
    from ocf_py.validation.cib.situation import Situation

_RESOURCES = ("primitive", "template", "group", "clone", "master", "bundle", "tag")


@check("a constraint names no resource")
def constraint_names_nothing(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    if not document.has_resources:
        return
    known = {str(one.get("id")) for one in document.elements(*_RESOURCES) if one.get("id")}
    for element in document.elements(*NAMED_BY):
        for attribute in NAMED_BY[str(element.tag)]:
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


@check("a constraint names what is within a clone or a bundle")
def constraint_names_instance(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    for element in document.elements(*NAMED_BY):
        for attribute in NAMED_BY[str(element.tag)]:
            name = element.get(attribute, "")
            around = find_around(document, name)
            if around is None:
                continue
            yield Flaw(
                Severity.ERROR,
                element,
                _owner(element),
                f"{attribute}={name} is within {around.get('id')}",
                "Pacemaker ignores the whole constraint, as instances have no names of their own",
                f"write {around.get('id')}",
            )


@check("a constraint names a node that is not in the configuration")
def constraint_names_no_node(situation: Situation) -> Iterator[Flaw]:
    if not situation.members:  # they come by themselves when the cluster starts
        return
    for location in situation.document.elements("rsc_location"):
        for element, name in _nodes(location):
            if name.lower() in situation.node_names:
                continue
            near = nearest(name, situation.members)
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
    sequence = Sequence([*by_nature(situation), *by_order(situation)])
    later: dict[str, set[Event]] = {}  # than the promotion of a resource
    tagged = list(document.elements("obj_ref"))
    for one in document.elements("rsc_colocation"):
        if one.get("with-rsc-role", "").lower() not in ("promoted", "master"):
            continue
        rsc, target = one.get("rsc", ""), one.get("with-rsc", "")
        # pcs writes rsc-role=Started, which says no more than none.
        any_role = one.get("rsc-role", "started").lower() == "started"
        if one.get("score", "").startswith("-") or not any_role:
            continue
        if target not in later:
            promoted = [(name, "promote", True) for name in _family(situation, tagged, target)]
            later[target] = sequence.find_later(promoted)
        if _is_among(situation, rsc, later[target]):
            continue
        yield Flaw(
            Severity.WARNING,
            one,
            _owner(one),
            f"{rsc} goes where {target} is promoted, and no order says after its promotion",
            f"it is started while {target} is still unpromoted there, and may fail or use old data",
            f"add an order: promote {target}, then start {rsc}",
        )


def _is_among(situation: Situation, name: str, later: set[Event]) -> bool:
    """Whether a resource begins with these events; of a group the first member begins."""
    element = situation.document.ids.get(name)
    has_roles = element is not None and is_promotable(situation.document, element)
    if (name, "promote" if has_roles else "start", False) in later:
        return True
    members = [] if element is None else members_of(element)
    first = members if element is not None and element.tag == "tag" else members[:1]
    return bool(first) and all(_is_among(situation, one, later) for one in first)


def _family(situation: Situation, tagged: list[etree._Element], name: str) -> set[str]:
    """Whose promotion is that of a resource: itself, what it is in, and a tag on one of them."""
    found = {name}
    element = situation.document.ids.get(name)
    if element is not None and element.tag in _RESOURCES:
        found |= {str(one.get("id")) for one in element.iterancestors(*_RESOURCES)}
        found |= {str(one.get("id")) for one in element.iterdescendants("primitive", "group")}
    for reference in tagged:
        parent = reference.getparent()
        if reference.get("id") in found and parent is not None:
            found.add(str(parent.get("id")))
    return found


@check("a move or a ban by hand is still there")
def left_by_hand(situation: Situation) -> Iterator[Flaw]:
    for location in situation.document.elements("rsc_location"):
        name = location.get("id", "")
        if not name.startswith(BY_HAND) or location.find(".//date_expression") is not None:
            continue
        banned = not name.startswith("cli-prefer-")
        resource = location.get("rsc", "")
        yield Flaw(
            Severity.NOTE,
            location,
            name,
            f"{resource} was {'banned' if banned else 'moved'} by hand",
            "it never runs on that node, not even where no other is left"
            if banned
            else "it goes back to that node whenever the node is there",
            f"crm_resource --clear --resource {resource} when that is no longer meant",
        )


def _owner(element: etree._Element) -> str:
    """The id of the constraint; a reference in a set has none of its own."""
    while element.tag in ("resource_ref", "resource_set"):
        parent = element.getparent()
        if parent is None:
            break
        element = parent
    return str(element.get("id", ""))

"""What of a CIB no cluster starts: what is stopped on purpose, and what needs it."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from ocf_py.cib.model import FALSE, TRUE, resources, today
from ocf_py.cib.settings import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.cib.document import Document
    from ocf_py.cib.model import Resource

_STARTS = ("", "start")


def find_idle(document: Document) -> dict[str, str]:
    """The primitives that nobody starts, each with the reason, in their order."""
    found = resources(document)
    idle = {one.id: reason for one in found for reason in (_own_reason(one),) if reason}
    waits = [
        (first, then)
        for firsts, thens in _find_waits(document)
        for first, then in product(_primitives(document, firsts), _primitives(document, thens))
    ]
    while more := {
        then: f"it needs {first}" for first, then in waits if first in idle and then not in idle
    }:
        idle.update(more)
    return {one.id: idle[one.id] for one in found if one.id in idle}


def _own_reason(resource: Resource) -> str:
    defaults = tuple(resource.document.elements("rsc_defaults"))
    meta: dict[str, str] = {}
    for holders in (resource.holders, *((one,) for one in resource.parents), defaults):
        for one in settings(resource.document, holders, "meta_attributes"):
            if not one.rule:
                meta.setdefault(one.name, one.value)
    if meta.get("target-role", "").lower() == "stopped":
        return "its target-role is Stopped"
    if meta.get("is-managed", "true").lower() in FALSE:
        return "it is not managed"
    return "it is in maintenance" if meta.get("maintenance", "").lower() in TRUE else ""


def _find_waits(document: Document) -> Iterator[tuple[str, str]]:
    """What is never without what: ids of resources, groups, clones and tags."""
    for group in document.elements("group"):
        members = [one.get("id", "") for one in group.iterchildren("primitive")]
        yield from zip(members, members[1:])
    for colocation in document.elements("rsc_colocation"):
        is_whole = today(colocation.get("rsc-role", "")) in ("", "Started")
        if is_whole and colocation.get("score", "INFINITY").lstrip("+") == "INFINITY":
            yield colocation.get("with-rsc", ""), colocation.get("rsc", "")
    for order in document.elements("rsc_order"):
        if order.get("kind", "Mandatory") == "Mandatory" and order.get("score", "1") != "0":
            yield from _steps_of(order)


def _steps_of(order: etree._Element) -> Iterator[tuple[str, str]]:
    if order.get("then-action", order.get("first-action", "")) in _STARTS:
        yield order.get("first", ""), order.get("then", "")
    steps = []
    for each in order.iterfind("resource_set"):
        members = [one.get("id", "") for one in each.iterfind("resource_ref")]
        if each.get("action", "") not in _STARTS:
            continue
        if each.get("sequential", "true").lower() in TRUE:
            yield from zip(members, members[1:])
        # Of several of which one is enough, none is necessarily waited for.
        steps.append(members if each.get("require-all", "true").lower() in TRUE else [])
    for before, after in zip(steps, steps[1:]):
        yield from product(before, after)


def _primitives(document: Document, name: str) -> list[str]:
    """All that an id means."""
    element = document.ids.get(name)
    if element is None:
        return []
    if element.tag == "tag":
        found = (document.ids.get(one.get("id", "")) for one in element.iterfind("obj_ref"))
        holders = [one for one in found if one is not None]
    else:
        holders = [element]
    return [one.get("id", "") for holder in holders for one in holder.iter("primitive")]

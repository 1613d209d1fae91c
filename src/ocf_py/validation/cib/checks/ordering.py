"""Orders that go round in a circle: everyone in it waits for everyone else."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Optional

from ocf_py.cib.model import FALSE, find_around
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.validation.cib.situation import Situation

    # (id, action, whether it is over): what happens to a resource, or to all that one id means.
    Event = tuple[str, str, bool]
    # What has to come first, what comes then, and the order that says so; None: their nature.
    Edge = tuple[Event, Event, Optional[etree._Element]]  # noqa: SLF001 - lxml's one name for it

_COLLECTIVE = ("group", "clone", "master", "bundle", "tag")
_ACTIONS = ("start", "promote")


@check("mandatory orders go round in a circle")
def order_cycle(situation: Situation) -> Iterator[Flaw]:
    edges = [*_by_nature(situation), *_by_order(situation)]
    while True:
        cycle = _find_cycle(edges)
        steps = set(zip(cycle, cycle[1:]))
        orders = [order for first, then, order in edges if (first, then) in steps]
        closing = [one for one in orders if one is not None][-1:]
        if not closing:
            return
        (order,) = closing
        names = list(dict.fromkeys(name for name, _, _ in cycle))
        yield Flaw(
            Severity.ERROR,
            order,
            order.get("id", ""),
            f"this order closes a circle: {', then '.join((*names, names[0]))}",
            "each waits for the others: none is ever started, and Pacemaker gives up the whole "
            "transition, with what else was to be done in it",
            "remove one of the circle's orders, or make it kind=Optional",
        )
        edges = [one for one in edges if one[2] is not order]


def _find_cycle(edges: list[Edge]) -> list[Event]:
    """The events of a circle in their order, the first again at the end; none if there is none."""
    sorter: TopologicalSorter[Event] = TopologicalSorter()
    for first, then, _ in edges:
        sorter.add(then, first)
    try:
        sorter.prepare()
    except CycleError as error:
        found: list[Event] = error.args[1]
        return found
    return []


def _by_nature(situation: Situation) -> Iterator[Edge]:
    """What begins ends; a promotion follows the start; who is in another, happens within it."""
    document = situation.document
    for element in document.elements("primitive", "template", *_COLLECTIVE):
        name = element.get("id", "")
        for action in _ACTIONS:
            yield (name, action, False), (name, action, True), None
        yield (name, "start", True), (name, "promote", False), None
        members = _members(element)
        for member in members:
            yield from _within(name, member)
        if element.tag == "group":
            for before, after in zip(members, members[1:]):
                yield (before, "start", True), (after, "start", False), None
    for resource in situation.resources:
        if resource.template is not None:
            yield from _within(resource.template.get("id", ""), resource.id)


def _members(element: etree._Element) -> list[str]:
    tag = "obj_ref" if element.tag == "tag" else None
    found = element.iterfind(tag) if tag else element.iterchildren("primitive", "group")
    return [] if element.tag == "template" else [one.get("id", "") for one in found]


def _within(outer: str, inner: str) -> Iterator[Edge]:
    for action in _ACTIONS:
        yield (outer, action, False), (inner, action, False), None
        yield (inner, action, True), (outer, action, True), None


def _by_order(situation: Situation) -> Iterator[Edge]:
    for order in situation.document.elements("rsc_order"):
        kind = order.get("kind") or ("Optional" if order.get("score") == "0" else "Mandatory")
        if kind != "Mandatory" or _is_ignored(situation, order):
            continue
        action = order.get("first-action", "start")
        steps = [
            [(order.get("first", ""), action)],
            [(order.get("then", ""), order.get("then-action", action))],
        ]
        sets = order.findall("resource_set")
        if sets:
            steps = []
            for one in sets:
                steps += _steps_of(one)
        for before, after in zip(steps, steps[1:]):
            for first, first_action in before:
                for then, then_action in after:
                    if first_action in _ACTIONS and then_action in _ACTIONS:
                        yield (first, first_action, True), (then, then_action, False), order


def _is_ignored(situation: Situation, order: etree._Element) -> bool:
    """Whether it names what is within a clone, so that Pacemaker leaves it out altogether."""
    names = [order.get("first", ""), order.get("then", "")]
    names += [ref.get("id", "") for ref in order.iter("resource_ref")]
    return any(find_around(situation.document, name) is not None for name in names)


def _steps_of(one: etree._Element) -> list[list[tuple[str, str]]]:
    """What of a set happens one after the other; an empty step is nothing to wait for."""
    action = one.get("action", "start")
    events = [(ref.get("id", ""), action) for ref in one.iterfind("resource_ref")]
    if one.get("sequential", "true").lower() not in FALSE:
        return [[event] for event in events]
    # Of those of which one is enough, none is necessarily waited for.
    return [events] if one.get("require-all", "true").lower() not in FALSE else [events, []]

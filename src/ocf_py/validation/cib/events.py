"""What happens to resources, and what of it waits for what: by their nature, and by orders."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Optional

from ocf_py.cib.model import FALSE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml import etree

    from ocf_py.validation.cib.situation import Situation

    # (id, action, whether it is over): what happens to a resource, or to all that one id means.
    Event = tuple[str, str, bool]
    # What has to come first, what comes then, and the order that says so; None: their nature.
    Edge = tuple[Event, Event, Optional[etree._Element]]  # noqa: SLF001 - lxml's one name for it

ACTIONS = ("start", "promote")
_COLLECTIVE = ("group", "clone", "master", "bundle", "tag")


class Sequence:
    """What waits for what, from edges that are read once."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self._after: dict[Event, list[Event]] = defaultdict(list)
        for first, then, _ in edges:
            self._after[first].append(then)

    def find_later(self, begin: Iterable[Event]) -> set[Event]:
        """All events that wait for one of these, and these."""
        found: set[Event] = set()
        waiting = list(begin)
        while waiting:
            event = waiting.pop()
            if event not in found:
                found.add(event)
                waiting += self._after.get(event, ())
        return found


def by_nature(situation: Situation) -> Iterator[Edge]:
    """What begins ends; a promotion follows the start; who is in another, happens within it."""
    document = situation.document
    for element in document.elements("primitive", "template", *_COLLECTIVE):
        name = element.get("id", "")
        for action in ACTIONS:
            yield (name, action, False), (name, action, True), None
        yield (name, "start", True), (name, "promote", False), None
        members = members_of(element)
        for member in members:
            yield from _within(name, member)
        if element.tag == "group":
            for before, after in zip(members, members[1:]):
                yield (before, "start", True), (after, "start", False), None
    for resource in situation.resources:
        if resource.template is not None:
            yield from _within(resource.template.get("id", ""), resource.id)


def members_of(element: etree._Element) -> list[str]:
    """The ids of what is in a group, a clone, a bundle or a tag, in their order."""
    tag = "obj_ref" if element.tag == "tag" else None
    found = element.iterfind(tag) if tag else element.iterchildren("primitive", "group")
    return [] if element.tag == "template" else [one.get("id", "") for one in found]


def _within(outer: str, inner: str) -> Iterator[Edge]:
    for action in ACTIONS:
        yield (outer, action, False), (inner, action, False), None
        yield (inner, action, True), (outer, action, True), None


def by_order(situation: Situation) -> Iterator[Edge]:
    """What the orders say, whatever their kind."""
    for order in situation.document.elements("rsc_order"):
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
                    if first_action in ACTIONS and then_action in ACTIONS:
                        yield (first, first_action, True), (then, then_action, False), order


def _steps_of(one: etree._Element) -> list[list[tuple[str, str]]]:
    """What of a set happens one after the other; an empty step is nothing to wait for."""
    action = one.get("action", "start")
    events = [(ref.get("id", ""), action) for ref in one.iterfind("resource_ref")]
    if one.get("sequential", "true").lower() not in FALSE:
        return [[event] for event in events]
    # Of several of which one is enough, none is necessarily waited for.
    is_each = len(events) == 1 or one.get("require-all", "true").lower() not in FALSE
    return [events] if is_each else [events, []]

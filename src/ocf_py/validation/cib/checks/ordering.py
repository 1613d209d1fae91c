"""Orders that go round in a circle: everyone in it waits for everyone else."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from ocf_py.cib.model import find_around
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.events import by_nature, by_order
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.validation.cib.events import Edge, Event
    from ocf_py.validation.cib.situation import Situation


@check("mandatory orders go round in a circle")
def order_cycle(situation: Situation) -> Iterator[Flaw]:
    edges = [
        *by_nature(situation),
        *(one for one in by_order(situation) if _is_binding(situation, one[2])),
    ]
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


def _is_binding(situation: Situation, order: etree._Element | None) -> bool:
    """Whether it is kept whatever else there is to be done."""
    if order is None:
        return True
    kind = order.get("kind") or ("Optional" if order.get("score") == "0" else "Mandatory")
    return kind == "Mandatory" and not _is_ignored(situation, order)


def _is_ignored(situation: Situation, order: etree._Element) -> bool:
    """Whether it names what is within a clone, so that Pacemaker leaves it out altogether."""
    names = [order.get("first", ""), order.get("then", "")]
    names += [ref.get("id", "") for ref in order.iter("resource_ref")]
    return any(find_around(situation.document, name) is not None for name in names)

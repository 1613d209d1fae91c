"""What stands around a resource, or speaks of its agent: it would not hold for ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.cib.model import Resource


def hold_back(resource: Resource, becomes: str) -> Iterator[str]:
    """The reasons for which a resource stays, whatever its parameters are."""
    if resource.is_contained:
        yield (
            "it runs in the container of a bundle, whose image would have to hold our agents: "
            "install them there, then name the agent by hand"
        )
    yield from _inherited(resource)
    before = (resource.standard, resource.provider, resource.type)
    after = ("ocf", "ocfpy", becomes)
    for expression in resource.document.elements("rsc_expression"):
        if _matches(expression, before) != _matches(expression, after):
            yield (
                f"the rule {_rule_of(expression)} speaks of agents, and would not say of ours what "
                "it says of this one: write it for both first"
            )


def _inherited(resource: Resource) -> Iterator[str]:
    """Sets of the resource that stand for more than one: a change would be one for all."""
    references = resource.document.references
    for parent in resource.parents:
        if parent.find("instance_attributes") is not None:
            yield f"it inherits parameters of {parent.get('id')}: give it its own"
    for holder in resource.holders:
        for place in holder.iterfind("*"):
            if place.tag not in ("instance_attributes", "operations"):
                continue
            parts = [place, *place.iter("nvpair", "op")]
            if any(one.get("id-ref") or one.get("id") in references for one in parts):
                yield f"its <{place.tag!s}> are shared with others by id-ref: give it its own"


def _matches(expression: etree._Element, agent: tuple[str, str, str]) -> bool:
    """Whether an `rsc_expression` is true of an agent; what it does not name may be anything."""
    names = zip(("class", "provider", "type"), agent)
    return all(expression.get(key) in (None, value) for key, value in names)


def _rule_of(expression: etree._Element) -> str:
    outermost = [one for one in expression.iterancestors() if one.tag == "rule"][-1:]
    return str(outermost[0].get("id", "")) if outermost else str(expression.get("id", ""))

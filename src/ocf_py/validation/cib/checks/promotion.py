"""Promotion and notification: what an agent needs of the clone around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.model import TRUE, is_promotable
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.kinds import REPLICATORS, WHOSE_NO_STANDS
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.catalogue.description import Description
    from ocf_py.cib.model import Resource
    from ocf_py.validation.cib.situation import Situation

# Where constraints speak of the promoted role, of whom, and in which words.
_SPEAKING = (
    *(("rsc-role", "rsc"), ("with-rsc-role", "with-rsc"), ("role", "rsc")),
    *(("first-action", "first"), ("then-action", "then")),
)
_WORDS = ("promoted", "master", "promote", "demote")


@check("an agent that cannot be promoted is in a promotable clone")
def cannot_promote(situation: Situation) -> Iterator[Flaw]:
    for resource, said in situation.described:
        if resource.is_promotable and resource.collective is not None and not said.is_promotable:
            yield Flaw(
                Severity.ERROR,
                resource.element,
                resource.id,
                f"{resource.agent} has no promote and demote, and its clone is promotable",
                "no instance is ever promoted, and what waits for one never starts",
                f"remove promotable from {resource.collective.get('id')}",
            )


@check("an agent with roles is not in a promotable clone")
def not_promotable(situation: Situation) -> Iterator[Flaw]:
    for resource, said in situation.described:
        if not said.is_promotable or resource.is_promotable:
            continue
        needs = resource.agent in REPLICATORS
        yield Flaw(
            Severity.ERROR if needs else Severity.NOTE,
            resource.element,
            resource.id,
            f"{resource.agent} has roles, and is in no promotable clone",
            "it is never promoted" + (": nothing is replicated, nobody serves" if needs else ""),
            "put it into a <clone> with the meta attribute promotable=true",
        )


@check("an agent that is to be notified is not")
def not_notified(situation: Situation) -> Iterator[Flaw]:
    for resource, said in situation.described:
        clone = resource.collective
        if "notify" not in said.action_names or clone is None or clone.tag == "bundle":
            continue
        if resource.around("notify").lower() in TRUE:
            continue
        needs = resource.agent in REPLICATORS and not _goes_without(resource)
        yield Flaw(
            Severity.ERROR if needs else Severity.WARNING,
            clone,
            clone.get("id", ""),
            f"{resource.agent} has an action notify, and notify is not true here",
            "its start answers 6" if needs else "it does not hear of what becomes of the others",
            "set the clone's meta attribute notify=true",
        )


def _goes_without(resource: Resource) -> bool:
    """Whether it was told to start all the same, which the agents of DRBD can be."""
    values = next(resource.value_sets())
    return values.get("ignore_missing_notifications", "").lower() in TRUE


@check("a replicated resource in a cluster without fencing")
def replica_without_fencing(situation: Situation) -> Iterator[Flaw]:
    if situation.fences:
        return
    for resource in situation.resources:
        if resource.agent in REPLICATORS:
            yield Flaw(
                Severity.ERROR,
                resource.element,
                resource.id,
                f"{resource.agent} without fencing",
                "a failover that nobody confirms ends in two diverged sets of data, of which an "
                "admin has to give one up",
                "set up fencing, and stonith-enabled=true",
            )


@check("a location prefers a node for the promoted role over the agent's own score")
def promoted_by_location(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    scored = {
        name: one
        for one, said in situation.described
        if _is_scored(one, said)
        for name in _names(one)
    }
    for location in document.elements("rsc_location"):
        resource = scored.get(location.get("rsc", ""))
        if resource is None:
            continue
        for place in (location, *location.iterfind("rule")):
            role = place.get("role", "").lower()
            score = place.get("score", "")
            if role not in ("promoted", "master") or not score or score.startswith(("-", "0")):
                continue
            yield Flaw(
                Severity.WARNING,
                place,
                location.get("id", ""),
                f"score {score} for a promoted {resource.id}",
                "where the agent gives no score since an instance is not fit, this alone promotes "
                "it: stale data is served",
                "leave the choice to the agent's score, or prefer by the location of what needs it",
            )


def _is_scored(resource: Resource, said: Description) -> bool:
    """Whether its agent's silence means no."""
    return resource.is_promotable and said.is_promotable and resource.agent not in WHOSE_NO_STANDS


def _names(resource: Resource) -> tuple[str, ...]:
    """What a constraint may call it: itself, and what is around it."""
    return (resource.id, *(one.get("id", "") for one in resource.parents))


@check("a role is asked of what cannot be promoted")
def role_of_unpromotable(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    for element, name, what in _asking(situation):
        found = document.ids.get(name)
        if found is None or found.tag in ("tag", "template") or is_promotable(document, found):
            continue
        parents = (one for one in found.iterancestors() if one.tag in ("clone", "master", "bundle"))
        if any(is_promotable(document, one) for one in parents):
            continue
        yield Flaw(
            Severity.ERROR,
            element,
            element.get("id", ""),
            f"{what} of {name}, which is no promotable clone",
            "it is never in that role: what depends on it never starts",
            f"make {name} a promotable clone, or leave the role away",
        )


def _asking(situation: Situation) -> Iterator[tuple[etree._Element, str, str]]:
    """(element, resource, what is asked) wherever a constraint speaks of the promoted role."""
    for element in situation.document.elements("rsc_location", "rsc_colocation", "rsc_order"):
        for attribute, target in _SPEAKING:
            word = element.get(attribute, "")
            if word.lower() in _WORDS:
                yield element, element.get(target, ""), f"{attribute}={word}"
        for rule in element.iterfind("rule"):
            if rule.get("role", "").lower() in _WORDS:
                yield rule, element.get("rsc", ""), f"role={rule.get('role')}"
        for group in element.iterfind("resource_set"):
            word = group.get("role") or group.get("action") or ""
            if word.lower() in _WORDS:
                for one in group.iterfind("resource_ref"):
                    yield one, one.get("id", ""), word

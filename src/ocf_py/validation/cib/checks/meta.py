"""Meta attributes: those that Pacemaker knows, where it looks for them, with values it reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.model import TRUE, today
from ocf_py.cib.settings import settings
from ocf_py.cib.times import parse_ms
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.situation import nearest
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.cib.settings import Setting
    from ocf_py.validation.cib.situation import Situation

_FALSE = ("false", "no", "off", "0", "n")
_OF_RESOURCE = (
    *("priority", "critical", "target-role", "is-managed", "maintenance", "resource-stickiness"),
    *("requires", "migration-threshold", "failure-timeout", "multiple-active", "allow-migrate"),
    *("allow-unhealthy-nodes", "container-attribute-target", "remote-node", "remote-addr"),
    *("remote-port", "remote-connect-timeout", "remote-allow-migrate", "provides", "ordered"),
    *("collocated", "description"),
)
_OF_CLONE = (
    *("clone-max", "clone-node-max", "clone-min", "notify", "ordered", "interleave"),
    *("globally-unique", "promotable", "promoted-max", "promoted-node-max", "master-max"),
    *("master-node-max",),
)
_BOOLEANS = frozenset(
    (
        *("critical", "is-managed", "maintenance", "allow-migrate", "allow-unhealthy-nodes"),
        *("remote-allow-migrate", "notify", "ordered", "interleave", "globally-unique"),
        *("promotable", "collocated"),
    )
)
_NUMBERS = frozenset(
    (
        *("clone-max", "clone-node-max", "clone-min", "promoted-max", "promoted-node-max"),
        *("master-max", "master-node-max"),
    )
)
_SCORES = frozenset(("priority", "resource-stickiness", "migration-threshold"))
_WORDS = {
    "multiple-active": ("block", "stop_only", "stop_start", "stop_unexpected"),
    "requires": ("nothing", "quorum", "fencing", "unfencing"),
}
_ROLES = ("Started", "Stopped", "Promoted", "Unpromoted")
_HOLDERS = ("primitive", "template", "group", "clone", "master", "bundle", "rsc_defaults")


def _all(situation: Situation) -> Iterator[tuple[etree._Element, Setting]]:
    for element in situation.document.elements(*_HOLDERS):
        for one in settings(situation.document, (element,), "meta_attributes"):
            yield element, one


@check("Pacemaker has no meta attribute of that name")
def unknown_meta(situation: Situation) -> Iterator[Flaw]:
    known = {*_OF_RESOURCE, *_OF_CLONE}
    for element, one in _all(situation):
        if one.name in known or not one.name:
            continue
        near = nearest(one.name, known)
        yield Flaw(
            Severity.WARNING if near else Severity.NOTE,
            one.element,
            element.get("id", ""),
            f"there is no meta attribute {one.name!r}",
            "Pacemaker does not look at it: the default holds",
            f"write {near}" if near else "remove it, unless a tool of yours reads it",
        )


@check("a clone's meta attribute is set on what is no clone")
def misplaced_meta(situation: Situation) -> Iterator[Flaw]:
    only_clones = set(_OF_CLONE) - {"ordered"}
    for element, one in _all(situation):
        if one.name in only_clones and element.tag in ("primitive", "template", "group"):
            yield Flaw(
                Severity.WARNING,
                one.element,
                element.get("id", ""),
                f"{one.name} is set on a <{element.tag!s}>",
                "Pacemaker looks for it on the clone alone: the default holds",
                "move it to the meta attributes of the clone",
            )


@check("a meta attribute's value cannot be read")
def wrong_meta_value(situation: Situation) -> Iterator[Flaw]:
    for element, one in _all(situation):
        wanted = _wanted(one.name, one.value)
        if wanted:
            yield Flaw(
                Severity.ERROR,
                one.element,
                element.get("id", ""),
                f"{one.name}={one.value} cannot be read",
                "Pacemaker takes the default, or false",
                f"write {wanted}",
            )


def _wanted(name: str, value: str) -> str:
    """What the value should be, "" where it is."""
    number = value.lstrip("+-")
    if name in _BOOLEANS and value.lower() not in (*TRUE, *_FALSE):
        return "true or false"
    if name in _NUMBERS and not value.isdecimal():
        return "a whole number"
    if name in _SCORES and not (number.isdecimal() or number.upper() == "INFINITY"):
        return "a whole number or INFINITY"
    if name == "failure-timeout" and parse_ms(value) is None:
        return "a time such as 10min"
    if name == "target-role" and today(value) not in _ROLES:
        return f"one of {', '.join(_ROLES)}"
    words = _WORDS.get(name, ())
    return f"one of {', '.join(words)}" if words and value not in words else ""


@check("a resource is switched off, or not managed")
def switched_off(situation: Situation) -> Iterator[Flaw]:
    for element, one in _all(situation):
        value = one.value.lower()
        is_off = one.name == "target-role" and value == "stopped"
        is_free = (one.name == "is-managed" and value in _FALSE) or (
            one.name == "maintenance" and value in TRUE
        )
        if is_off or is_free:
            yield Flaw(
                Severity.NOTE,
                one.element,
                element.get("id", ""),
                f"{one.name}={one.value}",
                "it runs nowhere"
                if is_off
                else "the cluster neither starts, stops nor recovers it",
                "remove it when that is no longer meant",
            )

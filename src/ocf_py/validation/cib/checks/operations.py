"""Operations: their names, attributes and times, and what their failure brings about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.model import LEGACY_ROLES
from ocf_py.cib.times import parse_ms
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.situation import nearest
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.cib.model import Operation, Resource
    from ocf_py.validation.cib.situation import Situation

_ATTRIBUTES = (
    *("id", "id-ref", "name", "description", "interval", "timeout", "start-delay"),
    *("interval-origin", "enabled", "record-pending", "role", "on-fail", "requires"),
)
_ACTIONS = (
    *("start", "stop", "monitor", "promote", "demote", "notify", "reload", "reload-agent"),
    *("migrate_to", "migrate_from", "validate-all", "meta-data", "status"),
)
_ON_FAIL = ("ignore", "block", "demote", "stop", "restart", "standby", "fence", "restart-container")
_LEVELS = ("0", "10", "20")


def _all(situation: Situation) -> Iterator[tuple[Resource, Operation]]:
    for resource in situation.resources:
        for one in resource.operations:
            yield resource, one


@check("an operation has an attribute that Pacemaker does not know")
def unknown_op_attribute(situation: Situation) -> Iterator[Flaw]:
    for resource, one in _all(situation):
        for name in one.element.attrib:
            if str(name) in _ATTRIBUTES:
                continue
            near = nearest(str(name), _ATTRIBUTES)
            level = str(name) in ("depth", "OCF_CHECK_LEVEL", "ocf_check_level")
            remedy = "put it into <instance_attributes> of the operation, as OCF_CHECK_LEVEL"
            yield Flaw(
                Severity.ERROR,
                one.element,
                resource.id,
                f"{one.name} has an unknown attribute {name!s}",
                "Pacemaker refuses to load the whole configuration",
                remedy if level else f"write {near}" if near else "remove it",
            )


@check("a time of an operation cannot be read")
def unreadable_time(situation: Situation) -> Iterator[Flaw]:
    for resource, one in _all(situation):
        for name in ("interval", "timeout", "start-delay"):
            text = one.get(name)
            if text and parse_ms(text) is None:
                yield Flaw(
                    Severity.ERROR,
                    one.element,
                    resource.id,
                    f"{name}={text} of {one.name} is no time",
                    "Pacemaker takes a default, or never runs the operation",
                    "write a number with ms, s, min or h: 20s",
                )


@check("an operation is none of the agent's actions")
def unknown_action(situation: Situation) -> Iterator[Flaw]:
    for resource, said in situation.described:
        for one in resource.operations:
            if one.name in said.action_names:
                continue
            near = nearest(one.name, _ACTIONS)
            misspelt = one.name not in _ACTIONS and near
            yield Flaw(
                Severity.ERROR if misspelt else Severity.WARNING,
                one.element,
                resource.id,
                f"{resource.agent} has no action {one.name!r}",
                "what this operation says of timeout, interval and failures holds for nothing",
                f"write {near}" if misspelt else "remove it",
            )


@check("an operation that is no monitor is to be repeated")
def recurring_action(situation: Situation) -> Iterator[Flaw]:
    once = set(_ACTIONS) - {"monitor", "status"}
    for resource, one in _all(situation):
        if one.name in once and one.interval:
            yield Flaw(
                Severity.ERROR,
                one.element,
                resource.id,
                f"{one.name} has an interval of {one.element.get('interval')}",
                "Pacemaker ignores the whole operation, with its timeout",
                "write interval=0s: only a monitor recurs",
            )


@check("an operation's on-fail is no policy, or one that loses data")
def careless_on_fail(situation: Situation) -> Iterator[Flaw]:
    for resource, one in _all(situation):
        policy = one.get("on-fail")
        if not policy:
            continue
        if policy not in _ON_FAIL:
            near = nearest(policy, _ON_FAIL)
            message, consequence = f"on-fail={policy} is none", "Pacemaker takes the default"
            remedy = f"write {near}" if near else f"write one of {', '.join(_ON_FAIL)}"
        elif policy == "ignore" and one.name in ("stop", "demote"):
            message = f"on-fail=ignore on {one.name}"
            consequence = "what has not ended is started elsewhere too: two nodes write the data"
            remedy = "leave on-fail away: the node is fenced, or the resource blocked without"
        elif policy == "fence" and not situation.fences:
            message = f"on-fail=fence on {one.name}, and there is no fencing"
            consequence = "Pacemaker takes another policy, and the failure stays"
            remedy = "set up fencing"
        elif policy == "ignore" and one.name in ("start", "promote"):
            message = f"on-fail=ignore on {one.name}"
            consequence = (
                "Pacemaker takes for active what has not come up, and starts what needs it"
            )
            remedy = "leave on-fail away"
        else:
            continue
        yield Flaw(Severity.ERROR, one.element, resource.id, message, consequence, remedy)


@check("an OCF_CHECK_LEVEL is none of 0, 10 and 20")
def odd_level(situation: Situation) -> Iterator[Flaw]:
    for resource, one in _all(situation):
        if one.level not in _LEVELS:
            yield Flaw(
                Severity.WARNING,
                one.element,
                resource.id,
                f"{one.name} has OCF_CHECK_LEVEL={one.level}",
                "OCF has the levels 0, 10 and 20; some agents answer 6 to others, and are banned",
                "write 0, 10 or 20",
            )


@check("a role is written in the words of before Pacemaker 2.1")
def legacy_role(situation: Situation) -> Iterator[Flaw]:
    words = (
        *("role", "rsc-role", "with-rsc-role", "to-rsc-role"),
        *("master-max", "master-node-max"),
    )
    for element in situation.document.root.iter("*"):
        found = [name for name in words if element.get(name, "").lower() in LEGACY_ROLES]
        if element.tag == "master":
            message, remedy = "<master> is the old form", "write <clone> with promotable=true"
        elif element.tag == "nvpair" and element.get("name") in words:
            message = f"{element.get('name')} is the old name"
            remedy = f"write {element.get('name', '').replace('master', 'promoted')}"
        elif found and element.tag != "role":
            message = f"{found[0]}={element.get(found[0])} is the old word"
            remedy = f"write {LEGACY_ROLES[element.get(found[0], '').lower()]}"
        else:
            continue
        yield Flaw(
            Severity.NOTE,
            element,
            element.get("id", ""),
            message,
            "Pacemaker 3 and later warn of it or do not take it any more",
            remedy,
        )

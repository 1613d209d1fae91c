"""Timeouts, beside those that the agents ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.times import in_words, parse_ms
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.catalogue.description import Action, Description
    from ocf_py.cib.model import Operation, Resource
    from ocf_py.validation.cib.situation import Situation

# What brings the last of the data over, or waits until it is there.
_FINAL_PASS = {
    "ocf:ocfpy:MirrorSync": ("notify", "promote", "stop"),
    "ocf:linbit:drbd": ("promote", "notify", "stop"),
}
_ONCE = ("start", "stop", "promote", "demote", "notify", "migrate_to", "migrate_from")


@check("an operation has less time than its agent asks for")
def short_timeout(situation: Situation) -> Iterator[Flaw]:
    for resource, name, element, has, wants in _too_short(situation):
        if name in _FINAL_PASS.get(resource.agent, ()):
            continue
        yield Flaw(
            Severity.WARNING,
            element,
            resource.id,
            f"{name} has {in_words(has)}, and {resource.agent} asks for {in_words(wants)}",
            "Pacemaker kills it in its work: "
            + ("a stop that fails fences the node" if name == "stop" else "it counts as failed"),
            f"set timeout={in_words(wants)} for {name}",
        )


@check("a replicated resource has too little time for its final pass")
def short_final_pass(situation: Situation) -> Iterator[Flaw]:
    for resource, name, element, has, wants in _too_short(situation):
        if name not in _FINAL_PASS.get(resource.agent, ()):
            continue
        yield Flaw(
            Severity.ERROR,
            element,
            resource.id,
            f"{name} has {in_words(has)}, and the final pass may take {in_words(wants)}",
            "a planned move ends before the last writes are over: they are missing afterwards",
            f"set timeout={in_words(wants)} or more for {name}",
        )


def _too_short(
    situation: Situation,
) -> Iterator[tuple[Resource, str, etree._Element, int, int]]:
    """(resource, action, where, what it has and what it wants in ms)."""
    for resource, said in situation.described:
        named = {one.name for one in resource.operations if not one.interval}
        for one in resource.operations:
            has = one.timeout if one.get("timeout") else situation.default_timeout
            wants = _asked(said, one)
            if has is not None and wants is not None and has < wants:
                yield resource, one.name, one.element, has, wants
        for action in said.actions:
            wants = parse_ms(action.timeout)
            has = situation.default_timeout
            if action.name not in _ONCE or action.name in named or wants is None:
                continue
            if action.name in ("promote", "demote") and not resource.is_promotable:
                continue
            if action.name == "notify" and resource.collective is None:
                continue
            if has is not None and has < wants:
                yield resource, action.name, resource.element, has, wants


def _asked(said: Description, one: Operation) -> int | None:
    """What the agent asks for: for a monitor by role and level, as far as it tells them apart."""
    actions = [action for action in said.actions if action.name == one.name]
    fitting = [action for action in actions if _fits(action, one)] or actions
    times = [time for time in (parse_ms(action.timeout) for action in fitting) if time is not None]
    return min(times, default=None)


def _fits(action: Action, one: Operation) -> bool:
    same_role = not action.role or not one.role or action.role.lower() == one.role.lower()
    return same_role and (action.depth or "0") == one.level

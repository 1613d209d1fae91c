"""The operations of a resource that moves: those that ours has not, and times too short for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.cib.settings import default_timeout
from ocf_py.cib.times import in_words

if TYPE_CHECKING:
    from lxml import etree

    from ocf_py.agent import Agent
    from ocf_py.cib.model import Resource

_OF_EVERY_AGENT = ("validate-all", "meta-data")
_NEEDED = ("start", "stop")
# OCF 1.1 has given what Pacemaker once called reload a name of its own.
_RENAMED = {"reload": "reload-agent"}


@dataclass(frozen=True)
class OperationEdit:
    """What to set: at an operation that is there, or, without `element`, at a new one.

    An empty `timeout` stays as it is.
    """

    name: str
    timeout: str
    element: etree._Element | None = None


def plan_operations(
    resource: Resource, agent: type[Agent]
) -> tuple[list[OperationEdit], list[str], list[str]]:
    """(edits, reasons against the move, notes)."""
    edits: list[OperationEdit] = []
    reasons: list[str] = []
    notes: list[str] = []
    default = default_timeout(resource.document)
    for one in resource.operations:
        name = _find_action(one.name, agent)
        if not name:
            reasons.append(f"operation {one.name}: ours has no such action")
            continue
        if name != one.name:
            edits.append(OperationEdit(name, "", one.element))
            notes.append(f"operation {one.name} is {name} in OCF 1.1")
        wants = _advertised(agent, name, one.level)
        has = one.timeout if one.get("timeout") else default
        if has is None and not one.get("timeout"):
            notes.append(_by_rule(one.name, wants))
        if has is None or has >= wants:
            continue
        if one.get("timeout") and one.element.get("timeout") is None:
            notes.append(
                f"{one.name} has {in_words(has)} by a meta attribute, and ours asks for "
                f"{in_words(wants)}: raise it"
            )
            continue
        edits.append(OperationEdit(name, in_words(wants), one.element))
        notes.append(f"{name}: timeout {in_words(has)} becomes {in_words(wants)}")
    added, said = _add_missing(resource, agent, default)
    return [*edits, *added], reasons, [*notes, *said]


def _add_missing(
    resource: Resource, agent: type[Agent], default: int | None
) -> tuple[list[OperationEdit], list[str]]:
    """(edits, notes) for a start or stop that has no operation, and too little time without."""
    edits: list[OperationEdit] = []
    notes: list[str] = []
    named = {one.name for one in resource.operations}
    for name in _NEEDED:
        wants = max(int(one.timeout * 1000) for one in agent.ocf_actions[name].elements)
        if name in named:
            continue
        if default is None:
            notes.append(_by_rule(name, wants))
        elif default < wants:
            edits.append(OperationEdit(name, in_words(wants)))
            notes.append(f"{name}: an operation with timeout {in_words(wants)} is added")
    return edits, notes


def _find_action(name: str, agent: type[Agent]) -> str:
    """Our action for an operation, "" if there is none."""
    known = (*agent.ocf_actions, *_OF_EVERY_AGENT)
    return next((one for one in (name, _RENAMED.get(name, "")) if one in known), "")


def _by_rule(name: str, wants: int) -> str:
    return f"{name} has what a rule of op_defaults gives it: it takes at least {in_words(wants)}"


def _advertised(agent: type[Agent], name: str, level: str) -> int:
    """What ours asks for, in ms: for a monitor, that of its level."""
    declared = agent.ocf_actions.get(name)
    elements = declared.elements if declared else []
    fitting = [part for part in elements if str(part.depth or 0) == level] or elements
    return min((int(part.timeout * 1000) for part in fitting), default=0)

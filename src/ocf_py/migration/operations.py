"""The operations of a resource that moves: those that ours has not, and times too short for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.cib.settings import default_timeout
from ocf_py.cib.times import in_words

if TYPE_CHECKING:
    from lxml import etree

    from ocf_py.agent import Agent
    from ocf_py.cib.model import Operation, Resource

_OF_EVERY_AGENT = ("validate-all", "meta-data")
_NEEDED = ("start", "stop")


@dataclass(frozen=True)
class OperationEdit:
    """A timeout to set: at an operation that is there, or, without `element`, at a new one."""

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
        if one.name not in agent.ocf_actions and one.name not in _OF_EVERY_AGENT:
            reasons.append(f"operation {one.name}: ours has no such action")
            continue
        wants = _advertised(agent, one)
        has = one.timeout if one.get("timeout") else default
        if has is None or has >= wants:
            continue
        if one.get("timeout") and one.element.get("timeout") is None:
            notes.append(
                f"{one.name} has {in_words(has)} by a meta attribute, and ours asks for "
                f"{in_words(wants)}: raise it"
            )
            continue
        edits.append(OperationEdit(one.name, in_words(wants), one.element))
        notes.append(f"{one.name}: timeout {in_words(has)} becomes {in_words(wants)}")
    named = {one.name for one in resource.operations}
    for name in _NEEDED:
        wants = max(int(one.timeout * 1000) for one in agent.ocf_actions[name].elements)
        if name not in named and default is not None and default < wants:
            edits.append(OperationEdit(name, in_words(wants)))
            notes.append(f"{name}: an operation with timeout {in_words(wants)} is added")
    return edits, reasons, notes


def _advertised(agent: type[Agent], one: Operation) -> int:
    """What ours asks for, in ms: for a monitor, that of its level."""
    declared = agent.ocf_actions.get(one.name)
    elements = declared.elements if declared else []
    fitting = [part for part in elements if str(part.depth or 0) == one.level] or elements
    return min((int(part.timeout * 1000) for part in fitting), default=0)

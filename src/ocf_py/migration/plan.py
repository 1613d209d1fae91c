"""What becomes of each resource of a configuration: the plan that is shown, and then written."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ocf_py.call import Call
from ocf_py.cib.model import SECRET, TRUE, Resource, resources
from ocf_py.environment import Environment
from ocf_py.migration.operations import plan_operations
from ocf_py.migration.peers import OCF_PEERS, find_systemd
from ocf_py.migration.translation import Becomes, Case, Dropped, Further
from ocf_py.outcomes import Failure
from ocf_py.parameters import parse_parameters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from lxml import etree

    from ocf_py.agent import Agent
    from ocf_py.cib.document import Document
    from ocf_py.cib.settings import Setting
    from ocf_py.migration.operations import OperationEdit
    from ocf_py.migration.translation import Outcome, Peer


@dataclass
class Move:
    """One resource: where it goes, or, where there are `reasons`, why it stays as it is.

    `carrier` is the element that names the agent: the resource itself, or its template.
    """

    resource: Resource
    carrier: etree._Element
    peer: Peer
    outcomes: list[tuple[Setting, Outcome]] = field(default_factory=list)
    added: dict[str, str] = field(default_factory=dict)
    operations: list[OperationEdit] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def new_agent(self) -> str:
        """The agent that it is to have."""
        return f"ocf:ocfpy:{self.peer.becomes}"


def plan_moves(document: Document, agents: Mapping[str, type[Agent]]) -> list[Move]:
    """A move for each resource that one of our agents can stand in for, by type.

    Of the resources of one template all go, or none.
    """
    moves = [
        _plan(one, peer, agents[peer.becomes])
        for one in _candidates(document)
        for peer in _peers(one)
    ]
    staying: dict[etree._Element, list[str]] = defaultdict(list)
    for move in moves:
        if move.reasons:
            staying[move.carrier].append(move.resource.id)
    for move in moves:
        held = staying.get(move.carrier)
        if held and not move.reasons:
            name = move.carrier.get("id")
            move.reasons.append(f"template {name} is also that of {', '.join(held)}, which stays")
    return moves


def _candidates(document: Document) -> Iterator[Resource]:
    found = resources(document)
    yield from found
    used = {one.template for one in found}
    for template in document.elements("template"):
        if template not in used:
            yield Resource(document, template, None)


def _peers(resource: Resource) -> Iterator[Peer]:
    peer = OCF_PEERS.get(resource.agent)
    if peer is not None:
        yield peer
    elif resource.standard == "systemd" and resource.type:
        yield find_systemd(resource.agent, {one.name for one in resource.parameters})


def _plan(resource: Resource, peer: Peer, agent: type[Agent]) -> Move:
    named = [one for one in resource.holders if one.get("type") is not None]
    move = Move(resource, named[0], peer)
    move.reasons += _shared(resource)
    if resource.element.tag == "template":
        move.reasons.append("no resource is made of this template")
    if move.reasons:
        return move
    cases = [_case(resource, values) for values in resource.value_sets()]
    furthers = [peer.further(case) for case in cases]
    for setting in resource.parameters:
        rule = peer.rules.get(setting.name)
        if rule is None:
            move.reasons.append(f"{setting.name}: {peer.agent} has no such parameter")
        elif setting.value:  # an empty one counts as absent, there and here
            _take(move, setting, [rule(setting.name, setting.value, case) for case in cases])
    for further in furthers:
        _add(move, further)
    for case in cases:
        _judge(move, case, agent)
    edits, reasons, notes = plan_operations(resource, agent)
    move.operations = edits
    move.reasons = list(dict.fromkeys((*move.reasons, *reasons)))
    move.notes = list(dict.fromkeys((*move.notes, *notes)))
    return move


def _shared(resource: Resource) -> Iterator[str]:
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


def _case(resource: Resource, values: dict[str, str]) -> Case:
    monitors = [one for one in resource.operations if one.name == "monitor" and one.interval]
    levels = {one.level for one in monitors} | {values.get("OCF_CHECK_LEVEL", "0")}
    is_clone = resource.collective is not None and resource.collective.tag != "bundle"
    is_unique = resource.around("globally-unique").lower() in TRUE
    return Case(resource.id, values, frozenset(levels), is_clone, is_unique)


def _take(move: Move, setting: Setting, outcomes: list[Outcome]) -> None:
    if len(set(outcomes)) > 1:
        move.reasons.append(f"{setting.name}: what it means depends on a rule")
        return
    outcome = outcomes[0]
    if isinstance(outcome, (Becomes, Dropped)):
        move.outcomes.append((setting, outcome))
        if outcome.note:
            move.notes.append(outcome.note)
    else:
        move.reasons.append(outcome.reason)


def _add(move: Move, further: Further) -> None:
    move.added.update(further.added)
    move.reasons += further.reasons
    move.notes += further.notes


def _judge(move: Move, case: Case, agent: type[Agent]) -> None:
    """Ask our own agent about what it is going to get: its word on values is the last."""
    texts = dict(move.added)
    known = {id(setting): outcome for setting, outcome in move.outcomes}
    for setting in move.resource.parameters:
        outcome = known.get(id(setting))
        if isinstance(outcome, Becomes) and case.values.get(setting.name) == setting.value:
            texts.setdefault(outcome.name, outcome.value)
    if move.reasons or any(text.startswith(SECRET) for text in texts.values()):
        return
    values, problems = parse_parameters(agent.ocf_parameters, texts)
    move.reasons += [f"ours refuses it: {problem}" for problem in problems.values()]
    if problems:
        return
    call = Call("validate-all", instance=case.resource, environment=Environment(_clone(case)))
    try:
        _build(agent, call, values).validate()
    except Failure as failure:
        move.reasons.append(f"ours refuses it: {failure.reason}")


def _build(agent: type[Agent], call: Call, values: dict[str, Any]) -> Agent:
    return agent(call=call, **values)


def _clone(case: Case) -> dict[str, str]:
    if not case.is_clone:
        return {}
    unique = str(case.is_globally_unique).lower()
    return {"OCF_RESKEY_CRM_meta_clone": "0", "OCF_RESKEY_CRM_meta_globally_unique": unique}

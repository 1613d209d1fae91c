"""`ocf-py test` finds each defect of `tests/agents` by its rule, and invents none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ocf_py.catalogue.description import UnreadableDescription
from ocf_py.conformance.consequences import CONSEQUENCES
from ocf_py.conformance.examination import GENERAL_RULES, ask_description, examine, judge_unreadable
from ocf_py.conformance.furniture import Furniture
from ocf_py.conformance.manners import MANNERS
from ocf_py.conformance.rule import RULES
from ocf_py.toolkit.testing.candidate import describe, make_subject
from tests.contract.broken_agents import AGENTS, FOUND_BY, SOUND

if TYPE_CHECKING:
    from ocf_py.conformance.rule import Rule

#: What every agent is held to here, so that a defect that shows where it should not is seen.
_BATTERY = (
    "life",
    "stop-is-idempotent",
    "metadata-is-valid",
    "unknown-action-is-unimplemented",
    "validation-takes-every-level",
)
#: What a manner that nothing of that shows takes to be seen.
_SHOWN_BY = {
    "raw-reason": ("idle-with-garbage",),
    "no-reason": ("missing-parameter-is-refused",),
    "two-reasons": ("missing-parameter-is-refused",),
}
_ALL = {rule.id for rule in GENERAL_RULES} | set(MANNERS)


def find_faults(name: str, rules: tuple[Rule, ...]) -> set[str]:
    """The rules and manners that the agent breaks, as `ocf-py test --sandbox` would find them."""
    subject = make_subject(
        name,
        AGENTS / name,
        instance="test",
        parameters={"state": "/run/a.state", "count": "3"},
        other={"state": "/run/b.state"},
        change={},
        wrong={"state": "relative"},
        prepare=(),
        environment={},
    )
    with Furniture(()) as furniture:
        try:
            described = describe(subject, ask_description(subject, furniture.place))
        except UnreadableDescription as problem:
            judgements = judge_unreadable(problem, rules)
        else:
            judgements = examine(described, furniture.place, rules=rules, lanes=2)
    return {one.id for one in judgements if one.is_fault}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_agent_breaks_nothing(name: str) -> None:
    assert find_faults(name, GENERAL_RULES) == set()


@pytest.mark.parametrize("name", sorted(FOUND_BY))
def test_a_defect_is_found_by_its_rule_and_nothing_is_invented(name: str) -> None:
    names = {*FOUND_BY[name], *_BATTERY, *_SHOWN_BY.get(name, ())} - set(MANNERS)
    assert find_faults(name, tuple(RULES[one] for one in RULES if one in names)) == FOUND_BY[name]


def test_every_agent_is_used() -> None:
    executables = {one for one in os.listdir(AGENTS) if "." not in one}
    assert executables == {*SOUND, *FOUND_BY}


def test_every_rule_and_manner_has_a_consequence() -> None:
    assert set(CONSEQUENCES) == _ALL

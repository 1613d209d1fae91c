"""The fuzz is not vacuous: a sound agent passes, though it is in shell, and each defect shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from ocf_py.conformance.fuzz.cases import UNKNOWN, list_actions
from ocf_py.conformance.fuzz.run import fuzz
from ocf_py.conformance.rule import Broken
from tests.contract.broken_agents import DEFECTS, use_agent

if TYPE_CHECKING:
    from tests.contract.broken_agents import Defect

_SEED = 1
_ENOUGH = 400  # for the defect that shows least often
_COUNT = 35  # every kind of environment, in a life and outside


@pytest.mark.parametrize(
    "action", ["meta-data", "monitor", "start", "stop", "validate-all", UNKNOWN]
)
def test_a_sound_agent_in_shell_passes(action: str) -> None:
    subject = use_agent()
    assert action in list_actions(subject.description)
    tally = fuzz(subject, action, seed=_SEED, numbers=range(_COUNT))
    assert tally.lives == _COUNT // 5
    assert len(tally.kinds) == 7


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: defect.name)
def test_a_defect_is_found(defect: Defect) -> None:
    subject = use_agent(defect.name)
    with pytest.raises(Broken) as caught:
        fuzz(subject, defect.action, seed=_SEED, numbers=range(_ENOUGH), patience=0.2)
    assert re.search(defect.said, str(caught.value)), str(caught.value)


def test_what_is_said_is_enough_to_see_it_again() -> None:
    subject = use_agent("stop-is-6")
    with pytest.raises(Broken) as caught:
        fuzz(subject, "stop", seed=_SEED, numbers=range(_COUNT), patience=0.2)
    said = str(caught.value)
    found = re.search(r"stop .*, seed 1, environment (\d+) ", said)
    assert found, said
    assert "env -i " in said
    with pytest.raises(Broken) as again:
        fuzz(subject, "stop", seed=_SEED, numbers=[int(found[1])], patience=0.2)
    assert str(again.value) == said

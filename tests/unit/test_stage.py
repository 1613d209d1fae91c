"""How long an action may take: what its agent says, as a cluster's shell would configure it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ocf_py.catalogue.description import Action, Description
from ocf_py.conformance.stage import Stage
from ocf_py.conformance.subject import Subject


def make_stage(*timeouts: str) -> Stage:
    """Of an agent whose starts have these timeouts."""
    actions = tuple(Action("start", timeout, "", "", "") for timeout in timeouts)
    described = Description("Slow", "1.1", (), actions)
    return Stage(Subject("Slow", Path("/nowhere/Slow"), {}, {}, described=described))


@pytest.mark.parametrize(
    ("timeouts", "seconds"),
    [
        ((), 20),
        (("5s",), 20),
        (("60s",), 60),
        (("30", "2min"), 120),
        (("1h",), 300),
        (("soon",), 20),
    ],
)
def test_an_action_has_the_time_that_its_agent_advertises(
    timeouts: tuple[str, ...], seconds: float
) -> None:
    assert make_stage(*timeouts).timeout_of("start") == seconds
    assert make_stage(*timeouts).timeout_of("stop") == 20


def test_an_agent_that_was_not_asked_is_not_asked_for_that() -> None:
    stage = Stage(Subject("Slow", Path("/nowhere/Slow"), {}, {}))
    assert stage.timeout_of("start") == 20

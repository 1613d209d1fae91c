"""Safety rule 3: what is ours is judged by what it is; what is not is neither there nor touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import ACTIVE, STOPPED

if TYPE_CHECKING:
    from ocf_py.conformance.stage import Stage
    from ocf_py.conformance.subject import Foreign


@rule("what is foreign is 7 to a probe, and stop leaves it alone", safety=3)
def foreign_is_left_alone(stage: Stage) -> None:
    if not stage.subject.foreign:
        raise NotApplicable("nothing foreign is known for it")
    for foreign in stage.subject.foreign:
        for command in foreign.make:
            stage.run(command)
        _expect_untouched(stage, foreign, "it was made")
        for parameters in (stage.subject.parameters, {}):
            why = f"all that is there is {foreign.what}"
            stage.call("monitor", parameters, expect=STOPPED, because=why)
            _expect_untouched(stage, foreign, "a probe")
            stage.call("stop", parameters, expect=(0,), because=f"{foreign.what} is not its own")
            _expect_untouched(stage, foreign, "stop")
        for command in foreign.remove:
            stage.run(command)


@rule("what is foreign survives a start beside it and the stop after that", safety=3)
def foreign_survives_a_life(stage: Stage) -> None:
    if not stage.subject.foreign:
        raise NotApplicable("nothing foreign is known for it")
    for foreign in stage.subject.foreign:
        for command in foreign.make:
            stage.run(command)
        answer = stage.call("start")
        _expect_untouched(stage, foreign, "start")
        if answer.code == 0:
            stage.call("monitor", expect=ACTIVE, because="start said 0")
        stage.call("stop", expect=(0,), because="what is left is not its own")
        _expect_untouched(stage, foreign, "stop after a start")
        stage.call("monitor", expect=STOPPED)
        for command in foreign.remove:
            stage.run(command)


@rule("what is ours is ours, whoever started it", safety=3, library=True)
def ours_is_ours(stage: Stage) -> None:
    for looks in (False, True):
        stage.call("start", instance="somebody", expect=(0,))
        for record in stage.records():
            record.unlink()
        if looks:
            stage.call("monitor", expect=ACTIVE, because="it is there, whoever started it")
        stage.call("stop", expect=(0,))
        stage.expect_stopped(because="stop said 0")


def _expect_untouched(stage: Stage, foreign: Foreign, after: str) -> None:
    stage.expect(
        stage.holds(foreign.look), f"{foreign.what} to be there after {after}", "it has gone"
    )

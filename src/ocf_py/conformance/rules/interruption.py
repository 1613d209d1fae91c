"""An action that its caller kills on the way can be recovered from by what Pacemaker does next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ocf_py.conformance.rule import rule
from ocf_py.conformance.stage import ACTIVE, STOPPED

if TYPE_CHECKING:
    from ocf_py.conformance.stage import Stage

_MOMENTS = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the time that the action takes
_LOOKS = (0.2, 0.6)


@rule("a start that is killed on the way can be stopped, and started again")
def killed_start_recovers(stage: Stage) -> None:
    took = _measure(stage, "start")
    stage.stop()
    for moment in _MOMENTS:
        _kill(stage, "start", moment * took)
        _recover(stage, f"start was killed after {moment:.0%} of its time")


@rule("a stop that is killed on the way can be repeated")
def killed_stop_recovers(stage: Stage) -> None:
    stage.start()
    took = _measure(stage, "stop")
    for moment in _MOMENTS:
        stage.start()
        _kill(stage, "stop", moment * took)
        _recover(stage, f"stop was killed after {moment:.0%} of its time")


@rule("a monitor that is killed on the way leaves the resource as it was")
def killed_monitor_recovers(stage: Stage) -> None:
    stage.start()
    took = _measure(stage, "monitor")
    for moment in _LOOKS:
        _kill(stage, "monitor", moment * took)
        why = f"monitor was killed after {moment:.0%} of its time"
        stage.call("monitor", expect=ACTIVE, because=why)
    stage.stop()


@rule("a promote or demote that is killed on the way can be stopped, and started again")
def killed_role_change_recovers(stage: Stage) -> None:
    stage.expect_promotable()
    for action in ("promote", "demote"):
        for moment in (0.0, *_LOOKS):
            stage.start()
            if action == "demote":
                stage.call("promote", expect=(0,))
            if moment == 0.0:
                took = _measure(stage, action)
                why = f"{action} is through"
            else:
                _kill(stage, action, moment * took)
                why = f"{action} was killed after {moment:.0%} of its time"
            stage.stop(because=why)
            stage.call("monitor", expect=STOPPED, because="stop said 0")


def _measure(stage: Stage, action: str) -> float:
    """How many seconds the action takes when nobody interrupts it."""
    began = time.monotonic()
    stage.call(action)
    return time.monotonic() - began


def _kill(stage: Stage, action: str, seconds: float) -> None:
    """Calls the action, and kills its process group as Pacemaker does at a timeout."""
    stage.call(action, timeout=20, killed_after=seconds, politely=False)


def _recover(stage: Stage, why: str) -> None:
    stage.stop(because=why)
    stage.call("monitor", expect=STOPPED, because="stop said 0")
    stage.call("start", expect=(0,), because=why)
    stage.call("monitor", expect=ACTIVE, because="start said 0")
    stage.stop()

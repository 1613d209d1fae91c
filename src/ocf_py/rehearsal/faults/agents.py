"""The agents themselves are disturbed: one is slow, one is killed in the midst of a stop."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError, UnseenError
from ocf_py.rehearsal.faults.base import UNNOTICED, Fault
from ocf_py.rehearsal.faults.orders import Standby
from ocf_py.rehearsal.record import MOVES, NOBODY, STAYS, VICTIM, Expectation
from ocf_py.rehearsal.writing import Conversation

if TYPE_CHECKING:
    from ocf_py.rehearsal.scene import Scene
    from ocf_py.rehearsal.stage import Part, Stage

_SHARE = 0.5  # of a monitor's timeout
_LONGEST = 8.0
_LOOK_SECONDS = 0.01
_READY_SECONDS = 5.0  # until somebody lies in wait
_MONITOR_SECONDS = 0.5  # by then a monitor that has begun is over


class SlowMonitor(Fault):
    """Every monitor takes half of its timeout."""

    name = "slow-monitor"
    summary = "the monitor takes half of its timeout"

    def __init__(self) -> None:
        self._catcher: Conversation | None = None

    def reason_against(self, stage: Stage) -> str:
        """There is none to be slow."""
        part = stage.anchor
        if not part.agent.startswith("ocf:"):
            return f"{part.id} has no agent that could be slow"
        return "" if part.interval else f"{part.id} has no recurring monitor"

    def expect(self, scene: Scene) -> Expectation:
        """Nobody notices: a timeout is a timeout, and slow is not failed."""
        part = scene.stage.anchor
        dwell = 2 * part.interval + self._delay(scene)
        return Expectation(STAYS, UNNOTICED, NOBODY, dwell=dwell, quiet=True)

    def _delay(self, scene: Scene) -> float:
        return min(_SHARE * scene.stage.anchor.timeout, _LONGEST)

    def strike(self, scene: Scene) -> None:
        """Lie in wait."""
        self._catcher = lie_in_wait(scene, scene.stage.anchor, "monitor", str(self._delay(scene)))

    def mend(self, scene: Scene) -> None:
        """Let them be; one that is held is let go."""
        if self._catcher is not None:
            caught = self._catcher.hear_now()
            self._catcher.close()
            scene.node.run(["pkill", "-CONT", "-f", "/ocf/resource.d/"], check=False)
            if "caught" not in caught:
                raise UnseenError("no monitor was caught, so that none was slow")


class AgentKilledInStop(Fault):
    """The agent dies in the midst of a stop: the node may still have what it should have let go."""

    name = "agent-killed-in-stop"
    summary = "the agent is killed in the midst of a stop"

    def __init__(self) -> None:
        self._catcher: Conversation | None = None

    def reason_against(self, stage: Stage) -> str:
        """A unit has no agent."""
        part = stage.anchor
        return "" if part.agent.startswith("ocf:") else f"{part.id} has no agent"

    def expect(self, scene: Scene) -> Expectation:
        """A stop that failed is fenced, and only then it starts elsewhere."""
        return Expectation(MOVES, scene.stage.loss + 2 * scene.stage.starting, VICTIM, losing=True)

    def strike(self, scene: Scene) -> None:
        """Lie in wait, then have it stopped."""
        pace = str(scene.stage.pace)
        self._catcher = lie_in_wait(scene, scene.stage.anchor, "stop", "kill", pace)
        Standby().strike(scene)

    def mend(self, scene: Scene) -> None:
        """Take the node back."""
        Standby().mend(scene)
        if self._catcher is not None:
            caught = self._catcher.hear_now()
            self._catcher.close()
            if "caught" not in caught:
                raise UnseenError("the stop was over before it could be killed")


def lie_in_wait(scene: Scene, part: Part, action: str, *how: str) -> Conversation:
    """Have an action of a part's agent caught on the struck node; `how` is the catcher's."""
    catcher = Conversation(
        scene.helper("catcher", part.id, action, *how), patience=_READY_SECONDS * scene.stage.pace
    )
    said = ""
    with contextlib.suppress(TimeoutError):
        said = catcher.hear()
    if said != "ready":
        catcher.close()
        raise LabError(f"nobody lies in wait for the {action} of {part.id}")
    return catcher


def await_monitor(scene: Scene, part: Part) -> bool:
    """Return when the part's most frequent monitor has just been; LabError where none comes.

    False, and at once, for what is asked without a process, as a unit is.
    """
    if not part.agent.startswith("ocf:") or not part.soonest:
        return False
    milliseconds = f"{part.soonest * 1000:.0f}"
    catcher = lie_in_wait(scene, part, "monitor", "see", milliseconds)
    try:
        end = time.monotonic() + 2 * part.soonest + part.timeout
        while "caught" not in catcher.hear_now():
            if time.monotonic() > end:
                raise LabError(f"no monitor of {part.id} was seen")
            time.sleep(_LOOK_SECONDS)
    finally:
        catcher.close()
    time.sleep(_MONITOR_SECONDS)
    return True

"""Safety rule 5: an agent gives up, with a reason, before its caller's SIGKILL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.caller import Hold, Surroundings
from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import RECURRING

if TYPE_CHECKING:
    from ocf_py.conformance.stage import Stage

_TOLD = "300"  # ms: the timeout that the agent is told; it gives up 75 ms before at the latest
_HELD = 0.3  # seconds: past that by then


@rule(
    "an action that is held up past its deadline ends with 1 and a reason", safety=5, library=True
)
def late_action_gives_up(stage: Stage) -> None:
    late = Surroundings(hold=Hold("alarm", _HELD))
    told: dict[str, str | None] = {"OCF_RESKEY_CRM_meta_timeout": _TOLD}
    for action, interval in (("start", 0), ("monitor", 0), ("monitor", RECURRING), ("stop", 0)):
        answer = stage.call(
            action, interval_ms=interval, environment=told, surroundings=late, expect=(1,),
            because="its deadline has passed",
        )  # fmt: skip
        stage.expect(answer.held, "the deadline to be armed (SIGALRM)", "no handler", answer)
        if action == "start":
            stage.start()  # so that there is something to look at and to stop
    stage.stop()
    stage.expect_stopped()


@rule("an action that hangs ends by itself, with 1 and a reason, before the timeout", safety=5)
def hanging_action_gives_up(stage: Stage) -> None:
    if not stage.subject.hangs:
        raise NotApplicable("no parameters are known that make it hang")
    for number, hangs in enumerate(stage.subject.hangs):
        parameters = {**stage.subject.parameters, **hangs}
        for action in ("start",) if number else ("start", "monitor", "stop"):
            answer = stage.call(action, parameters, timeout=2, expect=(1,), because=f"{hangs}")
            stage.expect(
                not answer.left, f"nothing of {action} to go on after it gave up", str(answer.left)
            )


@rule("the deadline counts from the start of the process, not of Python", safety=5)
def deadline_counts_from_the_process(stage: Stage) -> None:
    if not stage.subject.hangs:
        raise NotApplicable("no parameters are known that make it hang")
    parameters = {**stage.subject.parameters, **stage.subject.hangs[0]}
    slow = Surroundings(hold=Hold("exec", 2.1))
    stage.call(
        "start", parameters, timeout=3, surroundings=slow, expect=(1,),
        because="2.1 of its 3 s had gone before its first line ran",
    )  # fmt: skip


@rule("without a caller's timeout, the advertised one holds", safety=5, library=True)
def advertised_timeout_holds(stage: Stage) -> None:
    absent: dict[str, str | None] = {"OCF_RESKEY_CRM_meta_timeout": None}
    for timeout in (absent, {"OCF_RESKEY_CRM_meta_timeout": "soon"}):
        answer = stage.call(
            "start", environment=timeout, surroundings=Surroundings(hold=Hold("alarm", 0))
        )
        stage.expect(answer.held, "the deadline to be armed (SIGALRM)", "no handler", answer)
        stage.expect(answer.code == 0, "start to have time", "", answer)
        stage.stop()

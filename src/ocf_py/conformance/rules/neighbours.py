"""Two instances at once, on one node: OCF 1.1 says that an agent is not to think itself alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from ocf_py.conformance.caller import Caller
from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import ACTIVE, STOPPED

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ocf_py.conformance.caller import Answer
    from ocf_py.conformance.stage import Stage

_ROUNDS = 3
_TIMEOUT = 20.0  # seconds


@rule("two instances, started and stopped at the same moment, do not get in each other's way")
def instances_live_side_by_side(stage: Stage) -> None:
    if not stage.subject.other and not stage.subject.is_known_by_name:
        raise NotApplicable("no second identity is given")
    others = {**stage.subject.parameters, **stage.subject.other}
    if others == stage.subject.parameters and stage.subject.parameters:
        raise NotApplicable("no second identity is given")
    instances = ((stage.subject.instance, stage.subject.parameters), ("neighbour", others))
    second = Caller(stage.caller.sandbox, stage.subject, role="second")
    callers = (stage.caller, second)
    try:
        for _ in range(_ROUNDS):
            _ask_both(stage, callers, instances, "start", (0,))
            _ask_both(stage, callers, instances, "monitor", ACTIVE)
            stage.stop()
            stage.call("monitor", expect=STOPPED, because="stop said 0")
            name, parameters = instances[1]
            why = "it is another instance that was stopped"
            stage.call("monitor", parameters, instance=name, expect=ACTIVE, because=why)
            stage.start()
            _ask_both(stage, callers, instances, "stop", (0,))
            _ask_both(stage, callers, instances, "monitor", STOPPED)
    finally:
        second.close()


def _ask_both(
    stage: Stage,
    callers: tuple[Caller, Caller],
    instances: tuple[tuple[str, Mapping[str, str]], ...],
    action: str,
    expect: Collection[int],
) -> None:
    """Calls both instances' action at the same moment."""

    def ask(caller: Caller, name: str, parameters: Mapping[str, str]) -> None:
        variables = caller.environment(
            parameters, instance=name, interval_ms=0, timeout=_TIMEOUT, level="", action=action
        )
        answers.append(caller.call((action,), variables, timeout=_TIMEOUT))

    answers: list[Answer] = []
    with ThreadPoolExecutor(len(callers)) as pool:
        asked = [pool.submit(ask, one, *who) for one, who in zip(callers, instances)]
        for one in asked:
            one.result()
    for answer in answers:
        stage.judge(answer, expect=expect, because=f"both are asked to {action} at the same moment")

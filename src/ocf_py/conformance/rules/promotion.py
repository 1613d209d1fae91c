"""Roles, and safety rule 12: the promotion score is set before an action returns."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import PROMOTED, RECURRING, STOPPED, UNPROMOTED

if TYPE_CHECKING:
    from ocf_py.conformance.stage import Stage

_NEVER = ("-INFINITY", "-1000000")

_DYING = 5.0  # seconds


@rule(
    "promote ends promoted (8), demote and start unpromoted (0), each however often", machine=True
)
def roles(stage: Stage) -> None:
    stage.expect_promotable()
    for _ in range(2):
        stage.start()
        stage.call("monitor", expect=UNPROMOTED, because="start ends unpromoted")
    for _ in range(2):
        stage.call("promote", expect=(0,))
        stage.call("monitor", expect=PROMOTED)
        stage.call("monitor", expect=PROMOTED, interval_ms=RECURRING)
    for _ in range(2):
        stage.call("demote", expect=(0,))
        stage.call("monitor", expect=UNPROMOTED)
    stage.call("promote", expect=(0,))
    stage.start()
    stage.call("monitor", expect=UNPROMOTED, because="a start of what is promoted demotes it")
    stage.call("promote", expect=(0,))
    stage.stop()
    stage.expect_stopped(because="a promoted instance can be stopped")


@rule("promote and demote of what is stopped fail and start nothing", machine=True)
def roles_of_the_stopped(stage: Stage) -> None:
    stage.expect_promotable()
    for action in ("promote", "demote"):
        stage.call(action, expect=(1, 7), because="it does not run")
        stage.expect_stopped(because=f"{action} starts nothing")


@rule("demote and stop of what is promoted need no usable parameter", safety=1, library=True)
def demote_needs_no_parameters(stage: Stage) -> None:
    stage.expect_promotable()
    stage.start()
    stage.call("promote", expect=(0,))
    stage.call("monitor", stage.unusable, expect=PROMOTED)
    stage.call("demote", stage.unusable, expect=(0,))
    stage.call("monitor", expect=UNPROMOTED)
    stage.call("promote", stage.unusable, expect=(0,))
    stage.stop({})
    stage.expect_stopped()


@rule("start, probe and monitor of what is active set its score", safety=12)
def score_is_set(stage: Stage) -> None:
    stage.expect_promotable()
    stage.call("monitor", expect=STOPPED)
    scores = stage.tools.take_scores()
    stage.expect(not scores, "no score where nothing runs", str(scores))
    stage.start()
    _expect_score(stage, "start")
    # Without a start record, what is not told what it is finds nothing.
    unusable = () if stage.subject.is_known_by_name else (stage.unusable,)
    for parameters in (stage.subject.parameters, *unusable):
        for role in ("unpromoted", "promoted"):
            for interval in (0, RECURRING):
                stage.call("monitor", parameters, interval_ms=interval)
                _expect_score(stage, f"monitor (interval {interval} ms) of what is {role}")
            if role == "unpromoted":
                stage.call("promote", expect=(0,))
                _expect_score(stage, "promote")
        stage.call("demote", expect=(0,))
        _expect_score(stage, "demote")


@rule("stop deletes the score, and only stop does", safety=12)
def score_is_deleted_by_stop(stage: Stage) -> None:
    stage.expect_promotable()
    for parameters in (stage.subject.parameters, {}):
        stage.start()
        scores = stage.tools.take_scores()
        stage.expect("deleted" not in scores, "start to delete no score", str(scores))
        stage.stop(parameters)
        scores = stage.tools.take_scores()
        stage.expect(scores[-1:] == ["deleted"], "stop to delete the score", str(scores))


@rule("a promote that refuses has set its score to -INFINITY before it returns", safety=12)
def refused_promote_steps_back(stage: Stage) -> None:
    stage.expect_promotable()
    if not stage.subject.forbid_promotion:
        raise NotApplicable("no way is known to have it refuse a promote")
    stage.start()
    for command in stage.subject.forbid_promotion:
        stage.run(command)
    stage.tools.take_scores()
    answer = stage.call("promote")
    stage.expect(answer.code not in (0, 7), "promote to be refused", "", answer)
    scores = stage.tools.take_scores()
    stage.expect(bool(scores) and scores[-1] in _NEVER, "the score -INFINITY", str(scores), answer)
    stage.call("monitor", expect=UNPROMOTED)


@rule("a cluster that does not answer holds no action up past its deadline", safety=12)
def score_does_not_hang(stage: Stage) -> None:
    stage.expect_promotable()
    stage.start()
    stage.tools.hang()
    for action, interval in (("monitor", 0), ("monitor", RECURRING), ("stop", 0)):
        answer = stage.call(action, interval_ms=interval, timeout=2, politely=False)
        stage.expect(not answer.timed_out, f"{action} to give up by itself", "", answer)
        left = _list_living(stage, answer.left)
        stage.expect(not left, "the tool that hangs to be ended", str(left), answer)
    stage.tools.obey()
    stage.expect_stopped(because="stop ends the resource before it asks the cluster anything")


@rule("a cluster that cannot be asked makes no action fail", safety=12)
def score_that_fails_is_no_failure(stage: Stage) -> None:
    stage.expect_promotable()
    stage.tools.refuse()
    stage.start()
    stage.call("monitor", expect=UNPROMOTED)
    stage.call("promote", expect=(0,))
    stage.call("monitor", expect=PROMOTED, interval_ms=RECURRING)
    stage.call("demote", expect=(0,))
    stage.stop()
    stage.expect_stopped()


def _expect_score(stage: Stage, action: str) -> None:
    scores = stage.tools.take_scores()
    stage.expect(
        bool(scores) and scores[-1] != "deleted", f"{action} to set the score", str(scores)
    )


def _list_living(stage: Stage, pids: tuple[int, ...]) -> list[int]:
    """Who of these is left; one that was killed may still be dying, on a busy machine."""
    end = time.monotonic() + _DYING
    while (left := sorted(set(pids) & set(stage.processes()))) and time.monotonic() < end:
        time.sleep(0.02)
    return left

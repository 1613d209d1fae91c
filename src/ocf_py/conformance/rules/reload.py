"""Safety rule 9: reload-agent hears what changed, and nothing is interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import RECURRING, UNPROMOTED
from ocf_py.outcomes import Misconfigured

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocf_py.conformance.stage import Stage

_GARBAGE = "neither a word nor a number"


@rule(
    "reload-agent takes over reloadable parameters, and only what changed is told",
    safety=9,
    machine=True,
)
def reload_takes_changes_over(stage: Stage) -> None:
    changed = _changed(stage)
    stage.start()
    if stage.subject.heard:
        stage.call("reload-agent", expect=(0,), because="nothing has changed")
        took_over = stage.holds(stage.subject.heard)
        stage.expect(not took_over, "no news of a change", "it took one over")
    before = set(stage.processes())
    stage.call("reload-agent", changed, expect=(0,))
    gone = before - set(stage.processes())
    stage.expect(not gone, "nothing to be interrupted", f"{gone} ended")
    stage.call("monitor", changed, expect=UNPROMOTED)
    if stage.subject.heard:
        stage.expect(stage.holds(stage.subject.heard), "the change to be taken over", "it was not")
    stage.stop(changed)
    stage.expect_stopped(changed)


@rule(
    "reload-agent records what it took over, and a second one finds nothing changed",
    safety=9,
    library=True,
)
def reload_is_recorded(stage: Stage) -> None:
    changed = _changed(stage)
    stage.start()
    (record,) = stage.records()
    before = record.read_text()
    stage.call("reload-agent", changed, expect=(0,))
    for name in stage.subject.change:
        line = f"parameter {name}={changed[name]}\n"
        stage.expect(line in record.read_text(), f"the record to say {line!r}", record.read_text())
    stage.call("reload-agent", expect=(0,))
    stage.expect(record.read_text() == before, "the record to follow back", record.read_text())


@rule("reload-agent of what is not reloadable is 1, and the resource goes on", safety=9)
def reload_refuses_a_restart(stage: Stage) -> None:
    if "reload-agent" not in stage.description.action_names or not stage.subject.other:
        raise NotApplicable("advertises no reload-agent, or has no second identity")
    stage.start()
    stage.call("reload-agent", stage.subject.other, expect=(1,))
    stage.expect_active()
    if not stage.subject.is_known_by_name:  # by that name, something does run
        stage.expect_stopped(stage.subject.other)


@rule(
    "reload-agent with values that cannot be used interrupts nothing, and monitor tells of them",
    safety=9,
    library=True,
)
def reload_keeps_what_runs(stage: Stage) -> None:
    unusable = [*_unusable(stage)]
    if not unusable:
        raise NotApplicable("advertises no reload-agent, or takes every value of what it reloads")
    stage.start()
    (record,) = stage.records()
    before, processes = _parameters(record), set(stage.processes())
    for name, parameters in unusable:
        stage.call("reload-agent", parameters, expect=(0,), because="1 would stop it everywhere")
        answer = stage.call("monitor", parameters, interval_ms=RECURRING, expect=UNPROMOTED)
        is_told = name in answer.reason or stage.description.is_promotable
        stage.expect(is_told, f"a monitor that names {name}", "", answer)
        stage.expect(_parameters(record) == before, "the record as it was", record.read_text())
    gone = processes - set(stage.processes())
    stage.expect(not gone, "nothing to be interrupted", f"{gone} ended")
    stage.call("reload-agent", expect=(0,))
    answer = stage.call("monitor", interval_ms=RECURRING, expect=UNPROMOTED)
    stage.expect(not answer.reason, "nothing to be told any more", "", answer)
    stage.stop()


def _parameters(record: Path) -> list[str]:
    return [line for line in record.read_text().splitlines() if line.startswith("parameter ")]


def _unusable(stage: Stage) -> Iterator[tuple[str, dict[str, str]]]:
    """Yields the subject's parameters with a reloadable one of them refused, and its name."""
    if "reload-agent" not in stage.description.action_names:
        return
    for one in stage.description.parameters:
        parameters = {**stage.subject.parameters, one.name: _GARBAGE}
        if (
            one.reloadable
            and stage.call("validate-all", parameters, because="").code == Misconfigured.code
        ):
            yield one.name, parameters


def _changed(stage: Stage) -> dict[str, str]:
    if "reload-agent" not in stage.description.action_names:
        raise NotApplicable("advertises no reload-agent")
    if not stage.subject.change:
        raise NotApplicable("no reloadable change is given")
    return {**stage.subject.parameters, **stage.subject.change}

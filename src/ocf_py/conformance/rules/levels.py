"""Safety rule 7: a check level that is not implemented falls to the next lower one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.caller import Surroundings
from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import ACTIVE, RECURRING, STOPPED

if TYPE_CHECKING:
    from ocf_py.conformance.stage import Stage

_LEVELS = ("0", "5", "10", "20", "99", "x", "-1", "1e9")
_DEEP = ("10", "20", "99")  # what an agent may have without saying so, for whatever purpose
_LOOKING = ("10", "20", "99")


@rule("monitor takes every level, and falls to the next lower one", safety=7, machine=True)
def monitor_takes_every_level(stage: Stage) -> None:
    for level in _list_levels(stage):
        stage.call("monitor", level=level, expect=STOPPED, because=f"level {level}")
    stage.start()
    for level in _list_levels(stage):
        stage.call("monitor", level=level, expect=ACTIVE, because=f"level {level}")
        stage.call("monitor", level=level, expect=ACTIVE, interval_ms=RECURRING)


@rule("validate-all takes every level", safety=7, machine=True)
def validation_takes_every_level(stage: Stage) -> None:
    for level in _list_levels(stage):
        stage.call("validate-all", level=level, expect=(0,), because=f"level {level}")


@rule("validate-all reads nothing of the machine below level 10", safety=7, library=True)
def validation_looks_at_words_alone(stage: Stage) -> None:
    nowhere = Surroundings(hide=("/proc", "/sys", "/run"), no_network=True)
    empty: dict[str, str | None] = {"PATH": "/nonexistent"}
    for level in ("", "0", "5"):
        stage.call(
            "validate-all", level=level, surroundings=nowhere, environment=empty, expect=(0,),
            because="the parameters are right in form",
        )  # fmt: skip
        for parameters in _unusable(stage):
            stage.call("validate-all", parameters, level=level, expect=(0,))


@rule(
    "what is unusable on this node is 2 or 5 from level 10 on, and from start, without effect",
    safety=7,
)
def unusable_here_is_told(stage: Stage) -> None:
    if not stage.subject.unusable_here:
        raise NotApplicable("no parameters are known that are unusable in the sandbox alone")
    for parameters in _unusable(stage):
        for level in _LOOKING:
            stage.call("validate-all", parameters, level=level, expect=(2, 5))
        stage.call("start", parameters, expect=(2, 5))
        stage.expect(not stage.records(), "a refused start to record nothing", str(stage.records()))
        stage.expect_stopped()
        stage.call("monitor", parameters, expect=STOPPED)
        stage.call("stop", parameters, expect=(0,))


def _unusable(stage: Stage) -> list[dict[str, str]]:
    return [{**stage.subject.parameters, **here} for here in stage.subject.unusable_here]


def _list_levels(stage: Stage) -> list[str]:
    """The levels to ask for: of an agent that nobody knows, those that nothing is behind."""
    if not stage.subject.is_known_by_name:
        return list(_LEVELS)
    depths = {one.depth for one in stage.description.actions if one.name == "monitor" and one.depth}
    return [level for level in _LEVELS if level not in _DEEP or level in depths]

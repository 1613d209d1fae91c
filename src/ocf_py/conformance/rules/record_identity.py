"""Safety rule 2, which record: one an instance, and what a second identity means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.rule import NotApplicable, rule
from ocf_py.conformance.stage import ACTIVE, RECURRING

if TYPE_CHECKING:
    from ocf_py.conformance.stage import Stage

_NAMES = (
    "vip",
    "vip:0",
    "vip:1",
    "vip%3A0",
    "VIP",
    "../vip",
    "..",
    ".",
    "a b",
    "a\nb",
    "a/b",
    "\u00e4\u00f6",
    "x" * 300,
    "x" * 299 + "y",
    "\u00e4" * 150 + "z",
)


@rule("no two instances share a record, whatever their names", safety=2, library=True)
def instances_do_not_collide(stage: Stage) -> None:
    around = {path.name for path in stage.path("/run").iterdir()}
    for number, name in enumerate(_NAMES, 1):
        stage.call("start", instance=name, expect=(0,))
        found = len(stage.records())
        stage.expect(
            found == number, f"a record of its own for {name[:40]!r}", f"{found} for {number} names"
        )
    new = {path.name for path in stage.path("/run").iterdir()} - around - {"ocfpy"}
    stage.expect(
        not any("vip" in name for name in new), "records in /run/ocfpy alone", f"also {new}"
    )
    for number, name in enumerate(_NAMES, 1):
        stage.call("stop", {}, instance=name, expect=(0,))
        found = len(stage.records())
        stage.expect(
            found == len(_NAMES) - number, f"stop of {name[:40]!r} to remove its record", str(found)
        )
    stage.expect_stopped()


@rule("a start of another identity stops the recorded one first", safety=2, library=True)
def start_ends_another_identity(stage: Stage) -> None:
    other = _other(stage)
    stage.start()
    stage.call("start", other, expect=(0,))
    stage.expect_active(other)
    stage.expect_stopped(because="start with other parameters ends what it was before")
    stage.stop({})
    stage.expect_stopped(other, because="stop without parameters follows the newest record")


@rule(
    "a probe that finds the recorded identity alive under changed parameters is 1",
    safety=2,
    library=True,
)
def probe_tells_of_another_identity(stage: Stage) -> None:
    other = _other(stage)
    stage.start()
    stage.call("monitor", other, expect=(1,), because="something else of this resource runs")
    stage.call(
        "monitor", other, interval_ms=RECURRING, expect=(1, 7), because="this identity is not up"
    )
    stage.stop()
    stage.call("monitor", other, expect=(7,))


@rule("stop follows the record, then the environment", safety=2, library=True)
def stop_follows_both(stage: Stage) -> None:
    other = _other(stage)
    stage.start()
    stage.call("start", other, instance="neighbour", expect=(0,))
    stage.call("stop", other, expect=(0,))
    stage.expect_stopped(because="it is what the record holds")
    stage.expect_stopped(other, because="it is what stop was asked for")


@rule("monitor follows the environment where that is usable", safety=2, library=True)
def monitor_follows_environment(stage: Stage) -> None:
    other = _other(stage)
    stage.start()
    stage.call("start", other, instance="neighbour", expect=(0,))
    stage.call("monitor", other, interval_ms=RECURRING, expect=ACTIVE)
    stage.call("stop", other, instance="neighbour", expect=(0,))
    stage.call("monitor", other, interval_ms=RECURRING, expect=(1, 7))
    stage.call("monitor", expect=ACTIVE)


def _other(stage: Stage) -> dict[str, str]:
    if not stage.subject.other:
        raise NotApplicable("has no second identity")
    return dict(stage.subject.other)

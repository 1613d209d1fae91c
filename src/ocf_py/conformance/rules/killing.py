"""Safety rule 4: only a process that is proven ours is killed, by pid and start time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocf_py.conformance.caller import SpawnerDied
from ocf_py.conformance.rule import NotApplicable, rule

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocf_py.conformance.stage import Stage

_IDENTITY = re.compile(r"^(fact [^=]+=)(\d+):(\d+)$", re.MULTILINE)


@rule("a stranger that has the pid of a recorded process survives stop", safety=4, library=True)
def stranger_with_the_pid_survives(stage: Stage) -> None:
    stage.start()
    _expect_process(stage)
    stage.stop()
    stranger = stage.spawn_stranger()
    for ticks in (1, _start_time(stage, stranger) - 1, _start_time(stage, stranger) + 1):
        stage.start()
        _point(_record(stage), f"{stranger}:{ticks}")
        stage.call("stop", {}, expect=(0, 1))
        stage.expect(
            stranger in stage.processes(),
            "a process that only has the recorded pid to survive stop",
            f"{stranger} was killed for {stranger}:{ticks}",
        )
        _clear(stage, keep=stranger)


@rule(
    "init and an ancestor of the agent survive stop, even where a record names them",
    safety=4,
    library=True,
)
def ancestors_survive(stage: Stage) -> None:
    stage.start()
    _expect_process(stage)
    stage.stop()
    for pid in _ancestors(stage):
        stage.start()
        ticks = _start_time(stage, pid)
        _point(_record(stage), f"{pid}:{ticks}")
        try:
            stage.call("stop", {}, expect=(0, 1))
        except SpawnerDied as died:
            stage.fail("the parent of the agent to survive its stop", str(died))
        stage.expect(
            _start_time(stage, pid) == ticks, f"pid {pid}, an ancestor, to survive", "it is gone"
        )
        _clear(stage, keep=pid)


def _expect_process(stage: Stage) -> None:
    if not any(_IDENTITY.search(record.read_text()) for record in stage.records()):
        raise NotApplicable("its record names no process")


def _record(stage: Stage) -> Path:
    (record,) = stage.records()
    return record


def _point(record: Path, identity: str) -> None:
    record.write_text(_IDENTITY.sub(rf"\g<1>{identity}", record.read_text()))


def _clear(stage: Stage, keep: int) -> None:
    """Ends what a misled stop may have left, so that the next round begins with nothing."""
    for record in stage.records():
        record.unlink()
    stage.call("stop")
    stage.end_processes(keep)


def _ancestors(stage: Stage) -> Iterator[int]:
    yield stage.spawner_pid
    yield 1


def _start_time(stage: Stage, pid: int) -> int:
    """Clock ticks since boot; -1 if there is no such process (proc(5))."""
    try:
        stat = stage.path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return -1
    return int(stat.rpartition(")")[2].split()[19])

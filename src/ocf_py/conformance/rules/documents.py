"""Safety rule 8: meta-data is one valid document, to whoever asks from wherever."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ocf_py.catalogue import schema
from ocf_py.catalogue.description import UnreadableDescription, parse_description
from ocf_py.conformance.caller import NOBODY, PATH, Surroundings
from ocf_py.conformance.rule import rule
from ocf_py.validation.agents.judge import judge_document
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ocf_py.conformance.caller import Answer
    from ocf_py.conformance.stage import Stage


@rule("meta-data is valid against the schema of its OCF version, and holds no error", machine=True)
def metadata_is_valid(stage: Stage) -> None:
    answer = stage.call("meta-data", expect=(0,))
    found = judge_document(os.fsencode(answer.stdout), str(stage.subject.executable))
    bad = [one for one in found if one.severity is Severity.ERROR or one.check == "schema"]
    problems = "; ".join(f"line {one.line}: {one.subject} {one.message}" for one in bad)
    stage.expect(not bad, "a valid document", problems, answer)
    name = stage.description.name
    stage.expect(name == stage.subject.type, f"the name {stage.subject.type}", name, answer)


@rule("meta-data carries a DTD that it is valid against, which ocf-tester asks for", machine=True)
def metadata_carries_its_dtd(stage: Stage) -> None:
    answer = stage.call("meta-data", expect=(0,))
    problems = schema.check_own_dtd(answer.stdout)
    stage.expect(not problems, "a document valid by its own DTD", "; ".join(problems), answer)


@rule(
    "monitors of one resource differ in their intervals, by which Pacemaker tells them apart",
    machine=True,
)
def monitors_differ(stage: Stage) -> None:
    intervals = [
        one.interval for one in stage.description.actions if one.name == "monitor" and one.interval
    ]
    stage.expect(len(intervals) == len(set(intervals)), "different intervals", " ".join(intervals))


@rule(
    "meta-data works for anybody, on a read-only system and without a log", safety=8, machine=True
)
def metadata_works_for_anybody(stage: Stage) -> None:
    nobody = NOBODY if os.geteuid() == 0 else 0
    plain = {"OCF_ROOT": "/usr/lib/ocf", "PATH": PATH}
    unwritable = {"HA_LOGFILE": "/nonexistent/log", "HA_DEBUGLOG": "/nonexistent/log"}
    for surroundings in (Surroundings(user=nobody), Surroundings(user=nobody, close=(0,))):
        for variables in (plain, {**plain, **unwritable}):
            _expect_document(stage, variables, surroundings)
    if nobody:
        _expect_document(stage, plain, Surroundings(user=nobody, read_only=("/",)))


@rule(
    "meta-data works for anybody, with nothing, on a read-only system, and writes nothing",
    safety=8,
    library=True,
)
def metadata_needs_nothing(stage: Stage) -> None:
    expected = stage.call("meta-data", expect=(0,)).stdout
    before = _snapshot(stage)
    for surroundings in (
        Surroundings(user=NOBODY),
        Surroundings(user=NOBODY, close=(0,)),
        Surroundings(close=(0, 2)),
        Surroundings(read_only=("/",)),
        Surroundings(hide=("/proc", "/sys", "/run"), no_network=True),
        Surroundings(user=NOBODY, open_files=12, stray_handles=tuple(range(3, 10))),
    ):
        for variables in ({}, {"PATH": ""}, {"OCF_ROOT": "/nonexistent", "HA_LOGFILE": "/x/y"}):
            answer = stage.ask(("meta-data",), variables, expect=(0,), surroundings=surroundings)
            _expect_same(stage, answer, expected)
    answer = stage.call("meta-data", {}, instance="", surroundings=Surroundings(user=NOBODY))
    _expect_same(stage, answer, expected)
    changed = before ^ _snapshot(stage)
    stage.expect(not changed, "meta-data to write nothing", str(sorted(changed)[:5]))


def _expect_document(
    stage: Stage, variables: Mapping[str, str], surroundings: Surroundings
) -> None:
    answer = stage.ask(("meta-data",), variables, expect=(0,), surroundings=surroundings)
    try:
        parse_description(answer.stdout.encode("utf-8", "surrogateescape"))
    except UnreadableDescription as problem:
        stage.fail("a document", str(problem), answer)


def _expect_same(stage: Stage, answer: Answer, expected: str) -> None:
    same = answer.stdout == expected
    stage.expect(same, "the same document as ever", answer.stdout[:300], answer)
    stage.expect(not answer.stderr, "nothing on stderr", "", answer)


def _snapshot(stage: Stage) -> set[tuple[str, float]]:
    """Every path where the agent lives and where agents write, with its time of change."""
    places = (
        *_installed(stage.subject.executable),
        stage.path("/run"),
        stage.path("/var/lib/heartbeat"),
    )
    return {
        (str(path), path.lstat().st_mtime)
        for place in places
        for path in (place, *place.rglob("*"))
        if path.exists()
    }


def _installed(executable: Path) -> tuple[Path, ...]:
    """The folder of the agent and that of its library beside it, if it has one."""
    provider = executable.parent
    library = provider.parent.parent / "lib" / provider.name
    return (provider, library) if library.is_dir() else (provider,)

"""What a call may change, and what its answer may say, whatever its environment was."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from ocf_py.conformance.manners import Problem, find_bad_manners
from ocf_py.conformance.stage import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.conformance.caller import Answer
    from ocf_py.conformance.fuzz.cases import Case
    from ocf_py.conformance.fuzz.witness import Change

#: Actions that must change nothing, wherever and whatever they are asked.
LOOKS = frozenset(("monitor", "status", "validate-all", "meta-data"))
#: What a start answers that does not even begin.
REFUSED = frozenset((2, 3, 4, 5, 6))
#: The start record (safety rule 2), and the folder that holds it: root's alone.
_RECORDS = "path /run/ocfpy/"
_RECORD_FOLDER = "path /run/ocfpy"
_PRIVATE_FOLDER, _PRIVATE_FILE = "folder 0700 of 0:0", "file 0600 of 0:0"
# How the runner tells of an exception that nobody foresaw: a traceback in one line.
_UNFORESEEN = re.compile(r"unexpected \w+(?:: |$)")


def find_faults(answer: Answer, case: Case | None) -> Iterator[Problem]:
    """What is wrong with an answer in itself; `case` is None for a call in which nothing is odd."""
    yield from find_bad_manners(answer)
    if "Traceback (most recent call last)" in answer.stdout:
        yield Problem("no traceback on stdout", repr(answer.stdout[-300:]))
    if _UNFORESEEN.match(answer.reason):
        yield Problem("no exception that nobody foresaw", repr(answer.reason))
    if case is None or not case.is_strained:
        yield from _judge_code(answer, case)


def _judge_code(answer: Answer, case: Case | None) -> Iterator[Problem]:
    """Actions whose answer is the same whatever the parameters are."""
    if answer.action == "meta-data" and answer.code != 0:
        yield Problem("meta-data to work in any environment", answer.outcome)
    if answer.action == "validate-all" and answer.code != 0 and (case is None or case.is_valid):
        yield Problem("validate-all to find nothing wrong with valid parameters", answer.outcome)


def is_record(change: Change, *, of: str) -> bool:
    """Whether the change is a start record that an agent of this type writes, or its folder."""
    if change.after is None:
        return False
    if change.thing == _RECORD_FOLDER:
        return change.before is None and change.after == _PRIVATE_FOLDER
    return change.thing.startswith(f"{_RECORDS}{of}.") and change.after.startswith(_PRIVATE_FILE)


def is_record_folder(change: Change) -> bool:
    """Whether the change is the folder of the records alone, which a stop leaves."""
    return change.thing == _RECORD_FOLDER and is_record(change, of="")


def is_new_folder(change: Change) -> bool:
    """Whether the change is a folder that was made; what is in it is a change of its own."""
    is_path = change.thing.startswith("path ")
    return is_path and change.before is None and (change.after or "").startswith("folder ")


def is_trace(change: Change, answer: Answer) -> bool:
    """Whether the change is the trace that the call's own variables asked for."""
    named = {
        os.path.normpath(answer.environment[name])
        for name in ("OCF_RESKEY_trace_file", "OCF_TRACE_FILE")
        if answer.environment.get(name)
    }
    return change.after is not None and change.thing.removeprefix("path ") in named


def list_unlawful(
    answer: Answer, changes: list[Change], *, type_name: str, is_strained: bool
) -> list[Change]:
    """Which of the changes may not come from an action that must change nothing.

    A monitor that finds the resource active may record it, so that a stop finds it too; where the
    environment ``is_strained``, its time may be over right after that.
    """
    codes = ACTIVE | {1} if is_strained else ACTIVE
    adopts = answer.action == "monitor" and answer.code in codes
    return [
        one
        for one in changes
        if not (is_trace(one, answer) or (adopts and is_record(one, of=type_name)))
    ]

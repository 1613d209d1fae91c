"""What every answer owes its caller, whatever was asked under whatever circumstances."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.conformance.caller import Answer

#: OCF 1.1, "Exit status codes", with Pacemaker's degraded ones. Others are folded to 1.
CODES = frozenset((*range(10), 190, 191))
_NEED_REASON = frozenset((1, 2, 3, 4, 5, 6, 9))
_HARD = frozenset((2, 5, 6))
_NEVER_HARD = ("stop", "monitor")
_UNIMPLEMENTED = 3
_STDERR = 2

#: Each manner by its id, in a sentence.
MANNERS = {
    "ends-by-itself": "every action ends by itself before its timeout",
    "known-code": "every exit code is one that OCF has",
    "never-hard": "stop and monitor never answer 2, 5 or 6",
    "quiet-output": "nothing is on stdout but from meta-data",
    "quiet-refusal": "an action that is not there prints no usage",
    "no-traceback": "no traceback is on stderr",
    "output-is-closed": "the agent's output is closed once it has ended",
    "reason-is-given": "a code that tells of a failure has an exit reason",
    "refusal-has-a-reason": "an action that is not there has an exit reason",
    "reason-is-text": "an exit reason is text without control characters",
    "one-reason": "an answer has one exit reason",
    "silent-validation": "a validate-all that finds nothing wrong is silent",
}

#: Those that are about the code alone.
OF_THE_CODE = frozenset(("ends-by-itself", "known-code", "never-hard"))


class Problem(NamedTuple):
    """What an answer should have been and was not; `manner` is the one of MANNERS, if any."""

    expected: str
    seen: str
    manner: str = ""


def find_bad_manners(answer: Answer) -> Iterator[Problem]:
    """Yields what is wrong with an answer in itself."""
    if answer.code is None:
        yield Problem(
            "the agent to end by itself before its timeout", answer.outcome, "ends-by-itself"
        )
    elif answer.code not in CODES:
        yield Problem("an exit code that OCF has", str(answer.code), "known-code")
    if answer.code in _HARD and answer.action in _NEVER_HARD:
        yield Problem(
            f"{answer.action} never to answer 2, 5 or 6, which ban the resource or fence the node",
            answer.outcome,
            "never-hard",
        )
    if answer.stdout and answer.action != "meta-data":
        refused = answer.code == _UNIMPLEMENTED
        seen = repr(answer.stdout[:200])
        yield Problem(
            "nothing on stdout but from meta-data",
            seen,
            "quiet-refusal" if refused else "quiet-output",
        )
    if "Traceback (most recent call last)" in answer.stderr:
        yield Problem("no traceback on stderr", repr(answer.stderr[-300:]), "no-traceback")
    if answer.kept_open:
        yield Problem(
            "the agent's output to be closed once it has ended",
            "some process that it left behind keeps it open, and its caller waiting",
            "output-is-closed",
        )
    if _STDERR not in answer.surroundings.close:
        yield from _judge_reason(answer)


def _judge_reason(answer: Answer) -> Iterator[Problem]:
    marks = answer.stderr.count("ocf-exit-reason:")
    said = repr(answer.stderr[-300:])
    if answer.code in _NEED_REASON and not answer.reason:
        refused = answer.code == _UNIMPLEMENTED
        manner = "refusal-has-a-reason" if refused else "reason-is-given"
        yield Problem(f"a reason beside the code {answer.code}", said, manner)
    # Lone surrogates stand for bytes that are no UTF-8, which no XML can hold.
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in answer.reason):
        yield Problem("a reason without control characters", repr(answer.reason), "reason-is-text")
    if marks > 1:
        yield Problem("one reason", f"{marks} of them: {said}", "one-reason")
    if answer.code == 0 and answer.action == "validate-all" and answer.stderr:
        yield Problem(
            "a successful validate-all to be silent: pcs shows stderr as a warning",
            said,
            "silent-validation",
        )

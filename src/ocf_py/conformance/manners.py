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
_STDERR = 2


class Problem(NamedTuple):
    """What an answer should have been and was not."""

    expected: str
    seen: str


def find_bad_manners(answer: Answer) -> Iterator[Problem]:
    """Yields what is wrong with an answer in itself."""
    if answer.code is None:
        yield Problem("the agent to end by itself before its timeout", answer.outcome)
    elif answer.code not in CODES:
        yield Problem("an exit code that OCF has", str(answer.code))
    if answer.code in _HARD and answer.action in _NEVER_HARD:
        yield Problem(
            f"{answer.action} never to answer 2, 5 or 6, which ban the resource or fence the node",
            answer.outcome,
        )
    if answer.stdout and answer.action != "meta-data":
        yield Problem("nothing on stdout but from meta-data", repr(answer.stdout[:200]))
    if "Traceback (most recent call last)" in answer.stderr:
        yield Problem("no traceback on stderr", repr(answer.stderr[-300:]))
    if answer.kept_open:
        yield Problem(
            "the agent's output to be closed once it has ended",
            "some process that it left behind keeps it open, and its caller waiting",
        )
    if _STDERR not in answer.surroundings.close:
        yield from _judge_reason(answer)


def _judge_reason(answer: Answer) -> Iterator[Problem]:
    marks = answer.stderr.count("ocf-exit-reason:")
    if answer.code in _NEED_REASON and not answer.reason:
        yield Problem(f"a reason beside the code {answer.code}", repr(answer.stderr[-300:]))
    # Lone surrogates stand for bytes that are no UTF-8, which no XML can hold.
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in answer.reason):
        yield Problem("a reason without control characters", repr(answer.reason))
    if marks > 1:
        yield Problem("one reason", f"{marks} of them: {answer.stderr[-300:]!r}")
    if answer.code == 0 and answer.action == "validate-all" and answer.stderr:
        yield Problem(
            "a successful validate-all to be silent: pcs shows stderr as a warning",
            repr(answer.stderr[-300:]),
        )

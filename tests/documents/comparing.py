"""Whether a command has printed what its page shows: what differs each time is a pattern."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# What no two runs have alike; both sides are read through it. The order matters: a version holds
# numbers.
_VARIABLE = (
    (re.compile(r"\b[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d\b"), "DATE"),
    (re.compile(r"\b\d{4}-\d\d-\d\d\b"), "DATE"),
    (re.compile(r"(?<![\d.])\d+\.\d+\.\d+(-[\w.-]+)?(?!\.?\d)"), "VERSION"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), "TIME"),
    (re.compile(r"[-+]\d+\.\d+ s\b"), "TIME"),
    (re.compile(r"\[\d+\]"), "[PID]"),
    (re.compile(r"\b(pid|process) \d+"), r"\1 PID"),
)


def find_difference(shown: Sequence[str], printed: Sequence[str]) -> str:
    """What is printed other than shown; "" where nothing is.

    A shown line of `...` stands for any number of lines, `...` within a line for any text.
    """
    wanted, seen = [_plain(one) for one in shown], [_plain(one) for one in printed]
    if _fits(wanted, seen):
        return ""
    missing = next((one for one in wanted if not any(_is_like(one, it) for it in seen)), None)
    what = "the lines are others, or in another order" if missing is None else f"no {missing!r}"
    return "\n".join([f"{what} in:", *printed])


def _fits(wanted: Sequence[str], seen: Sequence[str]) -> bool:
    # After each wanted line, at which places the seen ones may go on.
    places = {0}
    for line in wanted:
        if line == "...":
            places = set(range(min(places), len(seen) + 1))
        else:
            places = {one + 1 for one in places if one < len(seen) and _is_like(line, seen[one])}
        if not places:
            return False
    return len(seen) in places


def _is_like(wanted: str, seen: str) -> bool:
    parts = [re.escape(part) for part in wanted.split("...")]
    return re.fullmatch(".*".join(parts), seen) is not None


def _plain(line: str) -> str:
    for pattern, word in _VARIABLE:
        line = pattern.sub(word, line)
    return " ".join(line.split())

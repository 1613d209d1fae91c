"""A unified diff of a text and of edits in it that are known: no lines are searched for.

difflib looks for what two texts have in common, which takes minutes for a large configuration.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    #: (begin, end, what stands there afterwards): offsets in the text before.
    Edit = tuple[int, int, str]

_CONTEXT = 3  # lines around what changes, as diff -u has them


@dataclass
class _Change:
    """Lines `begin` to `end` of the text before, counted from 0, become `lines`."""

    begin: int
    end: int
    lines: list[str]


def unified(name: str, before: str, edits: Sequence[Edit]) -> str:
    """The diff; "" for none. `edits` are in order, and none is in another."""
    lines = _split(before)
    changes = list(_changes(before, lines, edits))
    if not changes:
        return ""
    parts = [f"--- {name}\n", f"+++ {name}\n"]
    shift = 0  # by how many lines the text after is ahead
    for hunk in _group(changes):
        parts += _render(lines, hunk, shift)
        shift += sum(len(one.lines) - (one.end - one.begin) for one in hunk)
    return "".join(parts)


def _split(text: str) -> list[str]:
    lines = text.split("\n")
    return [f"{one}\n" for one in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _changes(before: str, lines: list[str], edits: Sequence[Edit]) -> Iterator[_Change]:
    """The lines that change; edits that share a line are one."""
    starts = [0, *accumulate(map(len, lines))]
    at = 0
    while at < len(edits):
        begin, last = _lines_of(starts, edits[at])
        first = at
        at += 1
        while at < len(edits) and _lines_of(starts, edits[at])[0] < last:
            last = max(last, _lines_of(starts, edits[at])[1])
            at += 1
        yield from _trim(
            lines, begin, last, _apply(before, starts[begin], starts[last], edits[first:at])
        )


def _lines_of(starts: list[int], edit: Edit) -> tuple[int, int]:
    """From the line where an edit begins to that which it may be joined with."""
    begin, end, _ = edit
    most = len(starts) - 1
    return min(bisect_right(starts, begin) - 1, most - 1), min(bisect_right(starts, end), most)


def _apply(before: str, at: int, end: int, edits: Sequence[Edit]) -> list[str]:
    parts = []
    for begin, after, new in edits:
        parts += [before[at:begin], new]
        at = after
    return _split("".join((*parts, before[at:end])))


def _trim(lines: list[str], begin: int, end: int, after: list[str]) -> Iterator[_Change]:
    """Without the lines at both ends that stay as they are."""
    while begin < end and after and lines[begin] == after[0]:
        begin += 1
        del after[0]
    while begin < end and after and lines[end - 1] == after[-1]:
        end -= 1
        del after[-1]
    if begin < end or after:
        yield _Change(begin, end, after)


def _group(changes: list[_Change]) -> Iterator[list[_Change]]:
    """Those whose context touches are shown together."""
    hunk = [changes[0]]
    for one in changes[1:]:
        if one.begin - hunk[-1].end > 2 * _CONTEXT:
            yield hunk
            hunk = []
        hunk.append(one)
    yield hunk


def _render(lines: list[str], hunk: list[_Change], shift: int) -> Iterator[str]:
    begin = max(hunk[0].begin - _CONTEXT, 0)
    end = min(hunk[-1].end + _CONTEXT, len(lines))
    grown = sum(len(one.lines) - (one.end - one.begin) for one in hunk)
    yield f"@@ -{_range(begin, end)} +{_range(begin + shift, end + shift + grown)} @@\n"
    at = begin
    for one in hunk:
        yield from _marked(" ", lines[at : one.begin])
        yield from _marked("-", lines[one.begin : one.end])
        yield from _marked("+", one.lines)
        at = one.end
    yield from _marked(" ", lines[at:end])


def _range(begin: int, end: int) -> str:
    count = end - begin
    if count == 1:
        return str(begin + 1)
    return f"{begin + 1 if count else begin},{count}"


def _marked(mark: str, lines: list[str]) -> Iterator[str]:
    for one in lines:
        yield mark + one
        if not one.endswith("\n"):
            yield "\n\\ No newline at end of file\n"

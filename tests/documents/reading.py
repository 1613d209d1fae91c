"""The console blocks of a Markdown page, with what its hidden comments say of them.

A comment is one of HTML that begins with `test`; each of its lines is `KEY: VALUE`:

    place    where this block and the next ones run: `enclosure`, `host` or `node`
    before   a command that the reader is not shown, run before the next block
    exits    how the commands of the next block end, where not all with 0: `0 1`
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]
PLACES = ("enclosure", "host", "node")
_PROMPT = re.compile(r"[#$] ")
_HERE = re.compile(r"<<'?(\w+)'?")
_FENCE = re.compile(r"( *)```([^`]*)$")


class UnreadablePage(Exception):  # noqa: N818 - says what is
    """A page whose comments cannot be followed."""


@dataclass(frozen=True)
class Command:
    """What is typed, with its lines of continuation, and the lines that the page shows for it."""

    text: str
    output: tuple[str, ...]
    line: int
    code: int = 0


@dataclass(frozen=True)
class Block:
    """One fence of console; `place` is "" where the page does not say it."""

    page: str
    line: int
    place: str
    commands: tuple[Command, ...]
    before: tuple[str, ...] = ()


@dataclass
class _Said:
    place: str = ""
    before: list[str] = field(default_factory=list)
    exits: list[int] = field(default_factory=list)


def list_pages() -> list[Path]:
    """Every page that has commands for a reader."""
    tops = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md"]
    return [*tops, *sorted((CHECKOUT / "docs").rglob("*.md"))]


def read_blocks(path: Path) -> list[Block]:
    """The console blocks of a page, in its order."""
    page = str(path.relative_to(CHECKOUT)) if path.is_relative_to(CHECKOUT) else path.name
    return list(_blocks(page, path.read_text(encoding="utf-8").splitlines()))


def _blocks(page: str, lines: list[str]) -> Iterator[Block]:
    said = _Said()
    number = 0
    while number < len(lines):
        line = lines[number]
        number += 1
        fence = _FENCE.match(line)
        if line.strip().startswith("<!-- test"):
            comment = [line.partition("<!-- test")[2]]
            while "-->" not in comment[-1]:
                comment.append(lines[number])
                number += 1
            _follow(said, [one.partition("-->")[0].strip() for one in comment], page, number)
        elif fence is not None:
            first = number
            while lines[number].strip() != "```":
                number += 1
            if fence[2] == "console":
                inner = [one[len(fence[1]) :] for one in lines[first:number]]
                commands = tuple(_commands(inner, first + 1, said.exits, f"{page}:{first}"))
                yield Block(page, first, said.place, commands, tuple(said.before))
                said = _Said(said.place)
            number += 1


def _follow(said: _Said, comment: list[str], page: str, number: int) -> None:
    for line in filter(None, comment):
        key, _, value = line.partition(": ")
        if key == "place" and value in PLACES:
            said.place = value
        elif key == "before":
            said.before.append(value)
        elif key == "exits":
            said.exits = [int(one) for one in value.split()]
        else:
            raise UnreadablePage(f"{page}:{number}: {line!r} says nothing to a test")


def _commands(lines: list[str], first: int, exits: list[int], where: str) -> Iterator[Command]:
    starts: list[tuple[int, int]] = []
    number = 0
    while number < len(lines):
        if not _PROMPT.match(lines[number]):
            if not starts:
                raise UnreadablePage(f"{where}: a block begins with a command: # or $")
            number += 1
            continue
        end = _end_of_command(lines, number)
        starts.append((number, end))
        number = end
    if exits and len(exits) != len(starts):
        raise UnreadablePage(f"{where}: {len(starts)} commands, and {len(exits)} exit codes")
    for index, (start, end) in enumerate(starts):
        following = starts[index + 1][0] if index + 1 < len(starts) else len(lines)
        text = "\n".join([lines[start][2:], *lines[start + 1 : end]])
        code = exits[index] if exits else 0
        yield Command(text, tuple(lines[end:following]), first + start, code)


def _end_of_command(lines: list[str], start: int) -> int:
    """The line behind it: a backslash at a line's end and a here-document carry it on."""
    end = start + 1
    here = _HERE.search(lines[start])
    if here is not None:
        return lines.index(here[1], end) + 1
    while lines[end - 1].endswith("\\"):
        end += 1
    return end

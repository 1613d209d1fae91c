"""Heartbeat's files as lines of words: comments and empty lines are left out."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_MOST_BYTES = 1 << 20  # a thousand times what any of these files has


class Unusable(ValueError):  # noqa: N818 - says what is
    """A file that Heartbeat itself could not have used; the message names the file and the line."""


@dataclass(frozen=True)
class Line:
    """One line that says something: its file as the user gave it, its number from 1, its text."""

    file: str
    number: int
    text: str

    @property
    def words(self) -> list[str]:
        """What blanks separate."""
        return self.text.split()

    def refuse(self, problem: str) -> Unusable:
        """The error that names this line."""
        return Unusable(f"{self.file}:{self.number}: {problem}")


def show(path: Path) -> str:
    """The path as a text that can be printed, whatever bytes its name has."""
    return os.fsencode(path).decode(errors="replace")


def read_lines(path: Path) -> list[Line]:
    """The lines of a file, those that a backslash continues joined; Unusable if it is no text."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{show(path)}: {error.strerror}") from error
    if len(content) > _MOST_BYTES:
        raise Unusable(f"{show(path)}: longer than 1 MiB: no file of Heartbeat's")
    if b"\0" in content:
        raise Unusable(f"{show(path)}: no text file")
    # Of the time of these files is Latin-1, in comments: what is no UTF-8 matters elsewhere only.
    text = content.decode("utf-8-sig", "surrogateescape")
    lines: list[Line] = []
    continued = False
    for number, written in enumerate(text.split("\n"), 1):
        said = written.partition("#")[0].strip()
        goes_on = said.endswith("\\")
        said = said.rstrip("\\").strip()
        if continued and said:
            before = lines.pop() if lines else Line(show(path), number, "")
            lines.append(Line(before.file, before.number, f"{before.text} {said}".strip()))
        elif said:
            lines.append(Line(show(path), number, said))
        continued = goes_on
    for line in lines:
        if not line.text.replace("\t", " ").isprintable():
            raise line.refuse("holds a control character, or bytes that are no UTF-8")
    return lines

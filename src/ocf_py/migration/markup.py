"""Edits in the text of an XML document: what is not edited keeps its every byte.

lxml reads the document; its elements do not know where in the text they stand. The tags are found
again in the text by their order: a well-formed document without a DOCTYPE has as many start tags as
elements, in the same order (XML 1.0, section 2.1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_ATTRIBUTE = r"""\s+([^\s=]+)\s*=\s*("[^"]*"|'[^']*')"""
_MARKUP = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|</(?P<closed>[^\s>]+)\s*>"
    rf"|<(?P<opened>[^\s>/!?]+)(?:{_ATTRIBUTE})*\s*(?P<empty>/?)>",
    re.DOTALL,
)
_ESCAPES = {"&": "&amp;", "<": "&lt;", '"': "&quot;", "'": "&apos;"}
_ESCAPES.update({"\n": "&#10;", "\t": "&#9;", "\r": "&#13;"})
_TRANSLATED = str.maketrans(_ESCAPES)


@dataclass
class _Tag:
    """Offsets in the text: of the start tag, of its end, and of the end of the whole element."""

    begin: int
    inside: int
    end: int
    is_empty: bool


class Markup:
    """A document's text. Elements are named by their number in document order, from 0."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: dict[tuple[int, int], str] = {}
        self._added: dict[int, list[str]] = {}
        self._tags: list[_Tag] = []
        self._newline = "\r\n" if "\r\n" in text else "\n"
        opened: list[_Tag] = []
        for found in _MARKUP.finditer(text):
            if found["opened"]:
                is_empty = bool(found["empty"])
                tag = _Tag(found.start(), found.end(), found.end(), is_empty)
                self._tags.append(tag)
                if not is_empty:
                    opened.append(tag)
            elif found["closed"]:
                opened.pop().end = found.end()

    def __len__(self) -> int:
        """How many elements there are."""
        return len(self._tags)

    def set_attribute(self, number: int, name: str, value: str) -> None:
        """Gives an attribute another value; one that is not there yet comes last."""
        tag = self._tags[number]
        text = value.translate(_TRANSLATED)
        for found in re.finditer(_ATTRIBUTE, self._text[tag.begin : tag.inside]):
            if found[1] == name:
                begin, end = found.span(2)
                self._edits[tag.begin + begin + 1, tag.begin + end - 1] = text
                return
        end = self._end_of_attributes(tag)
        before = self._edits.get((end, end), "")
        self._edits[end, end] = f'{before} {name}="{text}"'

    def remove(self, number: int) -> None:
        """Takes an element away, with its line where it has one for itself."""
        tag = self._tags[number]
        begin, end = tag.begin, tag.end
        line = self._text.rfind("\n", 0, begin) + 1
        after = re.compile(r"[ \t]*\r?\n").match(self._text, end)
        if after and not self._text[line:begin].strip():
            begin, end = line, after.end()
        self._edits[begin, end] = ""

    def add_first(self, number: int, lines: list[str]) -> None:
        """Puts elements in an element, before all that is there and behind what was added so.

        `lines` are indented among themselves, by two blanks a level.
        """
        self._added.setdefault(number, []).extend(lines)

    def add_after(self, number: int, lines: list[str]) -> None:
        """Puts elements behind an element, on the same level."""
        tag = self._tags[number]
        step = self._indent(tag.begin)
        before = self._edits.get((tag.end, tag.end), "")
        self._edits[tag.end, tag.end] = before + "".join(self._line(step, one) for one in lines)

    def text(self) -> str:
        """The document with all its edits; ValueError where one is in what another removes."""
        edits = dict(self._edits)
        for number, lines in self._added.items():
            place, new = self._render(number, lines)
            # An attribute that was added to an empty element comes before what is put in it.
            edits[place] = edits.pop((place[0], place[0]), "") + new
        parts = []
        at = 0
        for (begin, end), new in sorted(edits.items()):
            if begin < at:
                raise ValueError(f"an edit at {begin} is in another that ends at {at}")
            parts += [self._text[at:begin], new]
            at = end
        return "".join((*parts, self._text[at:]))

    def _render(self, number: int, lines: list[str]) -> tuple[tuple[int, int], str]:
        """The place in the text that the added lines take, and how they stand there."""
        tag = self._tags[number]
        indent = self._indent(tag.begin)
        step = None if indent is None else indent + "  "
        child = self._tags[number + 1] if number + 1 < len(self._tags) else None
        if child is not None and child.end <= tag.end:
            step = self._indent(child.begin)
        added = "".join(self._line(step, line) for line in lines)
        if not tag.is_empty:
            return (tag.inside, tag.inside), added
        name = self._text[tag.begin + 1 : tag.inside].split(None, 1)[0].rstrip("/>")
        closing = self._line(indent, f"</{name}>")
        return (self._end_of_attributes(tag), tag.inside), f">{added}{closing}"

    def _end_of_attributes(self, tag: _Tag) -> int:
        inside = self._text[tag.begin : tag.inside]
        return tag.begin + len(inside.rstrip(">").rstrip("/").rstrip())

    def _indent(self, begin: int) -> str | None:
        """What stands before a tag on its line; None where it is not the first there."""
        before = self._text[self._text.rfind("\n", 0, begin) + 1 : begin]
        return None if before.strip() or "\n" not in self._text[:begin] else before

    def _line(self, step: str | None, line: str) -> str:
        return line.strip() if step is None else f"{self._newline}{step}{line}"


def tag(element: str, /, **attributes: str) -> str:
    """A start tag without its end."""
    words = (f' {key}="{value.translate(_TRANSLATED)}"' for key, value in attributes.items())
    return f"<{element}{''.join(words)}"

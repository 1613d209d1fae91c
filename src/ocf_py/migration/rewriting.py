"""A configuration's text, with the moves of a plan made in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.cib.document import UnreadableConfiguration, parse_document
from ocf_py.migration.difference import unified
from ocf_py.migration.markup import Markup, tag
from ocf_py.migration.plan import plan_moves
from ocf_py.migration.translation import Becomes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ocf_py.agent import Agent
    from ocf_py.cib.document import Document
    from ocf_py.migration.plan import Move


@dataclass(frozen=True)
class Rewriting:
    """`before` and `after` are the file's content, which `edits` of the first as a text tell apart.

    `moves` are those made, `left` those not made.
    """

    path: Path
    before: bytes
    after: bytes
    encoding: str
    edits: list[tuple[int, int, str]]
    moves: list[Move]
    left: list[Move]

    def diff(self) -> str:
        """A unified diff; "" where nothing changes."""
        return unified(str(self.path), self.before.decode(self.encoding), self.edits)


def rewrite(path: Path, before: bytes, agents: Mapping[str, type[Agent]]) -> Rewriting:
    """Plans the moves for a file's content and makes them; nothing is written.

    Raises:
        UnreadableConfiguration: It is no configuration, or its text cannot be edited safely.
    """
    document = parse_document(path, before)
    encoding = document.root.getroottree().docinfo.encoding or "utf-8"
    text = _decode(path, before, encoding)
    if "<!DOCTYPE" in text:  # its entities would hide elements from the text
        raise UnreadableConfiguration(f"{path}: it has a DOCTYPE, which a CIB never has: remove it")
    markup = Markup(text)
    numbers = _number(path, document, before, len(markup))
    plan = plan_moves(document, agents)
    moves = [one for one in plan if not one.reasons]
    editor = _Editor(document, markup, numbers)
    for move in moves:
        editor.make(move)
    try:
        edits = markup.edits()
    except ValueError as error:  # no schema has it so
        raise UnreadableConfiguration(f"{path}: a resource stands in a parameter") from error
    after = markup.text().encode(encoding, "xmlcharrefreplace")
    left = [one for one in plan if one.reasons]
    return Rewriting(path, before, after, encoding, edits, moves, left)


def _decode(path: Path, content: bytes, encoding: str) -> str:
    try:
        text = content.decode(encoding)
        is_whole = text.encode(encoding) == content
    except (UnicodeError, LookupError):
        is_whole = False
    if not is_whole:
        raise UnreadableConfiguration(f"{path}: its encoding {encoding} cannot be kept: use UTF-8")
    return text


def _number(
    path: Path, document: Document, content: bytes, count: int
) -> dict[etree._Element, int]:
    """The number of each element in the text; those of the status are not in the document."""
    whole = etree.fromstring(content, etree.XMLParser(no_network=True, resolve_entities=False))
    places = [
        number
        for number, one in enumerate(whole.iter(etree.Element))
        if not any(above.tag == "status" for above in one.iterancestors())
    ]
    elements = list(document.root.iter(etree.Element))
    if sum(1 for _ in whole.iter(etree.Element)) != count or len(elements) != len(places):
        raise UnreadableConfiguration(f"{path}: its tags cannot be told apart in the text")
    return dict(zip(elements, places))


class _Editor:
    """Makes moves in the text; what two resources share, a template, is made once."""

    def __init__(
        self, document: Document, markup: Markup, numbers: dict[etree._Element, int]
    ) -> None:
        self._document = document
        self._markup = markup
        self._numbers = numbers
        self._ids = set(document.ids)
        self._made: set[etree._Element] = set()

    def make(self, move: Move) -> None:
        """Edit all that belongs to one resource."""
        if move.carrier not in self._made:
            self._made.add(move.carrier)
            self._name_agent(move)
        for setting, outcome in move.outcomes:
            if setting.element in self._made:
                continue
            self._made.add(setting.element)
            number = self._numbers[setting.element]
            if not isinstance(outcome, Becomes):
                self._markup.remove(number)
                continue
            if outcome.name != setting.name:
                self._markup.set_attribute(number, "name", outcome.name)
            if outcome.value != setting.value:
                self._markup.set_attribute(number, "value", outcome.value)
        self._add_parameters(move)
        self._add_operations(move)

    def _name_agent(self, move: Move) -> None:
        number = self._numbers[move.carrier]
        if move.carrier.get("provider") is not None:
            self._markup.set_attribute(number, "provider", "ocfpy")
            self._markup.set_attribute(number, "type", move.peer.becomes)
        else:
            self._markup.set_attribute(number, "class", "ocf")
            self._markup.set_attribute(number, "type", move.peer.becomes)
            self._markup.set_attribute(number, "provider", "ocfpy")

    def _add_parameters(self, move: Move) -> None:
        if not move.added:
            return
        element = move.resource.element
        places = [
            one for one in element.iterfind("instance_attributes") if one.find("rule") is None
        ]
        name = places[0].get("id", "") if places else self._free(f"{move.resource.id}-attributes")
        pairs = [
            tag("nvpair", id=self._free(f"{name}-{key}"), name=key, value=value) + "/>"
            for key, value in move.added.items()
        ]
        if not places:
            opening = tag("instance_attributes", id=name) + ">"
            lines = [opening, *(f"  {one}" for one in pairs), "</instance_attributes>"]
            self._markup.add_first(self._numbers[element], lines)
            return
        kept = [one for one in places[0].iterfind("nvpair") if not self._is_removed(move, one)]
        if kept:
            self._markup.add_after(self._numbers[kept[-1]], pairs)
        else:
            self._markup.add_first(self._numbers[places[0]], pairs)

    def _is_removed(self, move: Move, pair: etree._Element) -> bool:
        return any(
            setting.element is pair and not isinstance(outcome, Becomes)
            for setting, outcome in move.outcomes
        )

    def _add_operations(self, move: Move) -> None:
        new = [one for one in move.operations if one.element is None]
        for one in move.operations:
            if one.element is None:
                continue
            number = self._numbers[one.element]
            if one.element.get("name") != one.name:
                self._markup.set_attribute(number, "name", one.name)
            if one.timeout:
                self._markup.set_attribute(number, "timeout", one.timeout)
        if not new:
            return
        lines = [
            tag(
                "op",
                id=self._free(f"{move.resource.id}-{one.name}-interval-0s"),
                name=one.name,
                interval="0s",
                timeout=one.timeout,
            )
            + "/>"
            for one in new
        ]
        place = move.resource.element.find("operations")
        if place is not None:
            self._markup.add_first(self._numbers[place], lines)
        else:
            wrapped = ["<operations>", *(f"  {one}" for one in lines), "</operations>"]
            self._markup.add_first(self._numbers[move.resource.element], wrapped)

    def _free(self, wanted: str) -> str:
        """An id that nothing has yet."""
        name, count = wanted, 1
        while name in self._ids:
            count += 1
            name = f"{wanted}-{count}"
        self._ids.add(name)
        return name


def explain(rewriting: Rewriting) -> Iterator[str]:
    """A line for each resource, and one for each thing that is to be known of it."""
    for move in rewriting.moves:
        yield f"{move.resource.id}: {move.peer.agent} becomes {move.new_agent}"
        yield from (f"    {note}" for note in move.notes)
    for move in rewriting.left:
        yield f"{move.resource.id}: stays {move.peer.agent}"
        yield from (f"    {reason}" for reason in move.reasons)

"""The nvpairs that hold for an element: of all its sets, by score and reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.cib.times import parse_ms

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lxml import etree

    from ocf_py.cib.document import Document

_DEFAULT_TIMEOUT = 20_000  # Pacemaker's own, for an operation that nobody has given one


@dataclass(frozen=True)
class Setting:
    """One nvpair: `element` is where it stands, `place` what is pointed at for it.

    `rule` tells sets apart that hold at times only: 0 for always.
    """

    name: str
    value: str
    element: etree._Element
    rule: int = 0


def settings(document: Document, holders: Sequence[etree._Element], tag: str) -> list[Setting]:
    """The nvpairs of all sets of that tag; of two of one name, the first wins.

    The order is Pacemaker's: by the sets' scores, those that have none in their order.
    """
    found: list[tuple[int, list[Setting]]] = []
    for holder in holders:
        for place in holder.iterfind(tag):
            source = document.resolve(place)
            if source is None:  # what its id-ref means is nowhere: another check says so
                continue
            rule = len(found) + 1 if source.find("rule") is not None else 0
            pairs = (_setting(document, pair, rule) for pair in source.iterfind("nvpair"))
            found.append((_score(source), [one for one in pairs if one is not None]))
    found.sort(key=lambda one: -one[0])
    return [one for _, pairs in found for one in pairs]


def default_timeout(document: Document) -> int | None:
    """What an operation gets that has no timeout, in ms; None where rules decide it."""
    sections = list(document.elements("op_defaults"))
    given = [
        one for one in settings(document, sections, "meta_attributes") if one.name == "timeout"
    ]
    if any(one.rule for one in given):
        return None
    return parse_ms(given[0].value) if given else _DEFAULT_TIMEOUT


def _setting(document: Document, pair: etree._Element, rule: int) -> Setting | None:
    source = document.resolve(pair)
    if source is None:
        return None
    return Setting(pair.get("name", source.get("name", "")), source.get("value", ""), pair, rule)


def _score(element: etree._Element) -> int:
    text = element.get("score", "0").lstrip("+")
    if text.upper().endswith("INFINITY"):
        return -1_000_000 if text.startswith("-") else 1_000_000
    return int(text) if text.lstrip("-").isdecimal() else 0

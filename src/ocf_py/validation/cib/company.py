"""Which resources are always on one node: members of a group, and those colocated for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.model import today
from ocf_py.validation.cib.events import members_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.cib.document import Document

_CLONES = ("clone", "master", "bundle")


class Company:
    """Asked for two resources that are in no clone."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._leader: dict[str, str] = {}
        for group in document.elements("group"):
            self._join([group.get("id", ""), *members_of(group)])
        for colocation in document.elements("rsc_colocation"):
            if colocation.get("score", "INFINITY").lstrip("+") == "INFINITY":
                self._join([name for one in _sides(colocation) for name in self._places(*one)])

    def are_together(self, one: str, other: str) -> bool:
        """Whether where the one runs the other does."""
        return self.find(one) == self.find(other)

    def find(self, name: str) -> str:
        """One name for all that are together; of a clone, give what `promoted` makes of its id."""
        while name in self._leader:
            name = self._leader[name]
        return name

    def _places(self, name: str, role: str) -> list[str]:
        """What is on one node by these words; a clone is only where it is promoted."""
        element = self._document.ids.get(name)
        if element is not None and element.tag == "tag":
            return members_of(element)
        if element is not None and element.tag in _CLONES:
            return [promoted(name)] if today(role) == "Promoted" else []
        return [name]

    def _join(self, names: list[str]) -> None:
        for name in names[1:]:
            leader, other = self.find(names[0]), self.find(name)
            if leader != other:
                self._leader[other] = leader


def promoted(clone: str) -> str:
    """What the one place of a clone is called, where it is promoted."""
    return f"{clone} promoted"


def _sides(colocation: etree._Element) -> Iterator[tuple[str, str]]:
    for attribute in ("rsc", "with-rsc"):
        if colocation.get(attribute):
            yield colocation.get(attribute, ""), colocation.get(f"{attribute}-role", "")
    for one in colocation.iterfind("resource_set"):
        for reference in one.iterfind("resource_ref"):
            yield reference.get("id", ""), one.get("role", "")

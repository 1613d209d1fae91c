"""Ids: each is there once, and what is referred to is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.situation import nearest
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.cib.situation import Situation

# Their id is a reference to a resource, not a name of their own.
_REFERRING = frozenset(("resource_ref", "obj_ref", "role"))


@check("two elements have the same id")
def duplicate_id(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    for element in document.root.iter(etree.Element):
        name = element.get("id")
        if name is None or element.tag in _REFERRING or document.ids[name] is element:
            continue
        if document.ids[name].tag in _REFERRING:
            continue
        yield Flaw(
            Severity.ERROR,
            element,
            name,
            f"the id {name} is also that of a <{document.ids[name].tag!s}>",
            "Pacemaker refuses to load the whole configuration",
            "give this one another id",
        )


@check("an id-ref or a template names nothing of its kind")
def dangling_reference(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    if not document.has_resources:
        return
    for element in document.root.iter(etree.Element):
        for attribute, tag in (("id-ref", element.tag), ("template", "template")):
            name = element.get(attribute)
            if name is None or (attribute == "template" and element.tag != "primitive"):
                continue
            found = document.ids.get(name)
            if found is not None and found.tag == tag:
                continue
            known = (str(one.get("id")) for one in document.elements(str(tag)) if one.get("id"))
            near = nearest(name, known)
            yield Flaw(
                Severity.ERROR,
                element,
                name,
                f"{attribute}={name} names no <{tag!s}>",
                "what it was to bring is missing, or Pacemaker refuses the configuration",
                f"write {near}" if near else f"define that <{tag!s}>, or remove the reference",
            )

"""Where a configuration names resources by their ids; to take some out of it, or rename one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml import etree

#: The attributes by which constraints name a resource, a template or a tag.
NAMED_BY = {
    "rsc_location": ("rsc",),
    "rsc_colocation": ("rsc", "with-rsc"),
    "rsc_order": ("first", "then"),
    "rsc_ticket": ("rsc",),
    "resource_ref": ("id",),
}
# And what else does: tags, and what users may see.
_NAMED_BY_OTHERS = {"obj_ref": ("id",), "acl_permission": ("reference",)}
# What is nothing any more without one of these in it.
_HOLDS = {
    "group": ("primitive",),
    "clone": ("primitive", "group"),
    "master": ("primitive", "group"),
    "tag": ("obj_ref",),
    "resource_set": ("resource_ref",),
    **dict.fromkeys(("rsc_location", "rsc_colocation", "rsc_order"), ("resource_set",)),
    "rsc_ticket": ("resource_set",),
}


def rename_resource(configuration: etree._Element, name: str, new: str) -> None:
    """Give a primitive another id, here and wherever it is named.

    Whatever else is called the same, a parameter or a node, keeps its name.
    """
    for primitive in configuration.iterfind("resources//primitive"):
        if primitive.get("id") == name:
            primitive.set("id", new)
    naming = {**NAMED_BY, **_NAMED_BY_OTHERS}
    for element in configuration.iter(*naming):
        for attribute in naming[str(element.tag)]:
            if element.get(attribute) == name:
                element.set(attribute, new)


def remove_resources(configuration: etree._Element, names: Iterable[str]) -> list[str]:
    """Remove primitives and templates, what is empty without them, and what names any of it.

    Returns the ids of the constraints that went.
    """
    gone = set(names)
    for path in ("resources//primitive", "resources//template", "tags/tag/obj_ref"):
        for element in configuration.findall(path):
            if element.get("id") in gone:
                gone.update(_remove(element))
    before = configuration.findall("constraints/*")
    for constraint in before:
        for element in list(constraint.iter(*NAMED_BY)):
            if any(element.get(one) in gone for one in NAMED_BY[str(element.tag)]):
                list(_remove(element))
    left = configuration.findall("constraints/*")
    return [one.get("id", "") for one in before if one not in left]


def _remove(element: etree._Element) -> Iterator[str]:
    """Remove an element and what holds nothing without it; yields the ids of all that."""
    parent = element.getparent()
    if parent is None:  # it went with another one
        return
    parent.remove(element)
    yield element.get("id", "")
    holds = _HOLDS.get(str(parent.tag))
    if holds and not any(child.tag in holds for child in parent):
        yield from _remove(parent)

"""A configuration as it was read: its elements, its ids, and what it is a part of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: In which section of a configuration an element stands that a fragment may begin with.
SECTION_OF = {
    "primitive": "resources",
    "template": "resources",
    "group": "resources",
    "clone": "resources",
    "master": "resources",
    "bundle": "resources",
    "rsc_location": "constraints",
    "rsc_colocation": "constraints",
    "rsc_order": "constraints",
    "rsc_ticket": "constraints",
    "cluster_property_set": "crm_config",
}
_SECTIONS = (
    *("crm_config", "nodes", "resources", "constraints", "rsc_defaults", "op_defaults"),
    *("tags", "acls", "alerts", "fencing-topology"),
)
ROOTS = frozenset(("cib", "configuration", *_SECTIONS, *SECTION_OF))


class UnreadableConfiguration(Exception):  # noqa: N818 - says what is
    """A file that holds no configuration; the message names file, line and what is wrong."""


@dataclass(frozen=True)
class Document:
    """`root` is the element that the file holds, `ids` the first element of each id in it."""

    path: Path
    root: etree._Element
    ids: dict[str, etree._Element]

    @cached_property
    def references(self) -> frozenset[str]:
        """All ids that an `id-ref` names."""
        found = (one.get("id-ref") for one in self.root.iter("*"))
        return frozenset(str(one) for one in found if one is not None)

    @property
    def is_cluster(self) -> bool:
        """Whether it is a cluster's whole CIB, and no part that is going to be laid over one."""
        return self.root.tag == "cib" and self.root.find("configuration/crm_config") is not None

    @property
    def has_resources(self) -> bool:
        """Whether all resources are in it, so that what names another names nothing."""
        return self.root.tag in ("cib", "configuration")

    def elements(self, *tags: str) -> Iterator[etree._Element]:
        """All elements of these tags, in their order in the file."""
        return self.root.iter(*tags)

    def resolve(self, element: etree._Element) -> etree._Element | None:
        """The element itself, or what its `id-ref` means; None where that is nothing."""
        reference = element.get("id-ref")
        if reference is None:
            return element
        found = self.ids.get(reference)
        return found if found is not None and found.tag == element.tag else None


def read_document(path: Path) -> Document:
    """Reads a CIB, a `<configuration>`, a section of one, a resource or a constraint.

    The status section is left out: it is a record, and repeats the ids of the resources.

    Raises:
        UnreadableConfiguration: It is no XML, or XML of something else.
        OSError: The system does not give it.
    """
    return parse_document(path, path.read_bytes())


def parse_document(path: Path, content: bytes) -> Document:
    """Reads the content of a file, as `read_document`."""
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise UnreadableConfiguration(f"{path}: it is no XML: {error.msg}") from error
    if root.tag not in ROOTS:
        raise UnreadableConfiguration(
            f"{path}: <{root.tag!s}> is no part of a Pacemaker configuration"
        )
    for status in root.findall("status"):
        del status[:]
    ids: dict[str, etree._Element] = {}
    for element in root.iter(etree.Element):
        name = element.get("id")
        if name is not None:
            ids.setdefault(name, element)
    return Document(path, root, ids)

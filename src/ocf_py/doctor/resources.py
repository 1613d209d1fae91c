"""The resources of a CIB, as far as a node has to be fit for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class NoConfiguration(ValueError):  # noqa: N818 - says what is
    """The document is no CIB; the message says why."""


@dataclass(frozen=True)
class Resource:
    """A primitive: its agent, and its parameters with those of its template."""

    id: str
    standard: str
    provider: str
    type: str
    parameters: Mapping[str, str]
    is_cloned: bool = False

    @property
    def agent(self) -> str:
        """As the cluster's shells write it: ocf:ocfpy:IPaddr, systemd:nginx."""
        return ":".join(word for word in (self.standard, self.provider, self.type) if word)

    def is_of(self, type_: str) -> bool:
        """Whether its agent is ours of that type."""
        return (self.standard, self.provider, self.type) == ("ocf", "ocfpy", type_)


def parse_resources(document: bytes) -> list[Resource]:
    """Every primitive of a `<cib>` or a `<configuration>`; NoConfiguration for anything else."""
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    try:
        root = etree.fromstring(document, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NoConfiguration(f"no XML: {error}") from error
    configuration = root if root.tag == "configuration" else root.find("configuration")
    if configuration is None or root.tag not in ("cib", "configuration"):
        raise NoConfiguration(f"its root is <{root.tag}>, not <cib> or <configuration>")
    templates = {one.get("id", ""): one for one in configuration.iterfind("resources/template")}
    return [
        _read(primitive, templates.get(primitive.get("template", "")))
        for primitive in configuration.iterfind("resources//primitive")
    ]


def _read(primitive: etree._Element, template: etree._Element | None) -> Resource:
    parameters: dict[str, str] = {}
    described = primitive if template is None else template
    for element in (template, primitive):
        if element is not None:
            parameters.update(_pairs(element))
    return Resource(
        primitive.get("id", ""),
        described.get("class", ""),
        described.get("provider", ""),
        described.get("type", ""),
        parameters,
        any(one.tag in ("clone", "master", "bundle") for one in primitive.iterancestors()),
    )


def _pairs(element: etree._Element) -> Iterator[tuple[str, str]]:
    """Its parameters; of several sets the first that has a name wins, as in Pacemaker."""
    for attributes in reversed(element.findall("instance_attributes")):
        if attributes.find("rule") is None:  # whether a rule holds here, the cluster decides
            for pair in attributes.iterfind("nvpair"):
                yield pair.get("name", ""), pair.get("value", "")

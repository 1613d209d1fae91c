"""The RELAX NG schemas of OCF 1.0 and 1.1, and what a metadata document breaks of its own.

libxml2 stops at the first fault and rarely names it. So the schema says as well what each element
may and must hold, and in which order; the document is compared with that, part by part. The
judge of whether it is valid at all stays the schema.
"""

from __future__ import annotations

import enum
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.catalogue.lines import line_of
from ocf_py.catalogue.reload import knows_reload_agent

if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = Path(__file__).with_name("schemas")
_OPTIONAL = ("optional", "zeroOrMore", "choice")
_MANY = ("oneOrMore", "zeroOrMore")


class Breach(enum.Enum):
    """In what way a part breaks its schema."""

    UNKNOWN_ATTRIBUTE = enum.auto()
    MISSING_ATTRIBUTE = enum.auto()
    BAD_VALUE = enum.auto()
    UNKNOWN_ELEMENT = enum.auto()
    MISSING_ELEMENT = enum.auto()
    REPEATED_ELEMENT = enum.auto()
    MISPLACED_ELEMENT = enum.auto()
    OTHER = enum.auto()


@dataclass(frozen=True)
class Fault:
    """One breach: in `element`, at the attribute or child `part`; `message` is a sentence."""

    breach: Breach
    line: int
    element: str
    part: str
    message: str


@dataclass
class _Form:
    """What one element may hold; the children in their order."""

    attributes: dict[str, tuple[bool, tuple[str, ...]]] = field(default_factory=dict)
    children: dict[str, tuple[bool, bool]] = field(default_factory=dict)
    is_open: bool = False


class Schema:
    """One schema, in both of its uses."""

    def __init__(self, version: str) -> None:
        self.version = version
        self._grammar = etree.parse(str(_FOLDER / f"ocf-{version}.rng")).getroot()
        self._judge = etree.RelaxNG(self._grammar)
        self._forms: dict[str, _Form] = {}
        for element in self._grammar.iterfind(".//{*}element[@name]"):
            form = self._forms[element.get("name", "")] = _Form()
            self._read(element, form, is_optional=False, is_many=False)

    def find_faults(self, root: etree._Element) -> list[Fault]:
        """Everything that the document breaks; empty exactly if it is valid."""
        if self._judge.validate(root):
            return []
        faults = [*self._compare(root)] if root.tag == "resource-agent" else []
        if faults:
            return faults
        error = self._judge.error_log[0]
        said = " ".join(error.message.split())
        return [Fault(Breach.OTHER, error.line, str(root.tag), "", f"not of the schema: {said}")]

    def _read(self, node: etree._Element, form: _Form, *, is_optional: bool, is_many: bool) -> None:
        for part in node.iterchildren(etree.Element):
            kind = etree.QName(part).localname
            name = part.get("name", "")
            if kind == "attribute" and name:
                self._read_attribute(part, name, form, is_optional=is_optional)
            elif kind == "element" and name:
                form.children.setdefault(name, (is_optional, is_many))
            elif kind in ("element", "attribute"):
                form.is_open = True
            else:
                inner = part
                if kind == "ref":
                    (inner,) = self._grammar.iterfind(f"{{*}}define[@name='{name}']")
                if name == "anything":
                    form.is_open = True
                    continue
                self._read(
                    inner,
                    form,
                    is_optional=is_optional or kind in _OPTIONAL,
                    is_many=is_many or kind in _MANY,
                )

    def _read_attribute(
        self, part: etree._Element, name: str, form: _Form, *, is_optional: bool
    ) -> None:
        refs = [one.get("name", "") for one in part.iterfind(".//{*}ref")]
        nodes = [part]
        for ref in refs:
            nodes += self._grammar.iterfind(f"{{*}}define[@name='{ref}']")
        values = tuple(one.text or "" for node in nodes for one in node.iterfind(".//{*}value"))
        before = form.attributes.get(name)
        if before is not None:  # one more alternative of a choice: one of them has to be there
            is_optional, values = False, (*before[1], *values)
        form.attributes[name] = (is_optional, values)

    def _compare(self, element: etree._Element) -> Iterator[Fault]:
        tag = str(element.tag)
        form = self._forms[tag]
        yield from self._compare_attributes(element, form)
        if form.is_open:
            return
        order = [*form.children]
        reached = 0
        seen = set()
        for child in element.iterchildren(tag=etree.Element):
            name, line = str(child.tag), line_of(child)
            if name not in form.children:
                message = f"<{name}> has no place in <{tag}> in OCF {self.version}"
                yield Fault(Breach.UNKNOWN_ELEMENT, line, tag, name, message)
                continue
            if order.index(name) < reached:
                message = f"<{name}> stands behind <{order[reached]}>, and belongs ahead of it"
                yield Fault(Breach.MISPLACED_ELEMENT, line, tag, name, message)
            if name in seen and not form.children[name][1]:
                message = f"<{tag}> has more than one <{name}>"
                yield Fault(Breach.REPEATED_ELEMENT, line, tag, name, message)
            reached = max(reached, order.index(name))
            seen.add(name)
            yield from self._compare(child)
        for name, (is_optional, _) in form.children.items():
            # Options are optional to <content>, and not to a select.
            is_needed = not is_optional or (name == "option" and element.get("type") == "select")
            if is_needed and name not in seen:
                message = f"<{tag}> has no <{name}>"
                yield Fault(Breach.MISSING_ELEMENT, line_of(element), tag, name, message)

    def _compare_attributes(self, element: etree._Element, form: _Form) -> Iterator[Fault]:
        tag, line = str(element.tag), line_of(element)
        for name, (is_optional, values) in form.attributes.items():
            value = element.get(name)
            if value is None:
                if not is_optional:
                    message = f"<{tag}> has no attribute {name}"
                    yield Fault(Breach.MISSING_ATTRIBUTE, line, tag, name, message)
            elif values and value.strip() not in values:
                message = f"{name}={value!r} is none of {', '.join(values)}"
                yield Fault(Breach.BAD_VALUE, line, tag, name, message)
        for key in element.attrib:
            name = str(key)
            if name not in form.attributes:
                message = f"the attribute {name} of <{tag}> is not of OCF {self.version}"
                yield Fault(Breach.UNKNOWN_ATTRIBUTE, line, tag, name, message)


@functools.cache
def load_schema(version: str) -> Schema:
    """That of the OCF version a document names: 1.0 is what comes before 1.1, or names none."""
    return Schema("1.1" if knows_reload_agent(version) else "1.0")


def check_own_dtd(document: str) -> list[str]:
    """What `document` breaks of the DTD it carries itself, which ocf-tester insists on."""
    parser = etree.XMLParser(dtd_validation=True, no_network=True)
    try:
        etree.fromstring(document.encode(), parser)
    except etree.XMLSyntaxError as error:
        return [str(error)]
    return []

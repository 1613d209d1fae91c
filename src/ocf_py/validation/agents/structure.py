"""Checks of the document as a whole: its schema, its version, its name, its encoding."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.catalogue.lines import line_of
from ocf_py.catalogue.reload import knows_reload_agent, read_version
from ocf_py.catalogue.schema import Breach, load_schema
from ocf_py.validation.agents.check import Hit, check
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.catalogue.schema import Fault
    from ocf_py.validation.agents.check import Document

_REFUSED = "pcs refuses the whole agent: it is not installed or does not provide valid metadata"
_READ_ALL_THE_SAME = "Pacemaker, pcs and crmsh read it all the same; ocf-tester refuses it"
# What fence agents have brought in, and pcs lets pass in a document of OCF 1.0.
_TOLERATED = {
    (Breach.UNKNOWN_ATTRIBUTE, "resource-agent", "shortdesc"),
    (Breach.UNKNOWN_ELEMENT, "resource-agent", "vendor-url"),
    (Breach.UNKNOWN_ELEMENT, "resource-agent", "symlink"),
    (Breach.UNKNOWN_ATTRIBUTE, "parameter", "shortdesc"),
    (Breach.UNKNOWN_ATTRIBUTE, "parameter", "obsoletes"),
    (Breach.UNKNOWN_ATTRIBUTE, "parameter", "deprecated"),
    (Breach.UNKNOWN_ELEMENT, "parameter", "getopt"),
}
# The same, in a document of any version.
_ALWAYS_TOLERATED = {
    (Breach.UNKNOWN_ATTRIBUTE, "action", "on_target"),
    (Breach.UNKNOWN_ATTRIBUTE, "action", "automatic"),
}
#: Types that pcs reads in a document of OCF 1.1 beside those of OCF.
_TOLERATED_TYPES = ("percentage", "time")
# Parts that a check of their own judges, and says more of.
_JUDGED_ELSEWHERE = {
    ("resource-agent", "version"),
    ("action", "timeout"),
    ("parameter", "reloadable"),
    ("parameter", "unique-group"),
    ("parameter", "private"),
}
_ENCODING = re.compile(rb"""\A<\?xml[^>]*\sencoding\s*=\s*["']([^"']*)""")
_KNOWN_VERSIONS = ("1.0", "1.1")


@check(
    "schema-refused",
    Severity.ERROR,
    consequence=_REFUSED,
    remedy="keep to what the schema of the document's OCF version knows",
)
def breaks_schema_badly(document: Document) -> Iterator[Hit]:
    """Parts that the schema of OCF does not know, or values that it does not allow."""
    for fault in _faults(document):
        if _is_refused(fault, document):
            yield _hit(fault, document)


@check(
    "schema",
    Severity.WARNING,
    consequence=_READ_ALL_THE_SAME,
    remedy="write what the schema of the document's OCF version asks for, in its order",
)
def breaks_schema(document: Document) -> Iterator[Hit]:
    """Parts that the schema of OCF asks for and that are missing, repeated or out of order."""
    for fault in _faults(document):
        if not _is_refused(fault, document):
            yield _hit(fault, document)


@check(
    "version-missing",
    Severity.WARNING,
    consequence="it is read as OCF 1.0, so that reload-agent is never called; Pacemaker logs it",
    remedy="say <version>1.1</version> ahead of everything else",
)
def has_no_version(document: Document) -> Iterator[Hit]:
    """The element <version>, which names the OCF version that the agent speaks, is missing."""
    if document.root.find("version") is None:
        yield Hit(document.line, "", "no <version>: the document does not name its OCF version")


@check(
    "version-unknown",
    Severity.ERROR,
    consequence="pcs refuses the whole agent, as one of an OCF version that it does not support",
    remedy="put the OCF version there, 1.0 or 1.1; the agent's own version is the attribute "
    "version of <resource-agent>",
)
def has_unknown_version(document: Document) -> Iterator[Hit]:
    """The element <version> names no version of OCF: often it is the agent's own."""
    version = document.root.find("version")
    if version is None:
        return
    text = (version.text or "").strip()
    if text not in _KNOWN_VERSIONS:
        what = "is no version" if read_version(text) is None else "is none of 1.0 and 1.1"
        yield Hit(line_of(version), "", f"the OCF version {text!r} {what}")


@check(
    "name-differs",
    Severity.WARNING,
    consequence="what is shown, and the manual page, name an agent that cannot be configured so",
    remedy="give <resource-agent> the name of the agent's file",
)
def has_other_name(document: Document) -> Iterator[Hit]:
    """The attribute name is not the name of the agent's file, which is the resource's type."""
    name = document.root.get("name", "")
    if document.agent is not None and name and name != document.agent.type:
        yield Hit(document.line, "", f"the name is {name!r}, the file's {document.agent.type!r}")


@check(
    "encoding-declared",
    Severity.ERROR,
    consequence="crmsh cannot parse it, and says that the agent does not exist",
    remedy='write UTF-8 and begin with <?xml version="1.0"?>',
)
def declares_encoding(document: Document) -> Iterator[Hit]:
    """The XML declaration names an encoding."""
    declared = _ENCODING.match(document.raw)
    if declared:
        name = declared[1].decode("ascii", "replace")
        yield Hit(1, "", f"the XML declaration names the encoding {name!r}")


@check(
    "no-description",
    Severity.NOTE,
    consequence="the shells list the agent without a word on what it is",
    remedy="give <resource-agent> a longdesc and a shortdesc",
)
def says_nothing(document: Document) -> Iterator[Hit]:
    """The agent as a whole has no short or no long description."""
    for tag in ("longdesc", "shortdesc"):
        if not document.root.findtext(tag, "").strip():
            yield Hit(document.line, "", f"no {tag} of the agent")


def _faults(document: Document) -> list[Fault]:
    faults = load_schema(document.description.version).find_faults(document.root)
    return [one for one in faults if (one.element, one.part) not in _JUDGED_ELSEWHERE]


def _is_refused(fault: Fault, document: Document) -> bool:
    """Whether pcs, whose schema is laxer, refuses the agent for it."""
    is_1_1 = knows_reload_agent(document.description.version)
    if fault.breach in (Breach.UNKNOWN_ATTRIBUTE, Breach.UNKNOWN_ELEMENT):
        part = (fault.breach, fault.element, fault.part)
        return part not in _ALWAYS_TOLERATED and (is_1_1 or part not in _TOLERATED)
    if fault.breach is Breach.BAD_VALUE and fault.part == "type":
        return is_1_1 and not any(repr(one) in fault.message for one in _TOLERATED_TYPES)
    if fault.breach is Breach.REPEATED_ELEMENT:
        return True
    if fault.breach is Breach.MISSING_ATTRIBUTE:
        return fault.part in ("name", "type", "value", "tag")
    return fault.breach in (Breach.BAD_VALUE, Breach.OTHER)


def _hit(fault: Fault, document: Document) -> Hit:
    """Names the parameter or action that the fault lies in, by its line."""
    subject = ""
    for element in (*document.parameters, *document.actions):
        lines = (line_of(one) for one in element.iter(etree.Element))
        if fault.line in lines:
            subject = f"{element.tag} {element.get('name', '')}".strip()
    return Hit(fault.line, subject, fault.message)

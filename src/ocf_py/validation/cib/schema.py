"""Whether Pacemaker's own schema takes a configuration, where Pacemaker is installed.

libxml2 names the place of an error in what an element should hold only roughly.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.cib.document import SECTION_OF
from ocf_py.validation.cib.check import Flaw
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.cib.document import Document

SCHEMAS = Path("/usr/share/pacemaker")
_COUNTERS = {"admin_epoch": "0", "epoch": "1", "num_updates": "0"}
_ADDED = ("crm_config", "nodes", "resources", "constraints")


def find_invalid(document: Document, schemas: Path = SCHEMAS) -> Iterator[Flaw]:
    """What the schema refuses first, or why it was not asked."""
    wanted = document.root.get("validate-with") if document.root.tag == "cib" else None
    if wanted == "none":
        yield Flaw(
            Severity.WARNING,
            document.root,
            "",
            "validate-with is none",
            "Pacemaker takes whatever stands here and ignores what it does not understand",
            "leave it to cibadmin --upgrade to set a version",
        )
        return
    name = wanted or _newest(schemas)
    path = schemas / f"{name}.rng"
    if not name or "/" in name or not path.is_file():
        if wanted:
            yield Flaw(
                Severity.NOTE,
                document.root,
                "",
                f"schema {wanted} is not installed here",
                "what only the schema knows was not looked at",
                f"validate where Pacemaker has {wanted}.rng in {schemas}",
            )
        return
    whole = as_cib(document)
    schema = etree.RelaxNG(etree.parse(str(path)))
    if schema.validate(whole):
        return
    element, message = _deepest(whole, schema.error_log)
    yield Flaw(
        Severity.ERROR,
        element,
        element.get("id", ""),
        f"{name} refuses <{element.tag!s}>: {message}",
        "Pacemaker refuses to load the whole configuration",
        "compare the element with the documentation of Pacemaker",
    )


def _newest(schemas: Path) -> str:
    def version(path: Path) -> tuple[int, ...]:
        return tuple(int(part) for part in path.stem.partition("-")[2].split("."))

    found = [one for one in schemas.glob("pacemaker-*.rng") if one.stem[10:11].isdecimal()]
    return max(found, key=version).stem if found else ""


def as_cib(document: Document) -> etree._Element:
    """The document as the `<cib>` it is a part of; a copy, in which the lines are kept."""
    part = deepcopy(document.root)
    if part.tag == "cib":
        whole = part
    else:
        if part.tag in SECTION_OF:
            section = etree.Element(SECTION_OF[part.tag])
            section.append(part)
            part = section
        whole = etree.Element("cib", attrib=_COUNTERS)
        if part.tag == "configuration":
            whole.append(part)
        else:
            etree.SubElement(whole, "configuration").append(part)
    configuration = whole.find("configuration")
    if configuration is not None:
        for name in _ADDED:
            if configuration.find(name) is None:
                configuration.insert(_ADDED.index(name), etree.Element(name))
    if whole.find("status") is None:
        etree.SubElement(whole, "status")
    return whole


def _deepest(whole: etree._Element, log: etree._ListErrorLog) -> tuple[etree._Element, str]:
    """Where the innermost of the messages points: the outer ones follow from it."""
    best, message = whole, "it is not what the schema wants"
    for entry in log:
        path = (entry.path or "").partition("/cib/")[2]
        found = whole.find(path) if path else None
        if found is not None and _depth(found) > _depth(best):
            best, message = found, entry.message
    return best, message


def _depth(element: etree._Element) -> int:
    return sum(1 for _ in element.iterancestors())

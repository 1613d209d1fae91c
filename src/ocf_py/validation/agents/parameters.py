"""Checks of the parameters: their names, and what they promise to Pacemaker and its tools."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocf_py.catalogue.lines import line_of
from ocf_py.catalogue.reload import knows_reload_agent
from ocf_py.validation.agents.check import Hit, check
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.validation.agents.check import Document

_REACHABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_RESERVED = re.compile(r"CRM_meta_|crm_feature_set$")
#: What Pacemaker hides by itself (protocol fact P11).
HIDDEN = ("password", "passwd", "user")
_TRACE = ("trace_ra", "trace_file")
#: To the agents of these providers pcs adds the parameters itself.
_TRACED_ANYWAY = ("heartbeat", "pacemaker")


@check(
    "parameter-unreachable",
    Severity.ERROR,
    consequence="OCF_RESKEY_ with this name is no variable that a shell can read, and crmsh makes "
    "another name of it",
    remedy="use letters, digits and _ only",
)
def has_unreachable_name(document: Document) -> Iterator[Hit]:
    """A parameter's name cannot be that of an environment variable: it has a "-", a "." or such."""
    for element, name in named(document):
        if name and not _REACHABLE.fullmatch(name):
            yield hit(element, f"the name {name!r} cannot be that of a variable")


@check(
    "parameter-reserved",
    Severity.ERROR,
    consequence="Pacemaker sets the variable itself, whatever is configured",
    remedy="choose another name",
)
def has_reserved_name(document: Document) -> Iterator[Hit]:
    """A parameter's name is one that Pacemaker hands to every agent."""
    for element, name in named(document):
        if _RESERVED.match(name):
            yield hit(element, f"the name {name!r} is Pacemaker's own")


@check(
    "parameter-twice",
    Severity.ERROR,
    consequence="which of the two counts is a matter of chance: tools differ",
    remedy="declare each parameter once",
)
def is_declared_twice(document: Document) -> Iterator[Hit]:
    """Two parameters have one name."""
    seen: dict[str, int] = {}
    for element, name in named(document):
        if name in seen:
            yield hit(element, f"the parameter stands on line {seen[name]} already")
        seen.setdefault(name, line_of(element))


@check(
    "reloadable-in-vain",
    Severity.WARNING,
    consequence="a change of it restarts the resource",
    remedy="implement and advertise reload-agent, or drop reloadable",
)
def is_reloadable_without_action(document: Document) -> Iterator[Hit]:
    """A parameter is reloadable, and the agent advertises no reload-agent."""
    if not knows_reload_agent(document.description.version):
        return
    if "reload-agent" not in document.description.action_names:
        for element, _ in named(document):
            if element.get("reloadable") == "1":
                yield hit(element, "reloadable, and there is no reload-agent")


@check(
    "needs-version-1-1",
    Severity.ERROR,
    consequence="pcs refuses the whole agent, and Pacemaker looks at it only from OCF 1.1 on",
    remedy="say <version>1.1</version>, once the agent keeps to OCF 1.1",
)
def needs_later_version(document: Document) -> Iterator[Hit]:
    """A parameter has reloadable or unique-group, which are of OCF 1.1, in a document of 1.0."""
    if knows_reload_agent(document.description.version):
        return
    for element, _ in named(document):
        for name in ("reloadable", "unique-group"):
            if element.get(name) is not None:
                yield hit(element, f"{name} is of OCF 1.1")


@check(
    "reloadable-no-flag",
    Severity.ERROR,
    consequence="pcs refuses the whole agent; Pacemaker takes it for not reloadable",
    remedy="say 1 or 0",
)
def has_odd_reloadable(document: Document) -> Iterator[Hit]:
    """The attribute reloadable is neither 0 nor 1."""
    if not knows_reload_agent(document.description.version):
        return
    for element, _ in named(document):
        value = element.get("reloadable")
        if value is not None and value.strip() not in ("0", "1"):
            yield hit(element, f"reloadable={value!r} is none of 0, 1")


@check(
    "private-attribute",
    Severity.ERROR,
    consequence="pcs refuses the whole agent: no schema of OCF knows the attribute",
    remedy=f"call the parameter {HIDDEN[0]} or {HIDDEN[1]}, which Pacemaker hides by itself",
)
def is_marked_private(document: Document) -> Iterator[Hit]:
    """A parameter has the attribute private, which only Pacemaker's controller reads."""
    for element, _ in named(document):
        if element.get("private") is not None:
            yield hit(element, "the attribute private is not of OCF")


@check(
    "unique-in-two-ways",
    Severity.WARNING,
    consequence="tools of OCF 1.0 and of 1.1 disagree whether two resources may share the value",
    remedy='drop unique: unique-group="NAME" says what unique="1" said',
)
def is_unique_in_two_ways(document: Document) -> Iterator[Hit]:
    """A parameter has a unique-group, and unique="0"."""
    for element, _ in named(document):
        if element.get("unique-group") and element.get("unique") == "0":
            yield hit(element, f'unique="0" and unique-group={element.get("unique-group")!r}')


@check(
    "unique-outdated",
    Severity.NOTE,
    consequence="pcs does not look at unique in a document of OCF 1.1: two resources may share "
    "the value",
    remedy="say unique-group as well, or instead",
)
def is_unique_as_in_1_0(document: Document) -> Iterator[Hit]:
    """A parameter of a document of OCF 1.1 is unique="1", and in no unique-group."""
    if knows_reload_agent(document.description.version):
        for element, _ in named(document):
            if element.get("unique") == "1" and not element.get("unique-group"):
                yield hit(element, 'unique="1" without a unique-group')


@check(
    "no-trace-parameters",
    Severity.NOTE,
    consequence="pcs takes trace_ra=1 only with --force: it adds the parameters itself to agents "
    f"of {' and '.join(_TRACED_ANYWAY)} alone",
    remedy=f"declare {' and '.join(_TRACE)}",
)
def has_no_trace_parameters(document: Document) -> Iterator[Hit]:
    """An installed agent of another provider does not declare trace_ra and trace_file."""
    if document.agent is None or document.agent.provider in _TRACED_ANYWAY:
        return
    missing = [one for one in _TRACE if document.description.find(one) is None]
    if missing:
        parameters = document.root.find("parameters")
        line = document.line if parameters is None else line_of(parameters)
        yield Hit(line, "", f"no parameter {' and no '.join(missing)}")


def named(document: Document) -> Iterator[tuple[etree._Element, str]]:
    """The elements of the parameters, each with its name."""
    for element in document.parameters:
        yield element, element.get("name", "")


def hit(element: etree._Element, message: str, place: etree._Element | None = None) -> Hit:
    """A hit at a parameter's element, or at a place within."""
    line = line_of(element if place is None else place)
    return Hit(line, f"parameter {element.get('name', '')}".strip(), message)

"""Checks of which actions there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.catalogue.lines import line_of
from ocf_py.catalogue.reload import knows_reload_agent
from ocf_py.cib.times import parse_ms
from ocf_py.declaration import KNOWN_ACTIONS
from ocf_py.validation.agents.check import Hit, check
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.validation.agents.check import Document

_MANDATORY = ("start", "stop", "monitor", "meta-data")
#: What pcs does not copy into the configuration.
_NEVER_COPIED = ("meta-data", "status", "validate-all")
_OF_OCF = (*KNOWN_ACTIONS, *_NEVER_COPIED, "recover")
_PAIRS = (("promote", "demote"), ("migrate_to", "migrate_from"))


@check(
    "action-missing",
    Severity.ERROR,
    consequence="pcs and crmsh configure no operation for it, and OCF asks for it",
    remedy="implement and advertise it",
)
def lacks_action(document: Document) -> Iterator[Hit]:
    """One of start, stop, monitor and meta-data is not advertised."""
    for name in _MANDATORY:
        if name not in document.description.action_names:
            yield Hit(document.actions_line, f"action {name}", "not advertised, and mandatory")


@check(
    "half-a-pair",
    Severity.ERROR,
    consequence="the cluster takes both for granted, and the one that is missing fails",
    remedy="implement and advertise the other one, or neither",
)
def has_half_a_pair(document: Document) -> Iterator[Hit]:
    """Only one of promote and demote, or of migrate_to and migrate_from, is advertised."""
    names = document.description.action_names
    for pair in _PAIRS:
        for one, other in (pair, pair[::-1]):
            if one in names and other not in names:
                element = next(one_of for one_of, name in named(document) if name == one)
                yield hit(element, f"advertised without {other}")


@check(
    "reload-never-called",
    Severity.WARNING,
    consequence="from OCF 1.1 on Pacemaker calls reload-agent where parameters have changed, and "
    "reload never",
    remedy="advertise reload-agent, and reload only to have the service read its own configuration",
)
def has_reload_alone(document: Document) -> Iterator[Hit]:
    """A document of OCF 1.1 advertises reload without reload-agent."""
    names = document.description.action_names
    is_1_1 = knows_reload_agent(document.description.version)
    if is_1_1 and "reload-agent" not in names:
        for element, name in named(document):
            if name == "reload":
                yield hit(element, "advertised without reload-agent")


@check(
    "reload-agent-never-called",
    Severity.WARNING,
    consequence="Pacemaker looks for reload-agent only from OCF 1.1 on: a changed parameter "
    "restarts the resource",
    remedy="say <version>1.1</version>, once the agent keeps to OCF 1.1",
)
def has_reload_agent_too_early(document: Document) -> Iterator[Hit]:
    """A document of OCF 1.0 advertises reload-agent."""
    if not knows_reload_agent(document.description.version):
        for element, name in named(document):
            if name == "reload-agent":
                yield hit(element, "reload-agent is of OCF 1.1")


@check(
    "reload-agent-idle",
    Severity.NOTE,
    consequence="Pacemaker never calls it: any changed parameter restarts the resource",
    remedy='mark with reloadable="1" what reload-agent can apply',
)
def has_nothing_to_reload(document: Document) -> Iterator[Hit]:
    """A document of OCF 1.1 advertises reload-agent, and no parameter is reloadable."""
    if not knows_reload_agent(document.description.version):
        return
    if not any(one.reloadable for one in document.description.parameters):
        for element, name in named(document):
            if name == "reload-agent":
                yield hit(element, "no parameter is reloadable")


@check(
    "notify-on-demand",
    Severity.NOTE,
    consequence="the cluster calls it only for a clone with the meta attribute notify=true",
    remedy="say so in the longdesc; let validate-all at level 10 ask for notify=true",
)
def wants_notify(document: Document) -> Iterator[Hit]:
    """The agent advertises notify."""
    for element, name in named(document):
        if name == "notify":
            yield hit(element, "advertised")


@check(
    "action-unknown",
    Severity.NOTE,
    consequence="pcs copies it into the configuration of every resource",
    remedy="do not advertise what only people call",
)
def has_custom_action(document: Document) -> Iterator[Hit]:
    """An action that OCF does not know is advertised."""
    for element, name in named(document):
        if name and name not in _OF_OCF:
            interval = parse_ms(element.get("interval", ""))
            every = f", every {element.get('interval')}" if interval else ""
            yield hit(element, f"not of OCF{every}", Severity.WARNING if interval else None)


@check(
    "status-action",
    Severity.NOTE,
    consequence="nothing in the cluster calls it",
    remedy="leave it to monitor",
)
def has_status(document: Document) -> Iterator[Hit]:
    """The action status, of the time before OCF, is advertised."""
    for element, name in named(document):
        if name == "status":
            yield hit(element, "an old name of monitor")


@check(
    "no-validate-all",
    Severity.NOTE,
    consequence="pcs and crmsh do not have parameters checked where a resource is created",
    remedy="implement and advertise validate-all",
)
def lacks_validate_all(document: Document) -> Iterator[Hit]:
    """validate-all is not advertised."""
    if "validate-all" not in document.description.action_names:
        yield Hit(document.actions_line, "action validate-all", "not advertised")


def named(document: Document) -> Iterator[tuple[etree._Element, str]]:
    """The elements of the actions, each with its name."""
    for element in document.actions:
        yield element, element.get("name", "")


def hit(element: etree._Element, message: str, severity: Severity | None = None) -> Hit:
    """A hit at an action's element."""
    subject = f"action {element.get('name', '')}".strip()
    return Hit(line_of(element), subject, message, severity=severity)

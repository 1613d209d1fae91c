"""Checks of how actions are to be called: their timeouts, intervals, depths and roles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.catalogue.lines import line_of
from ocf_py.catalogue.reload import knows_reload_agent
from ocf_py.cib.times import parse_ms
from ocf_py.declaration import KNOWN_ACTIONS
from ocf_py.validation.agents.actions import hit, named
from ocf_py.validation.agents.check import check
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.agents.check import Document, Hit

_ROLES = ("Promoted", "Unpromoted")
_LEGACY_ROLES = {"Master": "Promoted", "Slave": "Unpromoted"}
_METADATA_LIMIT = 20_000  # ms: what Pacemaker itself allows, whatever is advertised
_SHORTEST = 10_000  # ms: less is over on a machine that fails over, and busy
_TIMED = ("start", "stop", "monitor", "promote", "demote")


@check(
    "timeout-missing",
    Severity.WARNING,
    consequence="it gets 20 s whatever it needs; a stop that takes longer has its node fenced",
    remedy='say timeout="60s", or what it takes at worst',
)
def has_no_timeout(document: Document) -> Iterator[Hit]:
    """An action advertises no timeout, or one of 0."""
    for element, name in named(document):
        timeout = element.get("timeout")
        if timeout is None or not timeout.strip():
            yield hit(element, "no timeout")
        elif parse_ms(timeout) == 0 and name not in ("meta-data", "notify"):
            yield hit(element, f"a timeout of {timeout}")


@check(
    "time-unreadable",
    Severity.ERROR,
    consequence="pcs copies it into the configuration, where Pacemaker takes it for none",
    remedy="write a number and ms, s, min or h: 20s",
)
def has_unreadable_time(document: Document) -> Iterator[Hit]:
    """A timeout, an interval or a start-delay is no time."""
    for element, _ in named(document):
        for attribute in ("timeout", "interval", "start-delay"):
            text = element.get(attribute, "")
            if text.strip() and parse_ms(text) is None:
                yield hit(element, f"{attribute}={text!r} is no time")


@check(
    "timeout-short",
    Severity.NOTE,
    consequence="on a busy machine it is over, and the resource is recovered for no fault of its "
    "own, or its node fenced",
    remedy="advertise 10s or more",
)
def has_short_timeout(document: Document) -> Iterator[Hit]:
    """An action that matters advertises a timeout below 10 s."""
    for element, name in named(document):
        timeout = parse_ms(element.get("timeout", "")) or 0
        if name in _TIMED and 0 < timeout < _SHORTEST:
            yield hit(element, f"a timeout of {element.get('timeout')}")


@check(
    "monitor-interval-twice",
    Severity.WARNING,
    consequence="Pacemaker tells the monitors of a resource apart by their interval: pcs moves "
    "one of them, crmsh complains, by hand one of them never runs",
    remedy="give each monitor an interval of its own: 10s and 11s",
)
def has_monitors_alike(document: Document) -> Iterator[Hit]:
    """Two monitors advertise the same interval."""
    seen: dict[int, int] = {}
    for element, name in named(document):
        interval = parse_ms(element.get("interval", "")) or 0
        if name != "monitor" or not interval:
            continue
        if interval in seen:
            message = f"has the interval of the monitor on line {seen[interval]}"
            yield hit(element, f"{message}, {element.get('interval')}")
        seen.setdefault(interval, line_of(element))


@check(
    "interval-on-other-action",
    Severity.WARNING,
    consequence="pcs copies it into the configuration, where Pacemaker ignores the operation with "
    "a complaint",
    remedy="drop the interval",
)
def has_interval_elsewhere(document: Document) -> Iterator[Hit]:
    """An action that runs once advertises an interval."""
    for element, name in named(document):
        interval = parse_ms(element.get("interval", ""))
        if interval and name in KNOWN_ACTIONS and name != "monitor":
            yield hit(element, f"an interval of {element.get('interval')}")


@check(
    "depth-by-default",
    Severity.NOTE,
    consequence="pcs configures it with every resource, whatever it costs",
    remedy="see that it is harmless by default, or do not advertise it",
)
def has_deep_monitor(document: Document) -> Iterator[Hit]:
    """A monitor of a depth other than 0 is advertised with an interval."""
    for element, name in named(document):
        depth = element.get("depth", "").strip()
        is_deep = depth.isdigit() and int(depth[:9]) != 0
        if name == "monitor" and is_deep and parse_ms(element.get("interval", "")):
            yield hit(element, f"depth {depth} every {element.get('interval')}")


@check(
    "depth-no-number",
    Severity.WARNING,
    consequence="pcs makes it an OCF_CHECK_LEVEL, which agents compare as a number",
    remedy="say 0, 10 or 20",
)
def has_odd_depth(document: Document) -> Iterator[Hit]:
    """A depth is no number."""
    for element, _ in named(document):
        depth = element.get("depth")
        if depth is not None and not (depth.strip().isascii() and depth.strip().isdigit()):
            yield hit(element, f"depth={depth!r} is no number")


@check(
    "role-unknown",
    Severity.ERROR,
    consequence="pcs refuses it where it configures the monitor, or refuses the whole agent",
    remedy="write Promoted or Unpromoted, with a capital letter",
)
def has_unknown_role(document: Document) -> Iterator[Hit]:
    """A role is none of Promoted and Unpromoted, often by its case alone."""
    for element, _ in named(document):
        role = element.get("role")
        if role is not None and role not in _ROLES and role not in _LEGACY_ROLES:
            yield hit(element, f"role={role!r} is none of {', '.join(_ROLES)}")


@check(
    "role-outdated",
    Severity.NOTE,
    consequence="Pacemaker before 2.1 has no other word; the words go away with a later one",
    remedy="write Promoted or Unpromoted, unless Pacemaker 2.0 has to read it",
)
def has_outdated_role(document: Document) -> Iterator[Hit]:
    """A role is called Master or Slave, as it was before OCF 1.1."""
    for element, _ in named(document):
        role = element.get("role", "")
        if role in _LEGACY_ROLES:
            is_1_1 = knows_reload_agent(document.description.version)
            severity = Severity.WARNING if is_1_1 else None
            message = f"role={role!r}, which OCF 1.1 calls {_LEGACY_ROLES[role]}"
            yield hit(element, message, severity)


@check(
    "role-without-promote",
    Severity.WARNING,
    consequence="the monitor never runs: the resource has no such role",
    remedy="drop the role, or advertise promote and demote",
)
def has_role_in_vain(document: Document) -> Iterator[Hit]:
    """A monitor is for a role, and the agent advertises no promote."""
    if "promote" not in document.description.action_names:
        for element, name in named(document):
            if name == "monitor" and element.get("role"):
                yield hit(element, f"for the role {element.get('role')}, without promote")


@check(
    "promoted-unwatched",
    Severity.WARNING,
    consequence="pcs configures no monitor of the promoted role, and Pacemaker runs one without a "
    "role for unpromoted instances alone: a promoted one that dies goes unnoticed",
    remedy='advertise two: role="Promoted" with interval="10s", role="Unpromoted" with "11s"',
)
def watches_no_promoted(document: Document) -> Iterator[Hit]:
    """An agent with promote advertises no monitor with an interval for the promoted role."""
    watched = [
        parse_ms(element.get("interval", "")) or 0
        for element, name in named(document)
        if name == "monitor" and element.get("role") in ("Promoted", "Master")
    ]
    if not any(watched):
        for element, name in named(document):
            if name == "promote":
                yield hit(element, "no monitor with an interval is for the promoted role")


@check(
    "metadata-timeout-in-vain",
    Severity.NOTE,
    consequence="Pacemaker gives meta-data 20 s, whatever is advertised",
    remedy="let meta-data be quick, and advertise 20s or less",
)
def has_long_metadata(document: Document) -> Iterator[Hit]:
    """meta-data advertises a timeout beyond the 20 s that Pacemaker gives it."""
    for element, name in named(document):
        timeout = parse_ms(element.get("timeout", "")) or 0
        if name == "meta-data" and timeout > _METADATA_LIMIT:
            yield hit(element, f"a timeout of {element.get('timeout')}")

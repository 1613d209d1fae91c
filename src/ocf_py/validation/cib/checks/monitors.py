"""Monitors: there is one for each role, and no two that Pacemaker cannot tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.times import in_words
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.cib.situation import Situation


@check("two monitors of a resource have the same interval")
def same_interval(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        seen: set[tuple[str, int]] = set()
        for one in resource.operations:
            if one.interval is None:
                continue
            if (one.name, one.interval) in seen:
                yield Flaw(
                    Severity.ERROR,
                    one.element,
                    resource.id,
                    f"a second {one.name} every {in_words(one.interval)}",
                    "Pacemaker tells them apart by the interval alone: one of them is never run",
                    "change its interval, by a second if need be" if one.interval else "remove it",
                )
            seen.add((one.name, one.interval))


@check("a resource, or one of its roles, is not monitored")
def missing_monitor(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        if resource.standard == "stonith":
            continue
        roles = {
            one.role or "Started"
            for one in resource.operations
            if one.name in ("monitor", "status") and one.interval and one.is_enabled
        }
        wanted = []
        if not roles & {"Started", "Unpromoted"}:
            wanted.append("Unpromoted" if resource.is_promotable else "")
        if resource.is_promotable and "Promoted" not in roles:
            wanted.append("Promoted")
        for role in wanted:
            yield Flaw(
                Severity.WARNING,
                resource.element,
                resource.id,
                f"no recurring monitor{' for the role ' if role else ''}{role}",
                "the cluster does not notice when it fails"
                + (": a monitor without a role does not look at promoted ones" if role else ""),
                "add an operation monitor"
                + (
                    f" with role={role} and an interval of its own" if role else " with an interval"
                ),
            )

"""Parameters whose combination must be unique in the cluster."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.catalogue.description import Description
    from ocf_py.cib.model import Resource
    from ocf_py.cib.settings import Setting
    from ocf_py.validation.cib.situation import Situation


@check("two resources of one agent have what must be unique")
def unique_clash(situation: Situation) -> Iterator[Flaw]:
    first: dict[tuple[object, ...], Resource] = {}
    for resource, said in situation.described:
        given: dict[str, Setting] = {}
        for one in resource.parameters:
            if not one.rule:
                given.setdefault(one.name, one)
        for group, names in _groups(said).items():
            set_here = [given[name] for name in names if name in given]
            if (
                not set_here
            ):  # nothing but defaults, which the agent may make of the resource's name
                continue
            values = tuple(_value(said, given, name) for name in names)
            other = first.setdefault((resource.agent, group, values), resource)
            if other is not resource:
                yield Flaw(
                    Severity.WARNING,
                    set_here[0].element,
                    resource.id,
                    f"{other.id} has the same {' and '.join(names)}",
                    "where both run, each takes for its own what the other has started",
                    "give one of them another value",
                )


def _groups(said: Description) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for one in said.parameters:
        if one.unique_group:
            found[one.unique_group].append(one.name)
    return found


def _value(said: Description, given: dict[str, Setting], name: str) -> str:
    if name in given:
        return given[name].value
    parameter = said.find(name)
    return parameter.default if parameter else ""

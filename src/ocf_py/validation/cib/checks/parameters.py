"""The parameters that resources set, beside those that their agents declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.situation import nearest
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.cib.situation import Situation

# What ocf-shellfuncs and Pacemaker itself read, whatever the agent declares.
_EVERYWHERE = frozenset(("OCF_CHECK_LEVEL",))
_TRACE = frozenset(("trace_ra", "trace_file", "trace_dir"))
_TRACING = frozenset(("heartbeat", "pacemaker"))


@check("an agent has no parameter of that name")
def unknown_parameter(situation: Situation) -> Iterator[Flaw]:
    for resource, said in situation.described:
        extra = _EVERYWHERE | (_TRACE if resource.provider in _TRACING else frozenset())
        names = [one.name for one in said.parameters]
        for setting in resource.parameters:
            if said.find(setting.name) or setting.name in extra:
                continue
            near = nearest(setting.name, names)
            yield Flaw(
                Severity.ERROR,
                setting.element,
                resource.id,
                f"{resource.agent} has no parameter {setting.name!r}",
                "the agent does not look at it: what it was to say does not hold",
                f"write {near}" if near else "remove it",
            )


@check("a parameter that the agent requires is not set")
def missing_parameter(situation: Situation) -> Iterator[Flaw]:
    for resource, said in situation.described:
        given = {one.name for one in resource.parameters}
        meant = {nearest(one, [p.name for p in said.parameters]) for one in given}
        for parameter in said.parameters:
            stands_in = given.intersection(
                one.name for one in said.parameters if parameter.name in one.replaced_with
            )
            if not parameter.required or parameter.name in given or stands_in:
                continue
            if parameter.name in meant:  # misspelt: the other finding names it
                continue
            yield Flaw(
                Severity.ERROR,
                resource.element,
                resource.id,
                f"{parameter.name} is required and not set",
                "start answers 6: the resource runs on no node",
                f"set {parameter.name}: {parameter.shortdesc or 'see `ocf-py info`'}",
            )


@check("a parameter is on its way out")
def deprecated_parameter(situation: Situation) -> Iterator[Flaw]:
    for resource, said in situation.described:
        for setting in resource.parameters:
            parameter = said.find(setting.name)
            if parameter is None or not parameter.is_deprecated:
                continue
            instead = " or ".join(parameter.replaced_with)
            yield Flaw(
                Severity.NOTE,
                setting.element,
                resource.id,
                f"{setting.name} is deprecated",
                "a later version of the agent may not know it any more",
                f"use {instead}" if instead else "do without it",
            )


@check("one set gives a parameter twice")
def parameter_twice(situation: Situation) -> Iterator[Flaw]:
    document = situation.document
    for place in document.elements("instance_attributes", "meta_attributes"):
        seen: set[str] = set()
        for pair in place.iterfind("nvpair"):
            name = pair.get("name", "")
            if name and name in seen:
                yield Flaw(
                    Severity.ERROR,
                    pair,
                    name,
                    f"{name} is given twice in one set",
                    "only one of the two values holds, and which is not defined",
                    "remove one of them",
                )
            seen.add(name)

"""The values of parameters: of their type, and taken by the agent's own validate-all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.model import SECRET
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.catalogue.description import Description, Parameter
    from ocf_py.cib.model import Resource
    from ocf_py.validation.cib.agents import Refusal
    from ocf_py.validation.cib.situation import Situation

_BOOLEANS = frozenset(("true", "yes", "on", "1", "false", "no", "off", "0", "y", "n"))
_MISCONFIGURED, _UNIMPLEMENTED, _NOT_PERMITTED, _NOT_INSTALLED = 6, 3, 4, 5


@check("a value is not of the parameter's type")
def wrong_type(situation: Situation) -> Iterator[Flaw]:
    for resource, said in situation.described:
        for setting in resource.parameters:
            parameter = said.find(setting.name)
            if parameter is None or _is_of_type(parameter, setting.value):
                continue
            shown = "its value" if parameter.is_secret else repr(setting.value)
            wanted = "one of " + ", ".join(parameter.options) if parameter.options else ""
            yield Flaw(
                Severity.ERROR,
                setting.element,
                resource.id,
                f"{setting.name}: {shown} is not of type {parameter.content}",
                "the agent refuses it, or takes it for something else than is meant",
                f"write {wanted or _WANTED.get(parameter.content, 'another value')}",
            )


_WANTED = {"boolean": "true or false", "integer": "a whole number", "select": "an option"}


@check("the agent's validate-all refuses the parameters")
def refused_value(situation: Situation) -> Iterator[Flaw]:
    cases: list[tuple[Resource, dict[str, str]]] = []
    for resource, said in situation.described:
        cases += [
            (resource, values)
            for values in resource.value_sets()
            if not _is_found_wrong(said, values)
        ]
    answers = zip(cases, situation.agents.refusals(cases))
    # One that other values are refused for as well is said once.
    said_of: set[tuple[str, str]] = set()
    for (resource, values), refusal in answers:
        if refusal is None or refusal.code == _UNIMPLEMENTED:
            continue
        if (resource.id, refusal.reason) not in said_of:
            said_of.add((resource.id, refusal.reason))
            yield _refused(resource, values, refusal)


def _refused(resource: Resource, values: dict[str, str], refusal: Refusal) -> Flaw:
    code = refusal.code
    element = resource.element
    # The parameter that the reason quotes with its value is where to look.
    named = [one for one in resource.parameters if f" {one.name}=" in f" {refusal.reason}"]
    if len({one.name for one in named}) == 1 and named[0].name in values:
        element = named[0].element
    if code is None:
        return Flaw(
            Severity.WARNING,
            element,
            resource.id,
            f"validate-all of {resource.agent} {refusal.reason}",
            "its values were not judged; pcs and crm wait for it as long when they create one",
            "ask it by hand: `ocf-py run` shows what it does",
        )
    severity, consequence = {
        _MISCONFIGURED: (Severity.ERROR, "start answers 6: the resource runs on no node"),
        _NOT_INSTALLED: (Severity.NOTE, "a node like this machine cannot run it"),
        _NOT_PERMITTED: (Severity.NOTE, "its values were not judged"),
    }.get(code, (Severity.WARNING, "start is refused on a node like this machine"))
    return Flaw(
        severity,
        element,
        resource.id,
        f"{resource.agent} refuses it with {code}: {refusal.reason}",
        consequence,
        {
            _NOT_INSTALLED: "install what is missing on every node that may run it",
            _NOT_PERMITTED: "ask again as root",
        }.get(code, "correct what the reason names"),
    )


def _is_found_wrong(said: Description, values: dict[str, str]) -> bool:
    """Whether another check has found the very thing that the agent would refuse.

    Nor is an agent asked about a secret that is not here.
    """
    if any(value.startswith(SECRET) for value in values.values()):
        return True
    for parameter in said.parameters:
        value = values.get(parameter.name)
        if value is None and parameter.required:
            return True
        if value is not None and not _is_of_type(parameter, value):
            return True
    return False


def _is_of_type(parameter: Parameter, value: str) -> bool:
    if value.startswith(SECRET) or (not value and not parameter.required):
        return True
    if parameter.content == "boolean":
        return value.lower() in _BOOLEANS
    if parameter.content == "integer":
        return value.lstrip("+-").isdecimal() or value.upper().lstrip("+-") == "INFINITY"
    if parameter.content == "select" and parameter.options:
        return value in parameter.options
    return True

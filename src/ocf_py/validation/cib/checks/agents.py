"""The agents that resources name: they exist, and can be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.situation import nearest
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.cib.situation import Situation

_STANDARDS = ("ocf", "stonith", "systemd", "service", "lsb", "upstart", "nagios")
_NOT_INSTALLED = "each start answers 5, not installed: the resource runs nowhere"


@check("a resource's class is none that Pacemaker knows")
def unknown_class(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        if resource.standard and resource.standard not in _STANDARDS:
            near = nearest(resource.standard, _STANDARDS)
            yield Flaw(
                Severity.ERROR,
                resource.element,
                resource.id,
                f"there is no class {resource.standard}",
                "Pacemaker cannot run the resource",
                f"write class={near}" if near else f"use one of {', '.join(_STANDARDS)}",
            )


@check("a resource's agent is not installed")
def unknown_agent(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        if resource.standard == "ocf" and situation.agents.find(resource) is None:
            names = situation.agents.names
            elsewhere = [one for one in names if one.split(":")[-1] == resource.type]
            near = " or ".join(elsewhere) or nearest(resource.agent, names)
            yield Flaw(
                Severity.ERROR,
                resource.element,
                resource.id,
                f"no agent {resource.agent} is installed here",
                _NOT_INSTALLED,
                f"write {near}" if near else "install it, or look at `ocf-py list`",
            )


@check("a resource of a class without providers has one")
def wrong_provider(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        if resource.standard in ("systemd", "service", "lsb", "stonith") and resource.provider:
            yield Flaw(
                Severity.ERROR,
                resource.element,
                resource.id,
                f"class {resource.standard} has no providers, and this says {resource.provider}",
                "Pacemaker finds no such agent",
                "remove the provider, or write class=ocf",
            )


@check("an agent's meta-data cannot be read")
def unreadable_metadata(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        trouble = situation.agents.trouble(resource)
        if trouble:
            yield Flaw(
                Severity.WARNING,
                resource.element,
                resource.id,
                f"{resource.agent} says nothing of itself: {trouble}",
                "its parameters and operations were not looked at, and a reload is a restart",
                f"see `ocf-py validate {resource.agent}`",
            )

"""Replicated data: how many instances of it may be promoted, and who mounts it where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.company import Company
from ocf_py.validation.cib.kinds import DRBD, MOUNTS, OUR_MIRROR
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.cib.model import Resource
    from ocf_py.validation.cib.situation import Situation

# How many may be promoted: DRBD can be written to on two nodes, under a file system for clusters.
_MOST = {OUR_MIRROR: 1, **dict.fromkeys(DRBD, 2)}
_PROMOTED = (("promoted-max", "master-max"), ("promoted-node-max", "master-node-max"))
_DEVICES = "/dev/drbd"
_BY_NAME = "/dev/drbd/by-res/"


@check("a mirror has more instances promoted, or on a node, than it can have")
def several_replicas(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        most = _MOST.get(resource.agent)
        if most is None or resource.collective is None:
            continue
        yield from _judge(
            resource,
            _PROMOTED[0],
            most,
            "two instances write at once, and what each has is overwritten by the other",
        )
        for names in (("clone-node-max",), _PROMOTED[1]):
            yield from _judge(resource, names, 1, "two instances on one node have the same data")


def _judge(
    resource: Resource, names: tuple[str, ...], most: int, consequence: str
) -> Iterator[Flaw]:
    """A flaw if a meta attribute of the clone, by any of its names, is more than it can be."""
    value = _of_clone(resource, names)
    if resource.collective is not None and value.isdecimal() and int(value) > most:
        yield Flaw(
            Severity.ERROR,
            resource.collective,
            resource.collective.get("id", ""),
            f"{names[0]}={value} for {resource.agent}",
            consequence,
            f"set {names[0]}=1",
        )


def _of_clone(resource: Resource, names: tuple[str, ...]) -> str:
    """A meta attribute of the clone by any of its names; 1 is what Pacemaker takes."""
    return next(filter(None, map(resource.around, names)), "1")


@check("two instances of DRBD are promoted at once")
def two_primaries(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        value = _of_clone(resource, _PROMOTED[0])
        if resource.agent in DRBD and resource.collective is not None and value == "2":
            yield Flaw(
                Severity.NOTE,
                resource.collective,
                resource.collective.get("id", ""),
                f"promoted-max=2 for {resource.agent}",
                "a file system with one writer is destroyed by it, and DRBD refuses it without "
                "allow-two-primaries in its own configuration",
                "set promoted-max=1, unless the file system above is one for clusters",
            )


@check("a file system on DRBD may be mounted where that is not promoted")
def unbound_filesystem(situation: Situation) -> Iterator[Flaw]:
    mirrors = [
        one for one in situation.resources if one.agent in DRBD and one.collective is not None
    ]
    if not mirrors:
        return
    company = Company(situation.document)
    for resource in situation.resources:
        if resource.agent not in MOUNTS or resource.collective is not None:
            continue
        device = next(resource.value_sets()).get("device", "")
        if not device.startswith(_DEVICES):
            continue
        below = [one for one in mirrors if _may_be(one, device)]
        if not below or any(_is_with(company, resource, one) for one in below):
            continue
        clones = " or ".join(_clone(one) for one in below)
        yield Flaw(
            Severity.WARNING,
            resource.element,
            resource.id,
            f"{device} is DRBD's, and {resource.id} is not kept where {clones} is promoted",
            "its start fails wherever it is not, with Wrong medium type",
            f"colocate {resource.id} with {clones} in the role Promoted, and order it after its "
            "promotion",
        )


def _may_be(mirror: Resource, device: str) -> bool:
    """Whether a device may be a mirror's; DRBD's own configuration alone knows the numbers."""
    if not device.startswith(_BY_NAME):
        return True
    named = device[len(_BY_NAME) :].partition("/")[0]
    return any(values.get("drbd_resource") == named for values in mirror.value_sets())


def _is_with(company: Company, resource: Resource, mirror: Resource) -> bool:
    return company.are_together(resource.id, f"{_clone(mirror)} promoted")


def _clone(mirror: Resource) -> str:
    return "" if mirror.collective is None else mirror.collective.get("id", "")

"""Data that two instances would write at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.kinds import TRUE
from ocf_py.system.devices import Source
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.cib.situation import Situation

_MIRROR = "ocf:ocfpy:MirrorSync"  # DRBD can be written to on two nodes, under a file system for it
_MOUNTS = frozenset(("ocf:ocfpy:Filesystem", "ocf:heartbeat:Filesystem"))


@check("a file system with one writer is in a clone")
def cloned_filesystem(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        clone = resource.collective
        if resource.agent not in _MOUNTS or clone is None or resource.around("clone-max") == "1":
            continue
        values = next(resource.value_sets())
        options = [word.strip() for word in values.get("options", "").split(",")]
        try:
            source = Source(values.get("device", ""), values.get("fstype", ""), options)
        except ValueError:  # the agent itself says what is wrong with it
            continue
        is_forced = values.get("force_clones", "").lower() in TRUE
        if source.has_one_writer and not source.wants_read_only and not is_forced:
            yield Flaw(
                Severity.ERROR,
                resource.element,
                resource.id,
                f"{values.get('fstype')} is mounted for writing by every instance of "
                f"{clone.get('id')}",
                "start answers 6, since two nodes that write to it destroy it",
                "do not clone it, mount it with ro, or use a file system for clusters",
            )


@check("a mirror has more than one instance promoted, or more than one on a node")
def several_replicas(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        if resource.agent != _MIRROR or resource.collective is None:
            continue
        for names in (("promoted-max", "master-max"), ("clone-node-max",)):
            value = next(filter(None, map(resource.around, names)), "1")
            if value == "1" or not value.isdecimal():
                continue
            yield Flaw(
                Severity.ERROR,
                resource.collective,
                resource.collective.get("id", ""),
                f"{names[0]}={value} for {resource.agent}",
                "two instances write at once, and what each has is overwritten by the other"
                if len(names) > 1
                else "two instances on one node have the same data",
                f"set {names[0]}=1",
            )

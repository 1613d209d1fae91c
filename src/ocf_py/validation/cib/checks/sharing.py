"""Data that two instances would write at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.kinds import TRUE
from ocf_py.system.devices import Source
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.kinds import MOUNTS, OUR_MIRROR
from ocf_py.validation.cib.situation import nearest
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.cib.situation import Situation


@check("a file system with one writer is in a clone")
def cloned_filesystem(situation: Situation) -> Iterator[Flaw]:
    for resource in situation.resources:
        clone = resource.collective
        if resource.agent not in MOUNTS or clone is None or resource.around("clone-max") == "1":
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


@check("a mirror's address names what is no node")
def mirror_of_no_node(situation: Situation) -> Iterator[Flaw]:
    members = situation.members
    if not members:
        return
    lowered = {one.lower() for one in members}
    for resource in situation.resources:
        addresses = [one for one in resource.parameters if one.name == "address"]
        if resource.agent != OUR_MIRROR or not addresses or addresses[0].rule:
            continue
        named = [word.partition("=")[0] for word in addresses[0].value.split() if "=" in word]
        wrong = [one for one in named if one not in members]
        # Only the agent tells large letters from small ones.
        wrong = [
            one
            for one in wrong
            if one.lower() not in situation.node_names or one.lower() in lowered
        ]
        for name in wrong:
            near = next((one for one in members if one.lower() == name.lower()), "")
            near = near or nearest(name, members)
            yield Flaw(
                Severity.ERROR,
                addresses[0].element,
                resource.id,
                f"address: there is no node {name!r}",
                "the node that is meant has no copy: a start there is refused, as address does not "
                "name it",
                f"write {near}" if near else f"name nodes of the cluster: {', '.join(members)}",
            )

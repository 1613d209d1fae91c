"""What two resources have, however each of them spells it, and of whichever agents they are."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.system.devices import NAME, Source
from ocf_py.system.mounts import normalize
from ocf_py.validation.cib.check import Flaw, check
from ocf_py.validation.cib.company import Company
from ocf_py.validation.cib.kinds import MOUNTS
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.cib.model import Resource
    from ocf_py.cib.settings import Setting
    from ocf_py.validation.cib.situation import Situation

_ADDRESS_OF = {
    "ocf:ocfpy:IPaddr": "ip",
    "ocf:heartbeat:IPaddr2": "ip",
    "ocf:heartbeat:IPaddr": "ip",
    "ocf:heartbeat:IPv6addr": "ipv6addr",
}


@check("two resources have one address, in two spellings or by two agents")
def same_address(situation: Situation) -> Iterator[Flaw]:
    first: dict[tuple[str, ...], tuple[Resource, Setting]] = {}
    for resource in situation.resources:
        name = _ADDRESS_OF.get(resource.agent, "")
        given = _fixed(resource)
        key = _address_key(given, name)
        if not key:
            continue
        other, text = first.setdefault(key, (resource, given[name]))
        if other is resource or _is_found(situation, resource, name, other, text.value):
            continue
        yield Flaw(
            Severity.WARNING,
            given[name].element,
            resource.id,
            f"{other.id} has the same address, {key[0]}",
            "on two nodes, it is a duplicate in the network; on one, each takes it for its own, "
            "and the stop of one takes it from the other",
            "give one of them another address, or remove one of the two resources",
        )


def _fixed(resource: Resource) -> dict[str, Setting]:
    """Its parameters that hold always."""
    found: dict[str, Setting] = {}
    for one in resource.parameters:
        if not one.rule:
            found.setdefault(one.name, one)
    return found


def _address_key(given: dict[str, Setting], name: str) -> tuple[str, ...]:
    """What tells addresses apart: where they are, and on which link if each has the same ones."""
    if name not in given:
        return ()
    try:
        address = ipaddress.ip_address(given[name].value.partition("/")[0].strip())
    except ValueError:  # the agent itself says what is wrong with it
        return ()
    places = ("network_namespace", *(("nic",) if address.is_link_local else ()))
    return (str(address), *(given[one].value if one in given else "" for one in places))


def _is_found(
    situation: Situation, resource: Resource, name: str, other: Resource, text: str
) -> bool:
    """Whether it is what `unique-clash` says: the same text for one agent."""
    said = situation.agents.describe(resource)
    parameter = None if said is None else said.find(name)
    is_unique = parameter is not None and bool(parameter.unique_group)
    return is_unique and resource.agent == other.agent and _fixed(resource)[name].value == text


@check("two resources mount one device, on two nodes or in one place")
def same_device(situation: Situation) -> Iterator[Flaw]:
    company = Company(situation.document)
    earlier: dict[str, list[_Mount]] = defaultdict(list)
    for mount in _mounts(situation):
        others = earlier[mount.key]
        for other in others:
            is_together = company.are_together(mount.resource.id, other.resource.id)
            consequence = mount.clashes(other, is_together=is_together)
            if consequence:
                yield Flaw(
                    Severity.WARNING,
                    mount.element,
                    mount.resource.id,
                    f"{other.resource.id} mounts the same device, {mount.source.words}",
                    consequence,
                    "give one of them another directory, or remove it"
                    if is_together
                    else "put both into one group, or colocate them; if each node has a disk of "
                    "its own by that name, name it by UUID=",
                )
                break
        others.append(mount)


@dataclass(frozen=True)
class _Mount:
    resource: Resource
    element: etree._Element
    source: Source
    directory: str

    @property
    def key(self) -> str:
        node = self.source.node
        return normalize(node) if node.startswith("/") else node

    def clashes(self, other: _Mount, *, is_together: bool) -> str:
        """What comes of both, "" for nothing bad; on one node the kernel shares a device."""
        if is_together:
            if self.directory != other.directory:
                return ""
            return "each takes the mount for its own: the stop of one takes it from the other"
        is_read = self.source.wants_read_only and other.source.wants_read_only
        if is_read or not (self.source.has_one_writer and other.source.has_one_writer):
            return ""
        return "they may be mounted on two nodes at once, which destroys the file system"


def _mounts(situation: Situation) -> Iterator[_Mount]:
    """Those that run once; of clones another check has the word."""
    for resource in situation.resources:
        given = _fixed(resource)
        is_cloned = resource.collective is not None
        if resource.agent not in MOUNTS or is_cloned or "device" not in given:
            continue
        values = {name: one.value for name, one in given.items()}
        options = [word.strip() for word in values.get("options", "").split(",")]
        try:
            source = Source(values.get("device", ""), values.get("fstype", ""), options)
        except ValueError:  # the agent itself says what is wrong with it
            continue
        if source.kind != NAME:  # tmpfs and the like are no device that two could have
            directory = normalize(values.get("directory", ""))
            yield _Mount(resource, given["device"].element, source, directory)

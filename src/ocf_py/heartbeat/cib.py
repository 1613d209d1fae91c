"""The CIB: a group for each line of haresources, and what keeps it where it was meant to be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ocf_py.heartbeat.haresources import Together
    from ocf_py.heartbeat.pair import Pair
    from ocf_py.heartbeat.scripts import Resource, Script

# What weighs more than what: a ping target more than staying, staying more than a node of its own.
# A group stays with the sum of its members' weights.
_PREFERENCE, _STAY, _PING = 50, 100, 10_000
_PING_ATTRIBUTE = "pingd"
_PING_SECONDS = {"start": 60, "stop": 20, "monitor": 60}
_MILLISECONDS = 1000


def render(pair: Pair, groups: Sequence[Together]) -> str:
    """A `<configuration>`, for cibadmin --replace --scope configuration."""
    return _Writer(pair, groups).render()


class _Writer:
    def __init__(self, pair: Pair, groups: Sequence[Together]) -> None:
        self._pair = pair
        self._groups = groups
        self._ids: set[str] = set()
        self._root = etree.Element("configuration")
        for section in ("crm_config", "nodes"):
            etree.SubElement(self._root, section)
        self._resources = etree.SubElement(self._root, "resources")
        self._constraints = etree.SubElement(self._root, "constraints")

    def render(self) -> str:
        if self._pair.ping_targets:
            self._add_ping()
        for together in self._groups:
            self._add_group(together)
        defaults = etree.SubElement(self._root, "rsc_defaults")
        stickiness = _STAY if self._pair.stays else 0
        self._add_pairs(
            defaults, "meta_attributes", "defaults", {"resource-stickiness": str(stickiness)}
        )
        comment = etree.Comment(
            " Load it into a running cluster, then set up its fencing:\n"
            "     cibadmin -R -o configuration -x cib.xml "
        )
        body = etree.tostring(self._root, pretty_print=True, encoding="unicode")
        return f"{etree.tostring(comment, encoding='unicode')}\n{body}"

    def _add_group(self, together: Together) -> None:
        """The group of a line, where it belongs, and what is promoted below it."""
        name = self._name(f"group_{together.node}")
        group = etree.Element("group", id=name)
        promotable = []
        for script, resource in together.resources:
            primitive = self._primitive(_describe(script, resource), resource)
            if resource.promotes:
                promotable.append(self._add_promotable(primitive))
            else:
                group.append(primitive)
        if not together.is_complete:
            self._add_pairs(group, "meta_attributes", f"{name}-meta", {"target-role": "Stopped"})
        if group.find("primitive") is None:
            for clone in promotable:
                self._prefer(clone, together.node, role="Promoted")
            return
        self._resources.append(group)
        self._prefer(name, together.node)
        for clone in promotable:
            self._run_where_promoted(name, clone)
        if self._pair.ping_targets:
            self._follow_pings(name)

    def _add_promotable(self, primitive: etree._Element) -> str:
        """A promotable clone of the primitive; returns its id."""
        name = self._name(f"{primitive.get('id')}-clone")
        clone = etree.SubElement(self._resources, "clone", id=name)
        meta = {"promotable": "true", "notify": "true", "interleave": "true"}
        self._add_pairs(clone, "meta_attributes", f"{name}-meta", meta)
        clone.append(primitive)
        return name

    def _prefer(self, resource: str, node: str, role: str = "") -> None:
        location = etree.SubElement(
            self._constraints, "rsc_location", id=self._name(f"{resource}-prefers"), rsc=resource
        )
        if role:
            location.set("role", role)
        location.set("node", node)
        location.set("score", str(_PREFERENCE))

    def _run_where_promoted(self, group: str, clone: str) -> None:
        etree.SubElement(
            self._constraints,
            "rsc_colocation",
            {
                "id": self._name(f"{group}-with-{clone}"),
                "rsc": group,
                "with-rsc": clone,
                "with-rsc-role": "Promoted",
                "score": "INFINITY",
            },
        )
        etree.SubElement(
            self._constraints,
            "rsc_order",
            {
                "id": self._name(f"{group}-after-{clone}"),
                "first": clone,
                "first-action": "promote",
                "then": group,
                "then-action": "start",
            },
        )

    def _add_ping(self) -> None:
        dampen = f"{self._pair.deadping // _MILLISECONDS or 1}s" if self._pair.deadping else "5s"
        parameters = {
            "name": _PING_ATTRIBUTE,
            "host_list": " ".join(self._pair.ping_targets),
            "multiplier": str(_PING),
            "dampen": dampen,
        }
        clone = etree.SubElement(self._resources, "clone", id=self._name("ping-clone"))
        clone.append(
            self._element("ping", "ocf:pacemaker:ping", parameters, _PING_SECONDS, interval=10)
        )

    def _follow_pings(self, group: str) -> None:
        location = etree.SubElement(
            self._constraints, "rsc_location", id=self._name(f"{group}-follows-pings"), rsc=group
        )
        rule = etree.SubElement(
            location,
            "rule",
            {"id": f"{location.get('id')}-rule", "score-attribute": _PING_ATTRIBUTE},
        )
        etree.SubElement(
            rule,
            "expression",
            id=f"{location.get('id')}-expression",
            attribute=_PING_ATTRIBUTE,
            operation="defined",
        )

    def _primitive(self, name: str, resource: Resource) -> etree._Element:
        return self._element(
            name,
            resource.agent,
            resource.parameters,
            resource.timeouts,
            interval=resource.interval,
            roles=resource.promotes,
        )

    def _element(
        self,
        name: str,
        agent: str,
        parameters: Mapping[str, str],
        timeouts: Mapping[str, int],
        *,
        interval: int,
        roles: bool = False,
    ) -> etree._Element:
        kind, *provider, type_ = agent.split(":")
        name = self._name(name)
        primitive = etree.Element("primitive", id=name, attrib={"class": kind})
        if provider:
            primitive.set("provider", provider[0])
        primitive.set("type", type_)
        if parameters:
            self._add_pairs(primitive, "instance_attributes", f"{name}-attributes", parameters)
        operations = etree.SubElement(primitive, "operations")
        for action, seconds in timeouts.items():
            if action != "monitor":
                _add_operation(operations, name, action, 0, seconds)
            elif roles:  # two monitors of one resource must not share an interval
                _add_operation(operations, name, action, interval, seconds, "Promoted")
                _add_operation(operations, name, action, interval + 1, seconds, "Unpromoted")
            else:
                _add_operation(operations, name, action, interval, seconds)
        return primitive

    def _add_pairs(
        self, parent: etree._Element, tag: str, name: str, values: Mapping[str, str]
    ) -> None:
        attributes = etree.SubElement(parent, tag, id=name)
        for key, value in values.items():
            etree.SubElement(attributes, "nvpair", id=f"{name}-{key}", name=key, value=value)

    def _name(self, wanted: str) -> str:
        """An id that no other element has, made of what XML allows in one."""
        name = plain = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted).strip("-")
        number = 1
        while name in self._ids:
            number += 1
            name = f"{plain}_{number}"
        self._ids.add(name)
        return name


def _describe(script: Script, resource: Resource) -> str:
    """What a resource is called: what it is, and the one thing that tells it from its like."""
    parameters = resource.parameters
    for kind, key in (("ip", "ip"), ("fs", "directory"), ("drbd", "drbd_resource")):
        if key in parameters:
            return f"{kind}_{parameters[key].strip('/')}"
    return f"service_{script.name}"


def _add_operation(
    operations: etree._Element, name: str, action: str, interval: int, timeout: int, role: str = ""
) -> None:
    operation = etree.SubElement(
        operations,
        "op",
        id=f"{name}-{action}{f'-{role.lower()}' if role else ''}",
        name=action,
        interval=f"{interval}s",
        timeout=f"{timeout}s",
    )
    if role:
        operation.set("role", role)

"""The resources of a configuration with all that they inherit: templates, references, parents."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ocf_py.cib.settings import Setting, settings
from ocf_py.cib.times import parse_ms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml import etree

    from ocf_py.cib.document import Document

SECRET = "lrm://"  # noqa: S105 - Pacemaker puts the value in from a file of the node's
TRUE = ("true", "yes", "on", "1", "y")  # what Pacemaker takes for true
FALSE = ("false", "no", "off", "0", "n")  # and for false
# How the ids of the constraints begin that `crm_resource` makes for a move or a ban by hand.
BY_HAND = ("cli-ban-", "cli-prefer-", "cli-standby-")
LEGACY_ROLES = {"master": "Promoted", "slave": "Unpromoted"}
_CONTAINERS = ("docker", "podman", "rkt")


@dataclass(frozen=True)
class Operation:
    """One `<op>`; times in ms, None where they cannot be read, `timeout` also where none is."""

    element: etree._Element
    name: str
    interval: int | None
    settings: tuple[Setting, ...]

    def get(self, name: str) -> str:
        """An attribute, or a meta attribute or OCF_CHECK_LEVEL of that name; "" for none."""
        given = self.element.get(name)
        if given is not None:
            return given
        return next((one.value for one in self.settings if one.name == name), "")

    @property
    def timeout(self) -> int | None:
        """Its own timeout in ms."""
        return parse_ms(self.get("timeout")) if self.get("timeout") else None

    @property
    def role(self) -> str:
        """Promoted, Unpromoted, Started, Stopped, or "" for none; legacy words are translated."""
        return today(self.get("role"))

    @property
    def level(self) -> str:
        """Its OCF_CHECK_LEVEL, "0" by default."""
        return self.get("OCF_CHECK_LEVEL") or "0"

    @property
    def is_enabled(self) -> bool:
        """Whether it is ever run."""
        return (self.get("enabled") or "true").lower() in TRUE


@dataclass(frozen=True)
class Resource:
    """A primitive; `collective` is the clone, master or bundle that it is an instance of."""

    document: Document
    element: etree._Element
    template: etree._Element | None

    @property
    def id(self) -> str:
        """Its id."""
        return self.element.get("id", "")

    @property
    def standard(self) -> str:
        """Its class: ocf, systemd, stonith."""
        return self._own("class")

    @property
    def provider(self) -> str:
        """Its provider, "" for none."""
        return self._own("provider")

    @property
    def type(self) -> str:
        """Its type."""
        return self._own("type")

    @property
    def agent(self) -> str:
        """Its agent as the shells write it: ocf:ocfpy:IPaddr."""
        return ":".join(filter(None, (self.standard, self.provider, self.type)))

    @property
    def group(self) -> etree._Element | None:
        """The group it is a member of."""
        parent = self.element.getparent()
        return parent if parent is not None and parent.tag == "group" else None

    @property
    def collective(self) -> etree._Element | None:
        """The clone, master or bundle around it."""
        parent = self.element.getparent()
        if parent is not None and parent.tag == "group":
            parent = parent.getparent()
        return parent if parent is not None and parent.tag in _COLLECTIVES else None

    @property
    def is_contained(self) -> bool:
        """Whether it runs in the containers of a bundle, with what is in their image."""
        return self.collective is not None and self.collective.tag == "bundle"

    @property
    def is_promotable(self) -> bool:
        """Whether its instances have roles by what is around it."""
        return self.collective is not None and is_promotable(self.document, self.collective)

    @cached_property
    def holders(self) -> tuple[etree._Element, ...]:
        """Where its settings stand, the nearest first."""
        return (self.element,) if self.template is None else (self.element, self.template)

    @property
    def parents(self) -> tuple[etree._Element, ...]:
        """The group and the clone around it, whose instance attributes it inherits."""
        return tuple(one for one in (self.group, self.collective) if one is not None)

    @cached_property
    def parameters(self) -> list[Setting]:
        """Its instance attributes, those that win first."""
        places = (*self.holders, *self.parents)
        return settings(self.document, places, "instance_attributes")

    @cached_property
    def meta(self) -> list[Setting]:
        """Its own meta attributes."""
        return settings(self.document, self.holders, "meta_attributes")

    def around(self, name: str) -> str:
        """The meta attribute of the clone around it, "" for none."""
        return "" if self.collective is None else meta_value(self.document, self.collective, name)

    @cached_property
    def operations(self) -> list[Operation]:
        """Its operations; those of the template that it has not itself come last."""
        found: list[Operation] = []
        for holder in self.holders:
            known = {(one.name, one.interval) for one in found}
            mine = list(_operations(self.document, holder))
            found += [one for one in mine if (one.name, one.interval) not in known]
        return found

    def value_sets(self) -> Iterator[dict[str, str]]:
        """The parameters that hold at a time: those of always, and each rule's set over them."""
        rules = {one.rule for one in self.parameters if one.rule}
        for rule in sorted(rules) or [0]:
            values: dict[str, str] = {}
            for one in self.parameters:
                if one.rule in (0, rule):
                    values.setdefault(one.name, one.value)
            yield values

    def _own(self, name: str) -> str:
        for holder in self.holders:
            value = holder.get(name)
            if value is not None:
                return str(value)
        return ""


_MEMBERS = ("member", "normal")  # types of a node; without one it is a member
_COLLECTIVES = ("clone", "master", "bundle")


def members(root: etree._Element) -> list[etree._Element]:
    """The cluster's own nodes that a CIB, or a part of one, lists; no remote ones."""
    return [one for one in root.iter("node") if one.get("type", "member") in _MEMBERS]


def resources(document: Document) -> list[Resource]:
    """All primitives, in their order in the file."""
    found = []
    for element in document.elements("primitive"):
        template = document.ids.get(element.get("template", ""))
        is_one = template is not None and template.tag == "template"
        found.append(Resource(document, element, template if is_one else None))
    return found


def today(role: str) -> str:
    """A role in today's word and case."""
    return LEGACY_ROLES.get(role.lower(), role.capitalize())


def is_promotable(document: Document, element: etree._Element) -> bool:
    """Whether a resource's instances can be promoted: a promotable clone or bundle."""
    if element.tag == "master":
        return True
    if element.tag == "clone":
        return meta_value(document, element, "promotable").lower() in TRUE
    containers = [one for one in element if one.tag in _CONTAINERS]
    return any((one.get("promoted-max") or one.get("masters") or "0") != "0" for one in containers)


def find_around(document: Document, name: str) -> etree._Element | None:
    """The clone or bundle that a resource or group is in, so that constraints cannot name it."""
    named = document.ids.get(name)
    if named is None or named.tag not in ("primitive", "group"):
        return None
    return next(named.iterancestors(*_COLLECTIVES), None)


def meta_value(document: Document, element: etree._Element, name: str) -> str:
    """A meta attribute of an element, "" for none."""
    found = settings(document, (element,), "meta_attributes")
    return next((one.value for one in found if one.name == name), "")


def _operations(document: Document, holder: etree._Element) -> Iterator[Operation]:
    for place in holder.iterfind("operations"):
        source = document.resolve(place)
        for element in () if source is None else source.iterfind("op"):
            op = document.resolve(element)
            if op is None:
                continue
            extra = (
                *settings(document, (op,), "meta_attributes"),
                *settings(document, (op,), "instance_attributes"),
            )
            interval = parse_ms(op.get("interval", "0"))
            yield Operation(op, op.get("name", ""), interval, extra)

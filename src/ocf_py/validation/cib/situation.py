"""What the checks look at: the configuration, its resources, and what their agents say."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ocf_py.cib.model import TRUE, members, resources
from ocf_py.cib.settings import Setting, default_timeout, settings
from ocf_py.cib.times import parse_ms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocf_py.catalogue.description import Description
    from ocf_py.cib.document import Document
    from ocf_py.cib.model import Resource
    from ocf_py.validation.cib.agents import Agents


_COUNTS = ("replicas", "promoted-max", "masters")  # of a bundle's containers
#: Properties that Pacemaker 3.0.2 has renamed; the new name wins where both are there.
RENAMED = {
    "stonith-enabled": "fencing-enabled",
    "stonith-action": "fencing-action",
    "stonith-timeout": "fencing-timeout",
    "stonith-max-attempts": "fencing-max-attempts",
    "stonith-watchdog-timeout": "fencing-watchdog-timeout",
    "fence-reaction": "fencing-reaction",
    "stop-orphan-resources": "stop-removed-resources",
    "stop-orphan-actions": "cancel-removed-actions",
}


@dataclass(frozen=True)
class Situation:
    """One configuration, judged with the agents of one machine."""

    document: Document
    agents: Agents

    @cached_property
    def resources(self) -> list[Resource]:
        """All primitives."""
        return resources(self.document)

    @cached_property
    def described(self) -> list[tuple[Resource, Description]]:
        """The primitives whose agents could be asked, each with what its agent says."""
        asked = ((one, self.agents.describe(one)) for one in self.resources)
        return [(one, said) for one, said in asked if said is not None]

    @cached_property
    def members(self) -> list[str]:
        """The cluster's own nodes, without remote ones; empty where it has yet to add them."""
        listed = members(self.document.root)
        return [str(one.get("uname")) for one in listed if one.get("uname")]

    @cached_property
    def node_names(self) -> frozenset[str]:
        """All that may be meant by a node's name, in small letters, as case does not count."""
        document = self.document
        names = {str(one.get("uname")) for one in document.elements("node") if one.get("uname")}
        names |= {str(one.get("id")) for one in document.elements("primitive")}  # a remote node
        for pair in document.elements("nvpair"):
            if pair.get("name") == "remote-node":
                names.add(str(pair.get("value")))
        for bundle in document.elements("bundle"):
            given = (part.get(key, "") for part in bundle for key in _COUNTS)
            counts = [int(one) for one in given if one.isdecimal()]
            names |= {f"{bundle.get('id')}-{number}" for number in range(max(counts, default=1))}
        return frozenset(one.lower() for one in names)

    @cached_property
    def properties(self) -> list[Setting]:
        """The cluster properties."""
        sections = list(self.document.elements("crm_config"))
        if self.document.root.tag == "cluster_property_set":
            return _pairs(self.document)
        return settings(self.document, sections, "cluster_property_set")

    def find_property(self, name: str) -> Setting | None:
        """A cluster property that always holds, by its name of today or the one of before."""
        held = [one for one in self.properties if not one.rule]
        names = (RENAMED[name], name) if name in RENAMED else (name,)
        return next((one for want in names for one in held if one.name == want), None)

    def says(self, name: str, default: str = "") -> str:
        """A cluster property's value."""
        found = self.find_property(name)
        return default if found is None else found.value

    @property
    def fences(self) -> bool:
        """Whether a lost node is fenced; true of a part of a configuration that does not say no."""
        if self.says("stonith-enabled", "true").lower() not in TRUE:
            return False
        if not self.document.is_cluster:
            return True
        return self.has_watchdog_fencing or any(one.standard == "stonith" for one in self.resources)

    @property
    def has_watchdog_fencing(self) -> bool:
        """Whether a lost node is taken to have been reset by its own watchdog."""
        is_here = self.says("have-watchdog") == "true" or (
            self.document.root.get("have-watchdog") in ("1", "true")
        )
        return is_here and parse_ms(self.says("stonith-watchdog-timeout", "0")) != 0

    @cached_property
    def default_timeout(self) -> int | None:
        """What an operation gets that has no timeout, in ms; None where rules decide it."""
        return default_timeout(self.document)


def _pairs(document: Document) -> list[Setting]:
    return [
        Setting(one.get("name", ""), one.get("value", ""), one)
        for one in document.root.iterfind("nvpair")
    ]


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, "" if none is near."""
    lowered = {one.lower(): one for one in known}
    found = difflib.get_close_matches(word.lower().replace("_", "-"), lowered, n=1, cutoff=0.75)
    found = found or difflib.get_close_matches(word.lower(), lowered, n=1, cutoff=0.75)
    found = found or [one for one in lowered if _is_swapped(word.lower(), one)]
    return lowered[found[0]] if found else ""


def _is_swapped(word: str, other: str) -> bool:
    """Whether two neighbouring letters have changed places, which in a short word is far off."""
    if len(word) != len(other):
        return False
    wrong = [place for place, pair in enumerate(zip(word, other)) if pair[0] != pair[1]]
    if len(wrong) != 2 or wrong[1] - wrong[0] != 1:  # noqa: PLR2004 - a pair
        return False
    return word[wrong[0]] + word[wrong[1]] == other[wrong[1]] + other[wrong[0]]

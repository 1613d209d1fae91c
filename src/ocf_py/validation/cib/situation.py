"""What the checks look at: the configuration, its resources, and what their agents say."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ocf_py.cib.model import TRUE, resources
from ocf_py.cib.settings import Setting, default_timeout, settings
from ocf_py.cib.times import parse_ms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ocf_py.catalogue.description import Description
    from ocf_py.cib.document import Document
    from ocf_py.cib.model import Resource
    from ocf_py.validation.cib.agents import Agents


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
    def properties(self) -> list[Setting]:
        """The cluster properties."""
        sections = list(self.document.elements("crm_config"))
        if self.document.root.tag == "cluster_property_set":
            return _pairs(self.document)
        return settings(self.document, sections, "cluster_property_set")

    def find_property(self, name: str) -> Setting | None:
        """A cluster property that always holds."""
        return next((one for one in self.properties if one.name == name and not one.rule), None)

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
        watchdog = parse_ms(self.says("stonith-watchdog-timeout", "0")) != 0
        has_watchdog = self.says("have-watchdog") == "true" or (
            self.document.root.get("have-watchdog") in ("1", "true")
        )
        return any(one.standard == "stonith" for one in self.resources) or (
            watchdog and has_watchdog
        )

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
    return lowered[found[0]] if found else ""

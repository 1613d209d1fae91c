"""The resources of a CIB, as far as a node has to be fit for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.cib.document import UnreadableConfiguration, parse_document
from ocf_py.cib.model import resources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True)
class Resource:
    """A primitive: its agent, and its parameters with those of its template."""

    id: str
    standard: str
    provider: str
    type: str
    parameters: Mapping[str, str]
    is_cloned: bool = False

    @property
    def agent(self) -> str:
        """As the cluster's shells write it: ocf:ocfpy:IPaddr, systemd:nginx."""
        return ":".join(word for word in (self.standard, self.provider, self.type) if word)

    def is_of(self, type_: str) -> bool:
        """Whether its agent is ours of that type."""
        return (self.standard, self.provider, self.type) == ("ocf", "ocfpy", type_)


def parse_resources(origin: Path, content: bytes) -> list[Resource]:
    """Every primitive of a `<cib>` or a `<configuration>`, read from `origin`.

    Raises:
        UnreadableConfiguration: It is anything else.
    """
    document = parse_document(origin, content)
    root = document.root
    if not document.has_resources or (root.tag == "cib" and root.find("configuration") is None):
        raise UnreadableConfiguration(f"{origin}: <{root.tag!s}> holds no <configuration>")
    return [
        Resource(
            one.id,
            one.standard,
            one.provider,
            one.type,
            # Whether a rule holds here, the cluster decides; of several values the first wins.
            {value.name: value.value for value in reversed(one.parameters) if not value.rule},
            one.collective is not None,
        )
        for one in resources(document)
    ]

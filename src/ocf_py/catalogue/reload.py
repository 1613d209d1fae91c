"""How Pacemaker applies a changed parameter to a resource that runs (protocol fact P10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocf_py.catalogue.description import Description

_SINCE = (1, 1)  # the OCF version that knows of reload-agent


def read_version(text: str) -> tuple[int, ...] | None:
    """An OCF version as numbers, None for what is none."""
    parts = text.strip().split(".")
    if not all(part.isascii() and part.isdigit() for part in parts):
        return None
    return tuple(int(part[:9]) for part in parts)


def knows_reload_agent(version: str) -> bool:
    """Whether Pacemaker looks for reload-agent and reloadable in a document of this version."""
    numbers = read_version(version)
    return numbers is not None and numbers >= _SINCE


def how_reloads(description: Description) -> str:
    """A sentence or two: what a changed parameter leads to."""
    if knows_reload_agent(description.version):
        reloadable = [one.name for one in description.parameters if one.reloadable]
        if "reload-agent" not in description.action_names:
            return "It has no reload-agent: any changed parameter restarts the resource."
        if not reloadable:
            return "No parameter is reloadable: any changed one restarts the resource."
        return (
            "Where only reloadable parameters have changed, reload-agent applies them; "
            "any other restarts the resource."
        )
    if "reload" in description.action_names:
        return (
            "As the version is below 1.1, a change of parameters that are not unique calls reload, "
            "which newer agents mean for the service's own configuration."
        )
    return "Any changed parameter restarts the resource."

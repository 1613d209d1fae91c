"""How messages call a lab, and the command that reaches it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ocf_py.lab.settings import DEFAULT_NAME, STATE_HOME

if TYPE_CHECKING:
    from ocf_py.lab.settings import Settings


def command_for(settings: Settings, *words: str) -> str:
    """The command that does `words` to this lab and to no other one."""
    options: list[str] = []
    if not _is_found_by_name(settings):
        options = ["--state", str(settings.state)]
    elif settings.name != DEFAULT_NAME:
        options = ["--name", settings.name]
    return shlex.join(["ocf-py", "lab", *options, *words])


def title(settings: Settings) -> str:
    """What the administrator calls it: by its name, or by the directory given with --state."""
    if _is_found_by_name(settings):
        return f"lab {settings.name}"
    return f"the lab in {settings.state}"


def _is_found_by_name(settings: Settings) -> bool:
    return settings.state == STATE_HOME / settings.name

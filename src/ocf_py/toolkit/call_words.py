"""The words of `ocf-py run`: a time, an action, an assignment, and how they are completed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from ocf_py.catalogue.description import UnreadableDescription, read_description
from ocf_py.catalogue.places import OCF_ROOT
from ocf_py.cib.times import parse_ms
from ocf_py.toolkit.agents import find
from ocf_py.toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from ocf_py.catalogue.description import Description
    from ocf_py.catalogue.places import InstalledAgent

_LONGEST = 2**31 - 1  # ms


class Time(click.ParamType):
    """A time as Pacemaker reads it, in milliseconds."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """The milliseconds; a usage error for what is no time."""
        if isinstance(value, int):
            return value
        found = parse_ms(str(value))
        if found is None or found > _LONGEST:
            self.fail(f"{value!r} is no time such as 10s, 500ms or 1min", param, ctx)
        return found


class ActionWord(click.ParamType):
    """An action; completed from what the agent advertises."""

    name = "action"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - Click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """The advertised actions that begin so."""
        known = _peek(ctx)
        names = known.action_names if known else ()
        return [CompletionItem(name) for name in sorted(names) if name.startswith(incomplete)]


class Assignment(click.ParamType):
    """NAME=VALUE; the name is completed from the agent's parameters."""

    name = "name=value"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        """The pair; a usage error for what is none."""
        name, mark, text = str(value).partition("=")
        if not mark or not name:
            self.fail(f"{value!r} is no NAME=VALUE", param, ctx)
        return name, text

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - Click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """The agent's parameters that begin so."""
        known = _peek(ctx)
        names = [one.name for one in known.parameters] if known else []
        return [CompletionItem(f"{name}=") for name in names if name.startswith(incomplete)]


def read(agent: InstalledAgent) -> Description | None:
    """What the agent says of itself, None where it does not: it can be called all the same."""
    try:
        return read_description(agent.path)
    except UnreadableDescription:
        return None


def _peek(context: click.Context) -> Description | None:
    """What the agent on the command line says of itself; None for whatever reason."""
    given = context.params.get("agent")
    # Behind an option without its value, Click has parsed none of the arguments.
    words = [given] if given else os.environ.get("COMP_WORDS", "").split()[2:]
    root = context.params.get("ocf_root") or OCF_ROOT
    for word in words:
        try:
            return read(find(str(word), root))
        except ToolkitError:
            continue
    return None

"""What subcommands share that name installed agents: the option, the word, its completion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

from ocf_py.catalogue.places import OCF_ROOT, NoSuchAgent, find_agent, list_agents
from ocf_py.toolkit.errors import ToolkitError, UnusableInput

if TYPE_CHECKING:
    from ocf_py.catalogue.description import Description
    from ocf_py.catalogue.places import InstalledAgent

ocf_root_option = click.option(
    "--ocf-root",
    type=click.Path(file_okay=False, path_type=Path),
    default=OCF_ROOT,
    show_default=True,
    help="Where agents are installed: below its resource.d.",
)


class AgentWord(click.ParamType):
    """A path, ocf:PROVIDER:TYPE, PROVIDER:TYPE or TYPE; completed from what is installed."""

    name = "agent"

    def shell_complete(
        self,
        ctx: click.Context,
        param: click.Parameter,  # noqa: ARG002 - Click's signature
        incomplete: str,
    ) -> list[CompletionItem]:
        """Agents whose full name or type begins so; a path is the shell's own to complete."""
        if "/" in incomplete:
            return [CompletionItem(incomplete, type="file")]
        root = ctx.params.get("ocf_root") or OCF_ROOT
        agents = list_agents(root)
        # Half of the shells split words at colons: types come first.
        words = [one.type for one in agents] + [one.name for one in agents]
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def find(word: str, ocf_root: Path) -> InstalledAgent:
    """The agent that the user means; UnusableInput where there is none."""
    if not word:
        raise UnusableInput("the agent's name is empty", hint="`ocf-py list` shows what there is")
    try:
        return find_agent(word, ocf_root)
    except NoSuchAgent as error:
        raise UnusableInput(str(error)) from error


def describe(agent: InstalledAgent) -> Description:
    """What the agent says of itself; ToolkitError where it does not."""
    from ocf_py.catalogue.description import UnreadableDescription, read_description

    try:
        return read_description(agent.path)
    except UnreadableDescription as error:
        raise ToolkitError(str(error), hint=f"`ocf-py validate {agent.path}` says more") from error

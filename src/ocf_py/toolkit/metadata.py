"""`ocf-py metadata`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.agents import AgentWord, find, ocf_root_option
from ocf_py.toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("agent", type=AgentWord())
@ocf_root_option
def metadata(*, agent: str, ocf_root: Path) -> None:
    r"""Print the metadata document of AGENT, byte for byte as the agent writes it.

    AGENT is a path, ocf:PROVIDER:TYPE, PROVIDER:TYPE or TYPE. Ends with 1 where the agent gives
    none.

    \b
    Examples:
      ocf-py metadata ocf:ocfpy:IPaddr
      ocf-py metadata ./my-agent | xmllint --format -
    """
    from ocf_py.catalogue.description import UnreadableDescription, read_document

    found = find(agent, ocf_root)
    try:
        document = read_document(found.path)
    except UnreadableDescription as error:
        raise ToolkitError(str(error), hint=f"`ocf-py validate {agent}` says more") from error
    if not document.strip():
        raise ToolkitError(f"{found.path} meta-data writes nothing on its standard output")
    click.echo(document, nl=False)

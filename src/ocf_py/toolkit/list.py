"""`ocf-py list`."""

from __future__ import annotations

import itertools
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import click

from ocf_py.catalogue.description import UnreadableDescription, read_description
from ocf_py.catalogue.places import list_agents
from ocf_py.toolkit.agents import ocf_root_option
from ocf_py.toolkit.errors import UnusableInput
from ocf_py.toolkit.output import json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ocf_py.catalogue.places import InstalledAgent

_AT_ONCE = 2 * (os.cpu_count() or 1)  # an agent waits for its own children half of the time


@click.command()
@click.option("--provider", metavar="P", help="Only the agents of this provider.")
@ocf_root_option
@json_option
def list(  # noqa: A001 - the subcommand's word
    *, provider: str | None, ocf_root: Path, as_json: bool
) -> None:
    r"""List the installed agents of every provider, with what each says it is.

    An agent that cannot describe itself is listed with the reason.

    \b
    Examples:
      ocf-py list
      ocf-py list --provider ocfpy
      ocf-py list --json | jq -r '.[] | select(.error) | .name'
    """
    agents = list_agents(ocf_root)
    if provider is not None:
        providers = sorted({one.provider for one in agents})
        agents = [one for one in agents if one.provider == provider]
        if not agents:
            raise UnusableInput(
                f"--provider {provider}: it has no agent below {ocf_root / 'resource.d'}",
                hint=f"there is {', '.join(providers) or 'none'}",
            )
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        rows = [*pool.map(_row, agents)]
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo(f"no agent is installed below {ocf_root / 'resource.d'}")
    for one, group in itertools.groupby(rows, lambda row: row["provider"]):
        _print_provider(one, [*group])


def _row(agent: InstalledAgent) -> dict[str, str]:
    row = {
        "name": agent.name,
        "provider": agent.provider,
        "type": agent.type,
        "path": str(agent.path),
        "ocf_version": "",
        "shortdesc": "",
        "error": "",
    }
    try:
        description = read_description(agent.path)
    except UnreadableDescription as error:
        row["error"] = " ".join(str(error).split())
    else:
        row["ocf_version"] = description.version
        row["shortdesc"] = " ".join(description.shortdesc.split())
    return row


def _print_provider(provider: str, rows: Sequence[dict[str, str]]) -> None:
    click.secho(f"ocf:{provider} ({len(rows)})", bold=True)
    width = max(len(row["type"]) for row in rows)
    columns = shutil.get_terminal_size().columns
    for row in rows:
        if row["error"]:
            click.echo(f"  {row['type']:<{width}}  {click.style(row['error'], fg='red')}")
            continue
        line = f"  {row['type']:<{width}}  {row['shortdesc']}".rstrip()
        is_cut = click.get_text_stream("stdout").isatty() and len(line) > columns
        click.echo(line[: columns - 3] + "..." if is_cut else line)

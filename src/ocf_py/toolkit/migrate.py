"""`ocf-py migrate`: resources of other agents become ours, in a file, where all carries over."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.errors import UnusableInput
from ocf_py.toolkit.output import FINE, FOUND, json_option, print_json

if TYPE_CHECKING:
    from typing import Any

    from ocf_py.migration.plan import Move
    from ocf_py.migration.rewriting import Rewriting

_RESTARTS = (
    "a running cluster restarts what is moved, unless it takes the result in maintenance mode and "
    "`crm_resource --refresh` follows; each node needs `ocf-py install` first"
)
_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


@click.command()
@click.argument("cib", type=click.Path(path_type=Path))
@click.option("--write", is_flag=True, help="Change the file, and keep what it was beside it.")
@json_option
def migrate(cib: Path, write: bool, as_json: bool) -> None:  # noqa: FBT001 - Click's signature
    r"""Rewrite resources of other agents into ours.

    CIB is a file with a configuration, or a part of one, such as `cibadmin --query` prints; - is
    standard input.
    ocf:heartbeat:IPaddr2, IPaddr, Filesystem and anything, ocf:linbit:drbd and units of systemd
    become ocf:ocfpy:IPaddr, Filesystem, Drbd and Service where every parameter carries over. Where
    one does not, the resource stays as it is, and the reason is given. The difference goes to
    standard output, the explanations to standard error. Nothing is written without --write.

    Ends with 0; with 1 where a resource stays; with 2 where the file cannot be used.

    \b
    Examples:
      ocf-py migrate cib.xml
      ocf-py migrate cib.xml --write
      ocf-py migrate cib.xml --json | jq .left
    """
    from ocf_py.cib.document import UnreadableConfiguration
    from ocf_py.migration.rewriting import explain, rewrite
    from ocf_py.toolkit.our_agents import load_agents
    from ocf_py.toolkit.replacing import read_input, replace_with_backup

    try:
        rewriting = rewrite(cib, read_input(cib), load_agents())
    except UnreadableConfiguration as error:
        raise UnusableInput(str(error), hint="give it what `cibadmin --query` prints") from error
    is_changed = rewriting.before != rewriting.after
    backup = None
    if write and is_changed:
        backup = replace_with_backup(cib, rewriting.before, rewriting.after)
    if as_json:
        print_json(_as_json(rewriting, backup))
    else:
        for line in rewriting.diff().split("\n")[:-1]:  # all else that ends a line is content
            click.echo(click.style(line, fg=_COLOURS.get(line[:1])))
        for line in explain(rewriting):
            click.echo(line, err=True)
        if rewriting.moves:
            click.echo(_RESTARTS, err=True)
        click.echo(_last_line(rewriting, backup, write=write), err=True)
    raise SystemExit(FOUND if rewriting.left else FINE)


def _last_line(rewriting: Rewriting, backup: Path | None, *, write: bool) -> str:
    if not rewriting.moves and not rewriting.left:
        return f"{rewriting.path}: nothing in it that ours could stand in for"
    if not rewriting.moves:
        return f"{rewriting.path}: nothing to write"
    if backup is not None:
        return f"{rewriting.path}: written; what it was is {backup}"
    return f"{rewriting.path}: {'unchanged' if write else 'not written: that takes --write'}"


def _as_json(rewriting: Rewriting, backup: Path | None) -> dict[str, Any]:
    return {
        "file": str(rewriting.path),
        "written": backup is not None,
        "backup": None if backup is None else str(backup),
        "diff": rewriting.diff(),
        "moved": [
            {**_named(one), "to": one.new_agent, "notes": one.notes} for one in rewriting.moves
        ],
        "left": [{**_named(one), "reasons": one.reasons} for one in rewriting.left],
    }


def _named(move: Move) -> dict[str, Any]:
    from ocf_py.catalogue.lines import line_of

    return {
        "resource": move.resource.id,
        "line": line_of(move.resource.element),
        "from": move.peer.agent,
    }

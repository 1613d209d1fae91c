"""`ocf-py import-heartbeat`: a Heartbeat v1 pair becomes Corosync and Pacemaker."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.errors import ToolkitError, UnusableInput
from ocf_py.toolkit.output import FINE, FOUND, json_option, print_json

if TYPE_CHECKING:
    from ocf_py.heartbeat.account import Account, Outcome
    from ocf_py.heartbeat.translation import Translation

_COLOURS = {"translated": "green", "obsolete": "cyan", "open": "yellow"}
_FILE = click.Path(path_type=Path)


@click.command("import-heartbeat")
@click.argument("ha_cf", metavar="HA.CF", type=_FILE)
@click.argument("haresources", type=_FILE)
@click.argument("authkeys", required=False, type=_FILE)
@click.option(
    "--address",
    "addresses",
    multiple=True,
    metavar="NODE=ADDRESS[,ADDRESS...]",
    help="A node's address on each network, in ha.cf's order of networks; for each node.",
)
@click.option(
    "--init-scripts",
    type=click.Choice(["unit", "lsb"]),
    default="unit",
    show_default=True,
    help="What an init script becomes: the unit of that name, or an lsb: resource.",
)
@click.option("--output", type=_FILE, metavar="DIR", help="Write the files here, not to stdout.")
@json_option
@click.pass_context
def import_heartbeat(
    context: click.Context,
    *,
    ha_cf: Path,
    haresources: Path,
    authkeys: Path | None,
    addresses: tuple[str, ...],
    init_scripts: str,
    output: Path | None,
    as_json: bool,
) -> None:
    r"""Translate the configuration of a Heartbeat v1 pair.

    HA.CF and HARESOURCES become a corosync.conf and a CIB of this project's agents, each directive
    accounted for with its line. AUTHKEYS is never printed and not reused: --output holds a new key.

    \b
    Examples:
      ocf-py import-heartbeat /etc/ha.d/ha.cf /etc/ha.d/haresources
      ocf-py import-heartbeat ha.cf haresources --address n1=192.0.2.1 --address n2=192.0.2.2
      ocf-py import-heartbeat ha.cf haresources authkeys --output new
      ocf-py import-heartbeat ha.cf haresources --json | jq -r .corosync_conf

    Ends with 0 if every line is translated or obsolete, with 1 if some are open, with 2 for what
    cannot be read. DIR must not exist, or be empty; nothing else is written.
    """
    from ocf_py.heartbeat.source import Unusable
    from ocf_py.heartbeat.translation import translate

    try:
        done = translate(ha_cf, haresources, authkeys, addresses, lsb=init_scripts == "lsb")
    except Unusable as problem:
        raise UnusableInput(str(problem), hint="nothing was written") from problem
    if output is not None:
        _write(output, done)
    if as_json:
        print_json(
            {
                "corosync_conf": done.corosync_conf,
                "cib": done.cib,
                "account": [entry.as_json() for entry in done.account.entries],
                "output": None if output is None else click.format_filename(output),
            }
        )
    else:
        _print(output, done)
    context.exit(FOUND if done.account.open_entries else FINE)


def _print(output: Path | None, done: Translation) -> None:
    if output is None:
        click.echo(f"# corosync.conf\n{done.corosync_conf}\n# cib.xml\n{done.cib}\n# account")
    for line in _lines(done.account, coloured=True):
        click.echo(line)
    if output is not None:
        click.echo(
            f"wrote {click.format_filename(output)}: authkey, cib.xml, corosync.conf, report.txt"
        )
    if done.account.open_entries:
        click.echo(f"{len(done.account.open_entries)} open: each needs a decision of yours")


def _lines(account: Account, *, coloured: bool) -> list[str]:
    return [
        f"{entry.file}:{entry.line}: {_word(entry.outcome, coloured=coloured)}: "
        f"{entry.what}: {entry.remark}"
        for entry in account.entries
    ]


def _word(outcome: Outcome, *, coloured: bool) -> str:
    word = outcome.value
    return click.style(word, fg=_COLOURS[word], bold=True) if coloured else word


def _write(output: Path, done: Translation) -> None:
    """All files or none, into a directory that is new or empty."""
    from ocf_py.heartbeat.authkeys import make_authkey
    from ocf_py.heartbeat.report import render_report

    if output.is_symlink() or output.exists():
        if output.is_symlink() or not output.is_dir():
            raise UnusableInput(f"--output {output}: not a directory", hint="nothing was written")
        if any(output.iterdir()):
            raise UnusableInput(
                f"--output {output}: is not empty", hint="nothing was written; name another one"
            )
    files = {
        "authkey": (make_authkey(), 0o400),
        "cib.xml": (done.cib.encode(), 0o644),
        "corosync.conf": (done.corosync_conf.encode(), 0o644),
        "report.txt": (render_report(_lines(done.account, coloured=False)).encode(), 0o644),
    }
    made = not output.exists()
    written: list[Path] = []
    try:
        output.mkdir(0o700, parents=True, exist_ok=True)
        for name, (content, mode) in files.items():
            handle = os.open(output / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
            written.append(output / name)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
    except OSError as error:
        with contextlib.suppress(OSError):
            for path in written:
                path.unlink()
            if made:
                output.rmdir()
        raise ToolkitError(
            f"--output {output}: {error.strerror}", hint="nothing was written"
        ) from error

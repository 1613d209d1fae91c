"""`ocf-py mirror`: what a mirror knows, and what only an admin can decide about it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import click

from ocf_py.mirror.control import Refused, WorkerSilent, ask
from ocf_py.mirror.settings import Settings
from ocf_py.mirror.status import find_folders
from ocf_py.outcomes import MINUS_INFINITY
from ocf_py.system import RUN_DIRECTORY
from ocf_py.toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from typing import Any

_SECONDS = 30.0


@click.group()
def mirror() -> None:
    """Look at a MirrorSync instance of this node, and decide for it.

    RESOURCE is the resource's name in the cluster. The instance has to be started here.
    """


@mirror.command()
@click.argument("resource")
@click.option("--json", "as_json", is_flag=True, help="Print everything it knows as JSON.")
def status(resource: str, as_json: bool) -> None:  # noqa: FBT001 - Click's signature
    r"""Show the role, the copy's age, the score and its reason, and the peers.

    \b
    ocf-py mirror status data
    ocf-py mirror status data --json | jq .reason
    """
    said = _ask(resource, "status")
    if as_json:
        click.echo(json.dumps(said, indent=2))
        return
    for line in _lines(said):
        click.echo(line)


@mirror.command()
@click.argument("resource")
def init(resource: str) -> None:
    r"""Open the first generation: this node's directory, full or empty, is the truth.

    Needed once, where no directory is filled or more than one is.

    \b
    ocf-py mirror init data
    """
    said = _ask(resource, "init")
    click.echo(f"generation {said['generation']}: this node can be promoted")


@mirror.command()
@click.argument("resource")
@click.option("--loser", required=True, metavar="NODE", help="Whose tree is given up.")
@click.confirmation_option(
    prompt="What only the loser has will be set aside or lost. Is that meant?"
)
def resolve(resource: str, loser: str) -> None:
    r"""Give up NODE's tree, where two have diverged or the current one is out of reach for good.

    Named on the loser itself, its tree is set aside when it next follows. Named elsewhere, this
    node's tree becomes the truth, though NODE may have had later writes.

    \b
    ocf-py mirror resolve data --loser n2
    """
    said = _ask(resource, "resolve", loser=loser)
    if said["generation"] is None:
        click.echo("this node's tree is given up: it will be set aside, not removed")
    else:
        click.echo(f"generation {said['generation']}: this node can be promoted")


@mirror.command()
@click.argument("resource")
def verify(resource: str) -> None:
    r"""Compare this node's copy with its source by checksums; ends with 1 where they differ.

    Reads every byte on both sides. Of a source that is written to, differences are to be expected:
    the line at the end says whether it was.

    \b
    ocf-py mirror verify data
    """
    from ocf_py.mirror.record_text import RecordUnusable
    from ocf_py.mirror.secrets import SecretsUnusable
    from ocf_py.mirror.transfer import TransferFailed
    from ocf_py.mirror.verifying import verify as compare
    from ocf_py.system.commands import ToolMissing

    folder = _folder(resource)
    said = _ask(resource, "status")
    if not said["source"]:
        raise ToolkitError(
            f"{resource} follows nobody here", hint="run it on a node that is not promoted"
        )
    try:
        found = compare(folder, said["source"])
    except (TransferFailed, ToolMissing, RecordUnusable, SecretsUnusable) as error:
        raise ToolkitError(f"cannot compare with {said['source']}: {error}") from error
    for line in found.differences:
        click.echo(line)
    moving = "" if found.is_settled else ", which was written to meanwhile"
    count = len(found.differences)
    click.echo(f"{count} differences from {said['source']}{moving}")
    if count:
        raise SystemExit(1)


def _folder(resource: str) -> str:
    """The folder of the resource's worker; a directory that is mirrored names it as well."""
    here = {}
    for folder in find_folders():
        try:
            settings = Settings.read(folder)
        except (OSError, ValueError):
            continue
        here[settings.instance] = here[settings.directory] = folder
    if resource in here:
        return here[resource]
    names = [name for name in here if not name.startswith("/")]
    known = f"started here: {', '.join(names)}" if names else "none is started here"
    if os.geteuid() != 0:
        known = f"{RUN_DIRECTORY} is root's alone: run it as root"
    raise ToolkitError(f"no MirrorSync instance {resource!r} here", hint=known)


def _ask(resource: str, what: str, **more: object) -> dict[str, Any]:
    try:
        return ask(_folder(resource), what, _SECONDS, **more)
    except Refused as refused:
        raise ToolkitError(str(refused), hint=refused.hint) from refused
    except WorkerSilent as silent:
        raise ToolkitError(str(silent.strerror)) from silent


def _lines(said: dict[str, Any]) -> list[str]:
    """The picture in a few lines."""
    lines = [f"{said['instance']} on {said['node']}: {said['role']}, {said['directory']}"]
    if said["fault"]:
        lines.append(f"  fault: {said['fault']}")
    if said["has_diverged"]:
        command = f"ocf-py mirror resolve {said['instance']} --loser NODE"
        lines.append(f"  to give a tree up, on NODE itself: {command}")
    lines.append(f"  tree: {said['tree'] or 'none yet'}{' (own)' if said['owns'] else ''}")
    last = said["last_pass"]
    if last is not None:
        state = "settled" if last["settled"] else "moving"
        lines.append(
            f"  last pass: from {last['from']}, {last['age_seconds']} s ago, "
            f"took {last['seconds']} s, {state}"
        )
    lines.append(f"  promotion score: {_score(said['score'])}, {said['reason']}")
    if not said["quorum"]:
        lines.append("  no quorum of a majority or with wait_for_all")
    for node, one in said["peers"].items():
        role = "promoted" if one["promoted"] else "not promoted"
        lines.append(f"  {node}: {role}, tree {one['tree'] or 'none'}, {one['age_seconds']} s ago")
    for node, reason in said["unreachable"].items():
        lines.append(f"  {node}: not reached{': ' if reason else ''}{reason}")
    lines += [f"  set aside: {one['name']} ({one['end']})" for one in said["asides"]]
    return lines


def _score(score: int) -> str:
    return "-INFINITY" if score <= MINUS_INFINITY else str(score)

"""`ocf-py lab`: a real cluster on this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py.lab.demo import find_example, play_failover
from ocf_py.lab.errors import LabError
from ocf_py.lab.lab import Lab
from ocf_py.lab.life import bring_down
from ocf_py.lab.naming import command_for, title
from ocf_py.lab.progress import Lines
from ocf_py.lab.settings import INITS, LEAST_DISK, MOST_DISK, MOST_NODES, Settings
from ocf_py.lab.shared_disk import SHARED_DEVICE
from ocf_py.lab.timeline import render_timeline
from ocf_py.lab.troubles import explain_boot
from ocf_py.toolkit.lab_faults import FAULTS
from ocf_py.toolkit.lab_group import LAB_OPTIONS, LabGroup, find_lab
from ocf_py.toolkit.lab_rehearse import rehearse, soak
from ocf_py.toolkit.output import json_option, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

_DIRECTORY = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)


@click.group(cls=LabGroup, params=LAB_OPTIONS)
def lab() -> None:
    """A real Corosync and Pacemaker cluster on this machine, of namespaces or of QEMU guests."""


def _build_options(function: Callable[..., None]) -> Callable[..., None]:
    """What `up` and `demo` share."""
    for option in (
        click.option(
            "--provider-tree",
            "provider_trees",
            type=_DIRECTORY,
            multiple=True,
            help="An installed root whose usr/lib/ocf the nodes shall see; may be repeated.",
        ),
        click.option(
            "--init",
            type=click.Choice(INITS),
            default="mini",
            show_default=True,
            help="Pid 1 of a node: a small one of our own, or the machine's systemd.",
        ),
        click.option(
            "--vm",
            is_flag=True,
            help="Each node a QEMU guest with a kernel of its own, DRBD in it.",
        ),
        click.option("--nodes", type=click.IntRange(1, MOST_NODES), default=2, show_default=True),
    ):
        function = option(function)
    return function


@lab.command()
@_build_options
@click.option(
    "--disk",
    "disk_mib",
    type=click.IntRange(LEAST_DISK, MOST_DISK),
    metavar="MIB",
    help=f"Give the nodes one disk together, {SHARED_DEVICE}, of this size.",
)
@click.pass_context
def up(
    context: click.Context,
    *,
    nodes: int,
    init: str,
    provider_trees: tuple[Path, ...],
    disk_mib: int | None,
    vm: bool,
) -> None:
    r"""Bring a cluster up, and leave it up.

    \b
    Examples:
      ocf-py lab up
      ocf-py lab up --nodes 3 --name three
      ocf-py lab up --vm
    """
    name, state = context.obj
    progress = Lines()
    made = Lab.up(
        name,
        state,
        nodes=nodes,
        init=init,
        provider_trees=provider_trees,
        disk_mib=disk_mib or 0,
        vm=vm,
        progress=progress,
    )
    made.keep()
    progress.step(f"up; look inside: {command_for(made.settings, 'exec', 'n1')} -- crm_mon -1")


@lab.command()
@click.pass_context
def down(context: click.Context) -> None:
    r"""Take everything away but the logs.

    \b
    Examples:
      ocf-py lab down
      ocf-py lab down --name three
    """
    name, state = context.obj
    settings = Settings.build(name, state)
    was_up = bring_down(settings)
    click.echo(
        f"{title(settings)}: down; logs in {settings.logs}"
        if was_up
        else f"{title(settings)} is not up"
    )


@lab.command()
@json_option
@click.pass_context
def status(context: click.Context, *, as_json: bool) -> None:
    r"""Show the nodes, what ails them, and the cluster as the first running node sees it.

    \b
    Examples:
      ocf-py lab status
      ocf-py lab status --json | jq .nodes.n1.power
    """
    found = find_lab(context)
    described = found.describe()
    if as_json:
        print_json(described)
        return
    click.echo(f"logs: {found.settings.logs}; power switch: {described['power_switch']}")
    for name, node in described["nodes"].items():
        is_booting = node["power"] == "on" and node["pid"] is None
        words = [name, "booting" if is_booting else node["power"]]
        words += [f"pid {node['pid']}"] if node["pid"] else []
        words += ["frozen"] if node["frozen"] else []
        words += [f"{cable} cut ({mode})" for cable, mode in node["cuts"].items()]
        trouble = explain_boot(found.settings, name, node)
        words += [f"({trouble})"] if trouble else []
        click.echo("  ".join(words))
    for name, node in described["nodes"].items():
        if node["pid"] is not None and not node["frozen"]:
            click.echo(found.node(name).run(["crm_mon", "-1"], check=False).stdout)
            break


@lab.command("exec", context_settings={"allow_interspersed_args": False})
@click.argument("node")
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def execute(context: click.Context, *, node: str, command: tuple[str, ...]) -> None:
    r"""Run COMMAND in NODE (a shell without one), and end as it does.

    All that follows NODE is COMMAND's, its options too; a `--` between them may be left away.

    \b
    Examples:
      ocf-py lab exec n1 crm_mon -1
      ocf-py lab exec n2
    """
    words = list(command[1:] if command[:1] == ("--",) else command)
    sys.exit(find_lab(context).node(node).enter(words or ["/bin/bash"]))


@lab.command()
@click.argument("cib", type=_FILE)
@click.option("--provider", help="Take the resources of ocf:ocfpy from this provider instead.")
@click.pass_context
def load(context: click.Context, *, cib: Path, provider: str | None) -> None:
    r"""Replace the configuration by a CIB file's; the lab's fencing stays.

    \b
    Examples:
      ocf-py lab load examples/cib/address.xml
    """
    for line in find_lab(context).load(cib, provider=provider):
        click.echo(f"ocf-py: warning: {cib}: left out: {line}", err=True)


for verb in (*FAULTS, rehearse, soak):
    lab.add_command(verb)


@lab.command()
@_build_options
@click.option(
    "--provider",
    default="ocfpy",
    show_default=True,
    help="Whose agent holds the address; heartbeat: IPaddr2.",
)
@click.pass_context
def demo(
    context: click.Context,
    *,
    nodes: int,
    init: str,
    provider_trees: tuple[Path, ...],
    provider: str,
    vm: bool,
) -> None:
    r"""Show a failover: the active node loses its power, and its address moves.

    \b
    Examples:
      ocf-py lab demo
      ocf-py lab demo --provider heartbeat
    """
    if nodes == 1:
        raise LabError("a failover needs two nodes", hint="--nodes 2")
    name, state = context.obj
    progress = Lines()
    example = find_example("address.xml")
    with Lab.up(
        name,
        state,
        nodes=nodes,
        init=init,
        provider_trees=provider_trees,
        vm=vm,
        progress=progress,
    ) as made:
        seen = play_failover(made, example, provider, progress)
        for line in render_timeline(seen.moments):
            click.echo(line)
        click.echo(
            f"the client was without an answer for {seen.outage.milliseconds:.0f} ms; "
            f"the address is on {seen.survivor} and on no other node"
        )
        progress.step("taking the lab down")
    progress.step(f"nothing is left but the logs in {made.settings.logs}")

"""The verbs of `ocf-py lab` that do to a node or a cable what a failure does, and mend it."""

from __future__ import annotations

import click

from ocf_py.lab.networks import CABLES
from ocf_py.lab.switch import CABLE_MODES
from ocf_py.toolkit.lab_group import Verb, find_lab


@click.command(cls=Verb)
@click.argument("node")
@click.pass_context
def kill(context: click.Context, *, node: str) -> None:
    r"""Let NODE lose its power.

    \b
    Examples:
      ocf-py lab kill n1
    """
    find_lab(context).kill(node)


@click.command(cls=Verb)
@click.argument("node")
@click.pass_context
def start(context: click.Context, *, node: str) -> None:
    r"""Switch NODE on, and wait until its init runs.

    \b
    Examples:
      ocf-py lab start n1
    """
    find_lab(context).start(node)


@click.command(cls=Verb)
@click.argument("node")
@click.pass_context
def shutdown(context: click.Context, *, node: str) -> None:
    r"""Shut NODE down in order.

    \b
    Examples:
      ocf-py lab shutdown n1
    """
    find_lab(context).shut_down(node)


@click.command(cls=Verb)
@click.argument("node")
@click.pass_context
def freeze(context: click.Context, *, node: str) -> None:
    r"""Stop every process of NODE.

    \b
    Examples:
      ocf-py lab freeze n1
    """
    find_lab(context).freeze(node)


@click.command(cls=Verb)
@click.argument("node")
@click.pass_context
def thaw(context: click.Context, *, node: str) -> None:
    r"""Let a frozen NODE run on.

    \b
    Examples:
      ocf-py lab thaw n1
    """
    find_lab(context).thaw(node)


@click.command(cls=Verb)
@click.argument("node")
@click.argument("ring", type=click.Choice(list(CABLES)))
@click.option(
    "--mode",
    type=click.Choice(CABLE_MODES),
    default="drop",
    show_default=True,
    help="Lose the frames and keep the carrier, or lose the carrier too.",
)
@click.pass_context
def cut(context: click.Context, *, node: str, ring: str, mode: str) -> None:
    r"""Cut NODE's cable to a ring, to both, or to the service network.

    \b
    Examples:
      ocf-py lab cut n1 both
      ocf-py lab cut n2 service --mode carrier
    """
    find_lab(context).cut(node, ring, mode)


@click.command(cls=Verb)
@click.pass_context
def heal(context: click.Context) -> None:
    r"""Mend every cable and the power switch, and thaw every node; nodes that are off stay off.

    \b
    Examples:
      ocf-py lab heal
    """
    find_lab(context).heal()


FAULTS = (kill, start, shutdown, freeze, thaw, cut, heal)

"""`ocf-py man`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py._version import __version__
from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.roff import render

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
def man(*, directory: Path) -> None:
    r"""Write the manual pages of ocf-py and of each of its commands to DIRECTORY.

    The names of the files are printed. A page that is there already is replaced.

    \b
    Examples:
      ocf-py man /usr/local/share/man/man8
      ocf-py man build/man && man build/man/ocf-py-run.8
    """
    from ocf_py.toolkit.command import ocf_py

    try:
        directory.mkdir(parents=True, exist_ok=True)
        for words, command in walk(ocf_py, ("ocf-py",)):
            path = directory / f"{'-'.join(words)}.8"
            path.write_text(render(command, words, __version__), encoding="utf-8")
            click.echo(path)
    except OSError as error:
        raise ToolkitError(
            f"cannot write to {directory}: {error.strerror}", hint="name another directory"
        ) from error


def walk(
    command: click.Command, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The command and all below it, each with the words that call it."""
    yield words, command
    if isinstance(command, click.MultiCommand):
        context = click.Context(command, info_name=" ".join(words))
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from walk(inner, (*words, name))

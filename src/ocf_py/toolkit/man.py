"""`ocf-py man`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py._version import __version__
from ocf_py.toolkit.command_page import render_command
from ocf_py.toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Iterator


@click.command()
@click.argument("directory", type=click.Path(path_type=Path))
def man(*, directory: Path) -> None:
    r"""Write the manual pages of the commands and of our agents below DIRECTORY.

    ocf-py(8) and one of each of its commands go to man8 in it, ocf_ocfpy_TYPE(7) of each agent to
    man7. The names of the files are printed. A page that is there already is replaced.

    \b
    Examples:
      ocf-py man /usr/local/share/man
      ocf-py man build/man && man -M build/man ocf_ocfpy_IPaddr
    """
    try:
        for name, text in _pages():
            path = directory / f"man{name[-1]}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            click.echo(path)
    except OSError as error:
        raise ToolkitError(
            f"cannot write to {error.filename or directory}: {error.strerror}",
            hint="name another directory",
        ) from error


def _pages() -> Iterator[tuple[str, str]]:
    """Each page's file name, which ends with its section, and its text."""
    from ocf_py.catalogue.description import parse_description
    from ocf_py.metadata import document
    from ocf_py.toolkit.agent_page import page_name, render_agent
    from ocf_py.toolkit.command import ocf_py
    from ocf_py.toolkit.our_agents import load_agents

    for words, command in walk(ocf_py, ("ocf-py",)):
        yield f"{'-'.join(words)}.8", render_command(command, words, __version__)
    for agent in load_agents().values():
        description = parse_description(document(agent).encode())
        page = render_agent("ocfpy", description, __version__)
        yield f"{page_name('ocfpy', description)}.7", page


def walk(
    command: click.Command, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The command and all below it, each with the words that call it."""
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=" ".join(words))
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            if inner is not None:
                yield from walk(inner, (*words, name))

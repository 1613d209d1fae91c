"""The Click group of `ocf-py lab`: which lab is meant, and one line for what the system refuses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py.lab.errors import LabError, UnsuitableLabError
from ocf_py.lab.lab import Lab
from ocf_py.lab.requirements import check_root
from ocf_py.lab.settings import DEFAULT_NAME, STATE_HOME

if TYPE_CHECKING:
    from typing import Any


def find_lab(context: click.Context) -> Lab:
    """The lab that is meant, up; LabError where it is not, or for who is not root."""
    name, state = context.obj
    check_root()
    return Lab.find(name, state)


class LabGroup(click.Group):
    """Takes --name and --state before the verb and after it, and puts both into the context."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; an OSError that names a file becomes a LabError."""
        try:
            return super().invoke(ctx)
        except OSError as error:
            if error.filename is None:
                raise
            raise LabError(
                f"cannot use {os.fsdecode(error.filename)}: {error.strerror}",
                hint="free it, or put the lab somewhere else with --state",
            ) from error


class Verb(click.Command):
    """A verb that may be told itself which lab is meant; then it counts, not the group."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The verb's own parameters, then --name and --state."""
        *own, help_option = super().get_params(ctx)
        return [*own, *_which_lab(), help_option]


LabGroup.command_class = Verb


def _which_lab(name: str | None = None) -> list[click.Parameter]:
    return [
        click.Option(
            ["--name"],
            default=name,
            show_default=True,
            expose_value=False,
            callback=_choose,
            help="Which lab; each has its own.",
        ),
        click.Option(
            ["--state"],
            type=click.Path(file_okay=False, path_type=Path),
            expose_value=False,
            callback=_choose,
            help=f"Its directory.  [default: {STATE_HOME}/NAME, logs in /var/log]",
        ),
    ]


def _choose(context: click.Context, option: click.Parameter, value: Any) -> None:
    """Keep (name, state) in the context's object; what was not given stays as it is."""
    name, state = context.obj or (DEFAULT_NAME, None)
    if value is not None and option.name == "state":
        state = _check_parents(value)
    elif value is not None:
        name = value
    context.obj = (name, state)


def _check_parents(state: Path) -> Path:
    for parent in state.absolute().parents:
        if parent.exists() and not parent.is_dir():
            raise UnsuitableLabError(
                f"--state {state}: {parent} is no directory", hint="name another place"
            )
    return state


LAB_OPTIONS = _which_lab(DEFAULT_NAME)

"""`ocf-py new`: an agent of one's own to begin with, its tests and its man page."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from ocf_py.toolkit.errors import ToolkitError, UnusableInput
from ocf_py.toolkit.output import json_option, print_json


@click.command()
@click.argument("name")
@click.option("--promotable", is_flag=True, help="One with roles: a promoted and an unpromoted.")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to write.  [default: ./NAME in small letters]",
)
@json_option
def new(*, name: str, promotable: bool, directory: Path | None, as_json: bool) -> None:
    r"""Write an agent called NAME, its tests and its man page, ready to run and to change.

    NAME is the agent's class and its type, such as WebCache for ocf:ocfpy:WebCache. Nothing that
    exists is overwritten. `pytest` runs the tests, `ocf-py install --with FILE` installs the agent.

    \b
    Examples:
      ocf-py new WebCache
      ocf-py new Replica --promotable --directory agents/replica
      ocf-py new WebCache --json | jq -r '.files[]'

    Ends with 0 once all is written, with 2 where the name or the directory cannot be used.
    """
    from ocf_py.toolkit.scaffold.files import make_files
    from ocf_py.toolkit.scaffold.naming import check_name

    check_name(name)
    folder = directory if directory is not None else Path(name.lower())
    files = make_files(name, promotable=promotable)
    _refuse_own_folder(folder)
    _write(folder, files)
    paths = [click.format_filename(folder / file) for file in files]
    if as_json:
        print_json({"type": name, "files": paths})
        return
    for path in paths:
        click.echo(f"wrote {path}")
    shown = click.format_filename(folder)
    click.echo(f"test it:     pytest {shown}   (as root: the contract makes namespaces)")
    click.echo(f"install it:  ocf-py install --with {paths[0]}")


def _refuse_own_folder(folder: Path) -> None:
    """In the folder that the agents are installed from, tests would be taken for agents."""
    from ocf_py.toolkit.installer.sources import find_sources

    for agent in find_sources(with_examples=True).agents:
        if folder.exists() and folder.samefile(agent.path.parent):
            raise UnusableInput(
                f"{folder} holds the agents that `ocf-py install` takes, and no tests",
                hint="write it elsewhere, then move the agent's own file there",
            )


def _write(folder: Path, files: dict[str, str]) -> None:
    """All of them or none."""
    for file in files:
        if (folder / file).is_symlink() or (folder / file).exists():
            raise UnusableInput(
                f"{folder / file} exists", hint="nothing was written; choose another --directory"
            )
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            with (folder / file).open("x", encoding="utf-8") as opened:
                written.append(folder / file)
                opened.write(text)
    except OSError as error:
        for path in written:
            with contextlib.suppress(OSError):
                path.unlink()
        kind = UnusableInput if isinstance(error, (FileExistsError, NotADirectoryError)) else None
        raise (kind or ToolkitError)(
            f"{error.filename or folder}: {error.strerror}", hint="nothing was written"
        ) from error

"""`ocf-py install`."""

from __future__ import annotations

from pathlib import Path

import click

from ocf_py.toolkit.installer.installation import install as write
from ocf_py.toolkit.installer.installation import preview_install
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.place import DEFAULT_PREFIX, Place
from ocf_py.toolkit.installer.sources import find_sources


@click.command()
@click.option("--root", type=click.Path(path_type=Path), default="/", help="Install below here.")
@click.option("--prefix", default=DEFAULT_PREFIX, show_default=True, help="Prefix below the root.")
@click.option(
    "--python",
    default="/usr/bin/python3",
    show_default=True,
    metavar="EXE",
    help="The interpreter that runs the agents.",
)
@click.option("--with-examples", is_flag=True, help="Install the example agents too.")
@click.option(
    "--with",
    "also",
    multiple=True,
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Install this agent of yours too, as ocf:ocfpy:ITS-CLASS; may be repeated.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, do nothing.")
def install(
    *,
    root: Path,
    prefix: str,
    python: str,
    with_examples: bool,
    also: tuple[Path, ...],
    dry_run: bool,
) -> None:
    r"""Install the agents where Pacemaker looks for them.

    The old agents work until the new ones are in place. A file that ocf-py did not write, or that
    was changed since, is never overwritten. An agent of yours that an install is not told of with
    --with is removed, if an earlier one installed it.

    \b
    Examples:
      ocf-py install --dry-run
      ocf-py install --with-examples
      ocf-py install --root /tmp/staged --python /usr/bin/python3.11
    """
    sources = find_sources(with_examples=with_examples, also=also)
    act = preview_install if dry_run else write
    for line in act(Place(root, prefix), sources, find_interpreter(python)):
        click.echo(line)

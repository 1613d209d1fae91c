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
    help="Add this agent of yours, as ocf:ocfpy:ITS-CLASS; may be repeated.",
)
@click.option(
    "--without",
    multiple=True,
    metavar="TYPE",
    help="Give up an agent that --with or --with-examples has added; may be repeated.",
)
@click.option(
    "--replace", is_flag=True, help="Overwrite what others have put or changed in our places."
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, do nothing.")
def install(
    *,
    root: Path,
    prefix: str,
    python: str,
    with_examples: bool,
    also: tuple[Path, ...],
    without: tuple[str, ...],
    replace: bool,
    dry_run: bool,
) -> None:
    r"""Install the agents where Pacemaker looks for them.

    The old agents work until the new ones are in place. A file that ocf-py did not write, or that
    was changed since, is in the way: nothing is done then, unless with --replace. An agent that
    --with or --with-examples has added stays, as it was added, in every later install; the same
    option replaces it, --without and uninstall remove it. Where it does not work with the new
    library, nothing is installed.

    \b
    Examples:
      ocf-py install --dry-run
      ocf-py install --with webcache.py
      ocf-py install --without WebCache
      ocf-py install --root /tmp/staged --python /usr/bin/python3.11
    """
    sources = find_sources(with_examples=with_examples, also=also)
    act = preview_install if dry_run else write
    place, interpreter = Place(root, prefix), find_interpreter(python)
    lines = act(place, sources, interpreter, without=without, replace=replace)
    for line in lines:
        click.echo(line)

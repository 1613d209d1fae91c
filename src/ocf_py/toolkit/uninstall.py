"""`ocf-py uninstall`."""

from __future__ import annotations

from pathlib import Path

import click

from ocf_py.toolkit.installer.installation import uninstall as remove
from ocf_py.toolkit.installer.place import DEFAULT_PREFIX, Place


@click.command()
@click.option("--root", type=click.Path(path_type=Path), default="/", help="Uninstall below here.")
@click.option("--prefix", default=DEFAULT_PREFIX, show_default=True, help="Prefix below the root.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, do nothing.")
def uninstall(*, root: Path, prefix: str, dry_run: bool) -> None:
    r"""Remove what `install` wrote and nobody has changed since; 1 where something stays.

    \b
    Examples:
      ocf-py uninstall --dry-run
      ocf-py uninstall
    """
    for line in remove(Place(root, prefix), dry_run=dry_run):
        click.echo(line)

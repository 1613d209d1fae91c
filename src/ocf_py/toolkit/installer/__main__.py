"""The installer for packagers: no virtual environment, no third-party package."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.installation import install, uninstall
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.place import DEFAULT_PREFIX, Place
from ocf_py.toolkit.installer.sources import find_sources


def main() -> None:
    """Installs or uninstalls as the arguments say."""
    parser = argparse.ArgumentParser(prog="ocf-py-installer", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("install", "uninstall"):
        options = verbs.add_parser(verb)
        options.add_argument("--root", type=Path, default=Path("/"))
        options.add_argument("--prefix", default=DEFAULT_PREFIX)
    options = verbs.choices["install"]
    options.add_argument("--python", default="/usr/bin/python3")
    options.add_argument("--with-examples", action="store_true")
    options.add_argument("--with", dest="also", action="append", type=Path, default=[])
    options.add_argument("--without", action="append", default=[])
    options.add_argument("--replace", action="store_true")
    options.add_argument("--package", default="", help="the package that carries the tree")
    given = parser.parse_args()
    place = Place(given.root, given.prefix)
    if given.verb == "install":
        sources = find_sources(with_examples=given.with_examples, also=given.also)
        interpreter = find_interpreter(given.python)
        lines = install(
            place,
            sources,
            interpreter,
            without=given.without,
            replace=given.replace,
            package=given.package,
        )
    else:
        lines = uninstall(place)
    sys.stdout.writelines(f"{line}\n" for line in lines)


if __name__ == "__main__":
    try:
        main()
    except ToolkitError as error:
        sys.stderr.write(f"ocf-py: {error}\n")
        sys.exit(error.status)
    except KeyboardInterrupt:
        sys.exit(130)

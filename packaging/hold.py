"""Keeps what running actions import from while a package manager exchanges the library.

A package manager removes the old generation of the library as soon as the new one is there, under
the actions that still import from it. So the launchers run a twin of it in `held`, made of hard
links, that no package lists: this makes the twin after each install, and removes those that nobody
needs. Where it never ran, and while a package is unpacked and not yet configured, a launcher takes
the library as it was packaged: what began then finds the twin by a symlink, later on.

`hold.py` holds the generation of the manifest beside it, `hold.py --release` gives up all.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import py_compile
import shutil
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent
RUN = Path("/run/ocfpy")
_UNFINISHED = ".new"


def hold(home: Path) -> None:
    """Makes the twin of the generation that is installed, and removes what is out of use.

    Beside the current one stays the one before: a launcher that was read before the upgrade may
    not have come to start its Python yet.
    """
    generation = json.loads((home / "manifest.json").read_text())["generation"]
    held = home / "held"
    held.mkdir(exist_ok=True)
    held.chmod(0o755)
    if (home / generation).is_symlink():  # unpacked by way of the name of its own twin
        (home / generation).unlink()
        shutil.copytree(held / generation, home / generation, copy_function=_link)
    if (held / generation).is_dir():  # the same package again, or byte code of another Python
        _renew(home / generation, held / generation)
    else:
        shutil.rmtree(held / _UNFINISHED, ignore_errors=True)
        shutil.copytree(home / generation, held / _UNFINISHED, copy_function=_link)
        (held / _UNFINISHED).rename(held / generation)
    _compile(held / generation)
    os.utime(held / generation)
    others = [path for path in held.iterdir() if path.name != generation]
    others.sort(key=lambda path: path.stat().st_mtime_ns, reverse=True)
    used = _command_lines()
    _unlink_names(home)
    for number, path in enumerate(others):
        if os.fsencode(f"/{home.name}/{path.name}/") in used:
            if not (home / path.name).exists():
                (home / path.name).symlink_to(f"held/{path.name}")
        elif number and os.fsencode(f"/held/{path.name}/") not in used:
            shutil.rmtree(path, ignore_errors=True)


def release(home: Path) -> None:
    """Removes all twins, and the directory of the start records if none is left."""
    _unlink_names(home)
    shutil.rmtree(home / "held", ignore_errors=True)
    with contextlib.suppress(OSError):
        RUN.rmdir()


def _unlink_names(home: Path) -> None:
    """Takes the symlinks away by which a process reaches the twin of what it began with."""
    for path in home.iterdir():
        if path.is_symlink():
            path.unlink()


def _renew(source: Path, twin: Path) -> None:
    for folder, _, names in os.walk(source):
        there = twin / Path(folder).relative_to(source)
        there.mkdir(exist_ok=True)
        for name in names:
            unfinished = there / f"{name}{_UNFINISHED}"
            unfinished.unlink(missing_ok=True)
            _link(f"{folder}/{name}", str(unfinished))
            unfinished.replace(there / name)
            unfinished.unlink(missing_ok=True)  # rename(2) leaves both names of one file


def _compile(library: Path) -> None:
    """Makes the byte code that is lacking: the packaged is of another Python, after its upgrade.

    The launchers write none, and without any an action takes three times as long. Unchecked, as the
    install makes it: no import asks whether the source has changed.
    """
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    for path in library.rglob("*.py"):
        if not Path(importlib.util.cache_from_source(str(path))).exists():
            with contextlib.suppress(OSError):  # on a full disk the source does, too
                py_compile.compile(str(path), invalidation_mode=mode, quiet=2)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without hard links
        shutil.copy2(source, target)


def _command_lines() -> bytes:
    """Those of all processes, one after the other."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):  # it has ended
            found.append(path.read_bytes())
    return b"\0".join(found)


if __name__ == "__main__":
    (release if sys.argv[1:] == ["--release"] else hold)(HOME)

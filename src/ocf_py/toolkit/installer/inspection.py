"""Looks at an installed tree: whether it is whole, of this version, and open to whom it must be."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from ocf_py._version import __version__
from ocf_py.doctor.diagnosis import fine, problem, warning
from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.manifest import LAUNCHERS, LIBRARY, load_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.doctor.diagnosis import Diagnosis
    from ocf_py.toolkit.installer.manifest import Manifest
    from ocf_py.toolkit.installer.place import Place

_CHECK = "installation"
_AGAIN = "run `ocf-py install` again"
_READ, _ENTER = 0o004, 0o005


def inspect(place: Place) -> Iterator[Diagnosis]:
    """What is wrong with the tree, or a line that says that nothing is."""
    try:
        manifest = load_manifest(place.tree)
        if not manifest.version:
            yield problem(
                _CHECK, str(place), "no agents are installed", "nothing can run", "ocf-py install"
            )
            return
        found = [
            *_judge_version(place, manifest),
            *_judge_twin(place, manifest),
            *_judge_files(place, manifest),
        ]
    except ToolkitError as error:
        yield problem(_CHECK, str(place), str(error), "nobody knows what is installed", _AGAIN)
        return
    yield from found
    if not found:
        types = sorted(path.rpartition("/")[2] for path in manifest.files if _is_launcher(path))
        yield fine(_CHECK, str(place), f"ocf-py {manifest.version}, whole: {', '.join(types)}")


def find_python(place: Place) -> str:
    """The interpreter that the launchers name; "" where there is none to ask."""
    try:
        manifest = load_manifest(place.tree)
        launchers = [path for path in manifest.files if _is_launcher(path)]
        text = (place.tree.read(launchers[0]) or b"").decode() if launchers else ""
    except (ToolkitError, UnicodeDecodeError):
        return ""
    lines = [line[7:] for line in text.splitlines() if line.startswith("python=")]
    return lines[0].strip("'") if lines else ""


def _again(manifest: Manifest) -> str:
    if manifest.package:
        return f"install the package {manifest.package} again, as by apt-get install --reinstall"
    return f"{_AGAIN}, with --replace where somebody else has changed something"


def _is_launcher(path: str) -> bool:
    return path.startswith(f"{LAUNCHERS}/")


def _judge_version(place: Place, manifest: Manifest) -> Iterator[Diagnosis]:
    if manifest.version != __version__:
        yield warning(
            _CHECK,
            str(place),
            f"ocf-py {manifest.version} is installed, and this is {__version__}",
            "the agents are not those that this command knows",
            _again(manifest),
        )


def _judge_twin(place: Place, manifest: Manifest) -> Iterator[Diagnosis]:
    if manifest.package and not _list_twins(place, manifest):
        yield warning(
            _CHECK,
            str(place.tree.base / LIBRARY / "held"),
            "the scripts of the package did not run: its library has no twin",
            "an upgrade may fail the actions that run meanwhile",
            _again(manifest),
        )


def _list_twins(place: Place, manifest: Manifest) -> dict[str, str]:
    """What the launchers of a package run (see packaging/hold.py), and what each is the twin of."""
    own, twin = f"{LIBRARY}/{manifest.generation}", f"{LIBRARY}/held/{manifest.generation}"
    if not place.tree.has_folder(twin):
        return {}
    within = [path[len(own) :] for path in manifest.files if path.startswith(f"{own}/")]
    return {f"{twin}{path}": f"{own}{path}" for path in within}


def _judge_files(place: Place, manifest: Manifest) -> Iterator[Diagnosis]:
    """The first of each kind, with the number of all: one remedy mends them."""
    faults: dict[str, list[str]] = {}
    twins = _list_twins(place, manifest)
    for path in sorted((*manifest.files, *twins)):
        found = place.tree.inspect(path)
        if found is None:
            faults.setdefault("is missing", []).append(path)
        elif not manifest.owns(twins.get(path, path), found[0]):
            faults.setdefault("was changed since it was installed", []).append(path)
        elif not found[1] & _READ:
            faults.setdefault("cannot be read by the user hacluster", []).append(path)
        elif _is_launcher(path) and not found[1] & 0o001:
            faults.setdefault("is not executable", []).append(path)
    for folder in (LIBRARY, f"{LIBRARY}/{manifest.generation}", LAUNCHERS):
        status = (place.tree.base / folder).lstat() if place.tree.has_folder(folder) else None
        if status is not None and stat.S_IMODE(status.st_mode) & _ENTER != _ENTER:
            faults.setdefault("cannot be entered by the user hacluster", []).append(folder)
    for fault, paths in faults.items():
        more = f" (and {len(paths) - 1} more)" if paths[1:] else ""
        yield problem(
            _CHECK,
            f"{place.tree.base / paths[0]}{more}",
            fault,
            "an action may fail here, a stop too, which has the node fenced",
            _again(manifest),
        )

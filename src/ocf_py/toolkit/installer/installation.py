"""Install and uninstall: the library goes first in and last out, the launchers that name it not."""

from __future__ import annotations

import contextlib
import hashlib
from typing import TYPE_CHECKING

from ocf_py._version import __version__
from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.added import keep_added
from ocf_py.toolkit.installer.manifest import (
    LAUNCHERS,
    LIBRARY,
    MANIFEST,
    SHARED,
    load_own_manifest,
)
from ocf_py.toolkit.installer.plan import LAUNCHER_MODE, LIBRARY_MODE, make_plan
from ocf_py.toolkit.installer.sources import Origin, mark
from ocf_py.toolkit.installer.trial import describe_agents

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from ocf_py.toolkit.installer.interpreter import Interpreter
    from ocf_py.toolkit.installer.manifest import Manifest
    from ocf_py.toolkit.installer.place import Place
    from ocf_py.toolkit.installer.plan import Plan
    from ocf_py.toolkit.installer.sources import Sources
    from ocf_py.toolkit.installer.tree import Tree


def preview_install(
    place: Place,
    sources: Sources,
    interpreter: Interpreter,
    *,
    without: Collection[str] = (),
    replace: bool = False,
) -> list[str]:
    """What `install` would do, a line each; touches nothing."""
    tree = place.tree
    manifest = load_own_manifest(tree)
    wanted = keep_added(tree, manifest, sources, without)
    plan = make_plan(tree, manifest, wanted, interpreter, replace=replace)
    return [
        *(f"would write {tree.base / path}" for path in (*plan.library, *plan.launchers)),
        *(f"would remove {tree.base / path}" for path in plan.stale),
    ] or [f"{place}: nothing to do"]


def install(
    place: Place,
    sources: Sources,
    interpreter: Interpreter,
    *,
    without: Collection[str] = (),
    replace: bool = False,
    package: str = "",
) -> list[str]:
    """Makes the tree at `place` hold `sources`; returns what there is to say, a line each.

    The user's own agents of earlier installs stay, but for those of the types `without`. What
    others have written under our names is in the way, unless this may `replace` it. With
    `package`, the tree is to be carried by the package of that name, and changed by no install.

    An action that runs meanwhile goes on importing from its own generation, which stays until
    the next install. Cut off anywhere, this leaves the former agents working; a first install
    that fails leaves nothing.

    Raises:
        UnusableInput: `without` names what cannot be given up.
        ToolkitError: Something in the way is not ours; an agent does not load; or the system
            refused.
    """
    tree = place.tree
    # Once without the lock: a refusal leaves no trace, not even the folder that is locked.
    manifest = load_own_manifest(tree)
    wanted = keep_added(tree, manifest, sources, without)
    plan = make_plan(tree, manifest, wanted, interpreter, replace=replace)
    library, built = _build(place, plan, wanted, interpreter), plan.generation
    made = [folder for folder in SHARED if not tree.has_folder(folder)]
    with tree.locked(LIBRARY, create=True):
        manifest = load_own_manifest(tree)
        wanted = keep_added(tree, manifest, sources, without)
        plan = make_plan(tree, manifest, wanted, interpreter, replace=replace)
        for folder in (LIBRARY, LAUNCHERS):
            tree.remove_unfinished(folder)
        done = (__version__, plan.generation, plan.added) == (
            manifest.version,
            manifest.generation,
            manifest.added,
        )
        if done and not (plan.library or plan.launchers or plan.stale):
            return [f"{place}: ocf-py {__version__} is installed already"]
        manifest.made = sorted({*manifest.made, *made})
        manifest.package = package
        # What was whole without the lock may have been removed meanwhile, or an agent been added.
        if not library or built != plan.generation:
            library = _build(place, plan, wanted, interpreter)
        is_first = not manifest.version
        try:
            kept = _carry_out(tree, manifest, plan, library)
        except BaseException:
            if is_first:
                with contextlib.suppress(ToolkitError):  # why it failed says more
                    _clear(tree, manifest)
            raise
    types = ", ".join(agent.type for agent in wanted.agents)
    return [
        *(f"left as it is, changed by someone else: {tree.base / path}" for path in kept),
        *(
            f"{place}: kept {agent.type}, which an earlier install added"
            for agent in wanted.agents
            if agent.origin is Origin.KEPT
        ),
        f"{place}: installed ocf-py {__version__} for {interpreter.path}: {types}",
    ]


def uninstall(place: Place, *, dry_run: bool = False) -> list[str]:
    """Removes what the manifest at `place` lists and nobody has changed; returns what to say.

    Raises:
        ToolkitError: All else is removed, and something stays that others have changed.
    """
    tree = place.tree
    if tree.read(MANIFEST) is None:
        return [f"{place}: nothing of ocf-py is installed"]
    with tree.locked(LIBRARY, create=False):
        manifest = load_own_manifest(tree)
        if dry_run:
            paths = _order_removal(manifest)
            return [f"would remove {tree.base / path}" for path in paths if tree.inspect(path)]
        kept = _clear(tree, manifest)
    what = f"ocf-py {manifest.version}" if manifest.version else "what an unfinished install left"
    if kept:
        more = f" and {len(kept) - 1} more" if kept[1:] else ""
        raise ToolkitError(
            f"{place}: uninstalled {what}, but for {tree.base / kept[0]}{more}, changed by someone "
            "else",
            hint="remove by hand what is left; a launcher among it is one that Pacemaker still "
            "finds",
        )
    return [f"{place}: uninstalled {what}"]


def _build(
    place: Place, plan: Plan, sources: Sources, interpreter: Interpreter
) -> dict[str, bytes]:
    """The library's files by their path in the tree, tried; none if none is lacking."""
    if not plan.library:
        return {}
    sources = mark(sources, plan.generation)
    shown = place.shown(plan.generation)
    compiled = _compile(sources, interpreter, shown)
    documents = describe_agents(sources, compiled, interpreter, shown)
    return {
        f"{LIBRARY}/{plan.generation}/{name}": content
        for name, content in {**sources.files, **compiled, **documents}.items()
    }


def _compile(sources: Sources, interpreter: Interpreter, shown: str) -> dict[str, bytes]:
    """The byte code; where an agent is not of the interpreter's Python, its own file is named."""
    try:
        return interpreter.compile(sources.files, shown)
    except ToolkitError as error:
        for agent in sources.agents:
            place, _, reason = str(error).partition(": ")
            if place == f"{shown}/{agent.installed}":
                raise ToolkitError(
                    f"{agent.path}: {agent.type} is not for {interpreter.path}: {reason}",
                    hint=agent.remedy,
                ) from error
        raise


def _carry_out(tree: Tree, manifest: Manifest, plan: Plan, library: dict[str, bytes]) -> list[str]:
    """Writes library, launchers and manifest; returns the stale files that others have changed."""
    written = {path: library[path] for path in plan.library}
    written.update(plan.launchers)
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in written.items()}
    for path, digest in digests.items():
        manifest.files.setdefault(path, []).append(digest)
    manifest.save(tree)
    folder = f"{LIBRARY}/{plan.generation}"
    if tree.has_folder(folder):
        for path in plan.library:
            tree.write(path, library[path], LIBRARY_MODE, by_way_of=LIBRARY)
    else:
        tree.write_folder(
            folder, {path[len(folder) + 1 :]: content for path, content in library.items()}
        )
    for path, text in plan.launchers.items():
        tree.write(path, text, LAUNCHER_MODE, by_way_of=LAUNCHERS)
    kept = _remove_owned(tree, manifest, plan.stale)
    for path, digest in {**plan.intact, **digests}.items():
        manifest.files[path] = [digest]
    manifest.version, manifest.generation = __version__, plan.generation
    manifest.previous, manifest.added = plan.previous, plan.added
    manifest.save(tree)
    return kept


def _order_removal(manifest: Manifest) -> list[str]:
    """What is ours, the launchers before the library that they name."""
    return sorted(manifest.files, key=lambda path: (not path.startswith(LAUNCHERS), path))


def _clear(tree: Tree, manifest: Manifest) -> list[str]:
    """Removes all that is ours; returns the files that others have changed, which stay."""
    kept = _remove_owned(tree, manifest, _order_removal(manifest))
    for folder in (LIBRARY, LAUNCHERS):
        tree.remove_unfinished(folder)
    tree.remove(MANIFEST)
    for folder in (LIBRARY, LAUNCHERS, *(one for one in SHARED if one in manifest.made)):
        tree.remove_folder(folder)
    return kept


def _remove_owned(tree: Tree, manifest: Manifest, paths: Iterable[str]) -> list[str]:
    """Removes those of `paths` that are as we wrote them; returns the others.

    The manifest forgets them all: what somebody has changed is theirs from now on.
    """
    kept = []
    emptied = set()
    for path in paths:
        found = tree.inspect(path)
        if found and not manifest.owns(path, found[0]):
            kept.append(path)
        else:
            tree.remove(path)
        del manifest.files[path]
        folder = path.rpartition("/")[0]
        while folder not in (LIBRARY, LAUNCHERS):
            emptied.add(folder)
            folder = folder.rpartition("/")[0]
    for folder in sorted(emptied, key=len, reverse=True):
        tree.remove_folder(folder)
    return kept

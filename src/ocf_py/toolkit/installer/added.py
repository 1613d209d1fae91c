"""Agents of the user's own: what an install has added stays until somebody gives it up.

An upgrade that took one away would leave its resources without an agent: no monitor, and no stop,
which has the node fenced.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from ocf_py.toolkit.errors import ToolkitError, UnusableInput
from ocf_py.toolkit.installer.manifest import LIBRARY
from ocf_py.toolkit.installer.sources import AGENTS_FOLDER, AgentSource, Origin, Sources

if TYPE_CHECKING:
    from collections.abc import Collection

    from ocf_py.toolkit.installer.manifest import Manifest
    from ocf_py.toolkit.installer.tree import Tree


def keep_added(
    tree: Tree, manifest: Manifest, sources: Sources, without: Collection[str]
) -> Sources:
    """`sources`, and what earlier installs have added to `tree`, as it was installed.

    What `sources` add again takes the place of the former, and the types `without` are given up.

    Raises:
        UnusableInput: A type of `without` was not added, or is added now.
        ToolkitError: The source of an added agent is lost or was changed, or something else has
            its name now.
    """
    given = {agent.type for agent in sources.agents if agent.origin is Origin.ADDED}
    for type_ in without:
        _refuse_unknown(type_, given, manifest, sources)
    kept = {
        AgentSource(
            tree.base / LIBRARY / manifest.generation / AGENTS_FOLDER / module, type_, Origin.KEPT
        ): _read(tree, manifest, type_, module)
        for type_, module in manifest.added.items()
        if type_ not in without and type_ not in given
    }
    for agent in kept:
        _refuse_taken(agent, sources)
    files = {agent.installed: content for agent, content in kept.items()}
    return Sources({**sources.files, **files}, (*sources.agents, *kept))


def _refuse_unknown(type_: str, given: set[str], manifest: Manifest, sources: Sources) -> None:
    if type_ in given:
        raise UnusableInput(
            f"--without {type_}: --with adds it", hint="nothing was changed; give one of the two"
        )
    if type_ in manifest.added:
        return
    if any(agent.type == type_ for agent in sources.agents):
        raise UnusableInput(
            f"--without {type_}: is an agent of ocf-py itself",
            hint="nothing was changed; only what --with has added can be given up",
        )
    added = f"has added {', '.join(manifest.added)}" if manifest.added else "has added none"
    raise UnusableInput(
        f"--without {type_}: no such agent was added",
        hint=f"nothing was changed; --with {added}",
    )


def _read(tree: Tree, manifest: Manifest, type_: str, module: str) -> bytes:
    path = f"{LIBRARY}/{manifest.generation}/{AGENTS_FOLDER}/{module}"
    content = tree.read(path)
    if content is None or not manifest.owns(path, hashlib.sha256(content).hexdigest()):
        what = "is missing" if content is None else "was changed since it was installed"
        raise ToolkitError(
            f"{tree.base / path}: the source of {type_} {what}",
            hint=f"nothing was changed; name its file by --with, or give it up by "
            f"--without {type_}",
        )
    return content


def _refuse_taken(agent: AgentSource, sources: Sources) -> None:
    """What came after it, ours or another of the user's, may bear its name."""
    for other in sources.agents:
        for kind in ("type", "module"):
            name = getattr(agent, kind)
            if name == getattr(other, kind):
                raise ToolkitError(
                    f"{other.path}: {kind} {name} is that of {agent.type}, which an earlier "
                    "install added",
                    hint=f"nothing was changed; give that up by --without {agent.type}, and "
                    "add it by --with under another name",
                )

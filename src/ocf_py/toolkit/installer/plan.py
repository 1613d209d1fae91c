"""What an install has to do, decided before anything is touched."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocf_py._version import __version__
from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.launcher import write_launcher
from ocf_py.toolkit.installer.manifest import LAUNCHERS, LIBRARY
from ocf_py.toolkit.installer.sources import Origin

if TYPE_CHECKING:
    from ocf_py.toolkit.installer.interpreter import Interpreter
    from ocf_py.toolkit.installer.manifest import Manifest
    from ocf_py.toolkit.installer.sources import Sources
    from ocf_py.toolkit.installer.tree import Tree

LIBRARY_MODE = 0o644
LAUNCHER_MODE = 0o755


@dataclass
class Plan:
    """The difference between a tree and what is to be in it."""

    generation: str
    previous: str  # the generation that a running action may still import from
    intact: dict[str, str] = field(default_factory=dict)  # path: digest
    library: list[str] = field(default_factory=list)  # paths to write
    launchers: dict[str, bytes] = field(default_factory=dict)  # paths to write, and their text
    stale: list[str] = field(default_factory=list)  # paths to remove
    added: dict[str, str] = field(default_factory=dict)  # as in the manifest


def make_plan(
    tree: Tree,
    manifest: Manifest,
    sources: Sources,
    interpreter: Interpreter,
    *,
    replace: bool = False,
) -> Plan:
    """Compares `tree` with `sources`; what others wrote under our names it may `replace`.

    Raises:
        ToolkitError: Files in the way are not ours, or were changed since we wrote them.
    """
    generation = name_generation(sources, interpreter)
    renewed = generation == manifest.generation
    plan = Plan(generation, manifest.previous if renewed else manifest.generation)
    foreign = []
    documents = [agent.metadata for agent in sources.agents]
    compiled = map(interpreter.compiled_name, sources.files)
    for name in (*sources.files, *compiled, *documents):
        path = f"{LIBRARY}/{generation}/{name}"
        found = tree.inspect(path)
        if found and not manifest.owns(path, found[0]):
            foreign.append(path)
            plan.library.append(path)
        elif found and found[1] == LIBRARY_MODE:
            plan.intact[path] = found[0]
        else:
            plan.library.append(path)
    for agent in sources.agents:
        path = f"{LAUNCHERS}/{agent.type}"
        text = write_launcher(agent, interpreter, version=__version__, generation=generation)
        found = tree.inspect(path)
        if found and not manifest.owns(path, found[0]):
            foreign.append(path)
            plan.launchers[path] = text
        elif found == (hashlib.sha256(text).hexdigest(), LAUNCHER_MODE):
            plan.intact[path] = found[0]
        else:
            plan.launchers[path] = text
    if foreign and not replace:
        others = f" (and {len(foreign) - 1} more)" if foreign[1:] else ""
        raise ToolkitError(
            f"{tree.base / foreign[0]}{others}: not written by ocf-py, or changed since",
            hint="nothing was changed; move it away, or have --replace overwrite it",
        )
    own = (agent for agent in sources.agents if agent.origin is not Origin.SHIPPED)
    plan.added = {agent.type: agent.path.name for agent in own}
    wanted = {*plan.intact, *plan.library, *plan.launchers}
    kept = f"{LIBRARY}/{plan.previous}/" if plan.previous else LIBRARY + "//"
    plan.stale = sorted(
        path for path in manifest.files if path not in wanted and not path.startswith(kept)
    )
    return plan


def name_generation(sources: Sources, interpreter: Interpreter) -> str:
    """The library folder's name: the version, and a digest of all that makes it what it is."""
    digest = hashlib.sha256(f"{interpreter.path} {interpreter.magic}".encode())
    for name, content in sorted(sources.files.items()):
        digest.update(f"\0{name}\0{len(content)}\0".encode() + content)
    return f"{__version__}-{digest.hexdigest()[:8]}"

"""The list of what is ours in an installed tree, kept beside the library."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.sources import is_module

if TYPE_CHECKING:
    from ocf_py.toolkit.installer.tree import Tree

# OCF's own layout, below <prefix>/lib (OCF 1.1, "The Resource Agents").
LIBRARY = "ocf/lib/ocfpy"
LAUNCHERS = "ocf/resource.d/ocfpy"
MANIFEST = f"{LIBRARY}/manifest.json"
# Folders that other packages share; removed only if it was an install of ours that made them.
SHARED = ("ocf/resource.d", "ocf/lib", "ocf")

_FORMAT = 1


@dataclass
class Manifest:
    """What an install wrote.

    A file has every digest that may be ours: while an install is under way that is the old and
    the new one, so that one which is cut off anywhere leaves nothing that seems foreign.

    `added` are the types of the user's own agents and of the examples, each with the name of its
    module's file among the agents of `generation`.

    `package` is the package that carries the tree: then it is the package manager's to change.
    """

    version: str = ""
    generation: str = ""
    previous: str = ""
    files: dict[str, list[str]] = field(default_factory=dict)
    made: list[str] = field(default_factory=list)
    added: dict[str, str] = field(default_factory=dict)
    package: str = ""

    def owns(self, path: str, digest: str) -> bool:
        """Whether the file at `path` is as an install of ours wrote it."""
        return digest in self.files.get(path, ())

    def save(self, tree: Tree) -> None:
        """Writes the manifest into `tree`."""
        text = json.dumps({"format": _FORMAT, **asdict(self)}, indent=1, sort_keys=True)
        tree.write(MANIFEST, f"{text}\n".encode(), 0o644, by_way_of=LIBRARY)


def load_manifest(tree: Tree) -> Manifest:
    """The manifest in `tree`; an empty one where nothing of ours is installed.

    Raises:
        ToolkitError: It is of another format, damaged, or names a path outside our folders.
    """
    content = tree.read(MANIFEST)
    if content is None:
        return Manifest()
    try:
        fields = json.loads(content)
        if fields.pop("format") != _FORMAT:
            raise ValueError("of another format")
        manifest = Manifest(**fields)
        for path in manifest.files:
            if not path.startswith((f"{LIBRARY}/", f"{LAUNCHERS}/")) or ".." in path.split("/"):
                raise ValueError(f"names a path that is not ours: {path}")
        for type_, module in manifest.added.items():
            if not type_.isidentifier() or not is_module(module):
                raise ValueError(f"names an agent that cannot be one: {type_}, {module}")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ToolkitError(
            f"{tree.base / MANIFEST}: unreadable manifest ({error})",
            hint="install the package that brought it again; where none did, remove "
            f"{LIBRARY} and {LAUNCHERS} below {tree.base} by hand, then install",
        ) from error
    return manifest


def load_own_manifest(tree: Tree) -> Manifest:
    """As `load_manifest`, for who is going to change the tree.

    Raises:
        ToolkitError: As there; or the tree is a package's.
    """
    manifest = load_manifest(tree)
    if manifest.package:
        raise ToolkitError(
            f"{tree.base / LIBRARY}: the agents are of the package {manifest.package}",
            hint="nothing was changed; upgrade or remove it by the package manager",
        )
    return manifest

"""Where an install goes: a root such as / or a packager's DESTDIR, and a prefix below it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.manifest import LIBRARY
from ocf_py.toolkit.installer.tree import Tree

DEFAULT_PREFIX = "/usr"


class Place:
    """The tree below `<root><prefix>/lib`.

    Raises:
        ToolkitError: The prefix is not absolute, or climbs.
    """

    def __init__(self, root: Path, prefix: str = DEFAULT_PREFIX) -> None:
        pure = PurePosixPath(prefix)
        if not pure.is_absolute() or ".." in pure.parts:
            raise ToolkitError(f"--prefix {prefix}: not an absolute path", hint="such as /usr")
        self.prefix = str(pure)
        whole = Path(root).absolute()
        self.tree = Tree(whole, whole / str(pure).lstrip("/") / "lib")

    def __str__(self) -> str:
        """The folder that holds our trees."""
        return str(self.tree.base / "ocf")

    def shown(self, generation: str) -> str:
        """The library's path when the root has become /: what tracebacks name."""
        return f"{self.prefix.rstrip('/')}/lib/{LIBRARY}/{generation}"

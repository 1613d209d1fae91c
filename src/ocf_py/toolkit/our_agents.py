"""Our agents as classes, for what only an agent itself can say of its parameters."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.sources import find_sources

if TYPE_CHECKING:
    from ocf_py.agent import Agent


def load_agents() -> dict[str, type[Agent]]:
    """Each agent's class by its type, from the files that `ocf-py install` would install."""
    found = {}
    for source in find_sources(with_examples=False).agents:
        spec = importlib.util.spec_from_file_location(source.module, source.path)
        if spec is None or spec.loader is None:
            raise ToolkitError(f"{source.path}: cannot be loaded", hint="install the wheel again")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found[source.type] = getattr(module, source.type)
    return found

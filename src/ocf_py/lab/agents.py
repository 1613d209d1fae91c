"""Installs this project's agents, with the examples, for the nodes of one lab."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.lab.boot import NODE_PYTHON
from ocf_py.toolkit.installer.installation import install
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.place import Place
from ocf_py.toolkit.installer.sources import find_sources

if TYPE_CHECKING:
    from ocf_py.lab.settings import Settings

_PROVIDER = "usr/lib/ocf/resource.d/ocfpy"


def install_agents(settings: Settings) -> None:
    """Install them on the lab's tmpfs, unless the user brings a tree that has them.

    Not under /run: that is mounted noexec on many machines, and agents are executables.
    """
    if not any((tree / _PROVIDER).is_dir() for tree in settings.provider_trees):
        settings.agent_tree.mkdir()
        place = Place(settings.agent_tree, "/usr")
        install(place, find_sources(with_examples=True), find_interpreter(NODE_PYTHON))

"""What the contract tier shares: root, and one tree with all agents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ocf_py.toolkit.installer.installation import install
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.place import Place
from ocf_py.toolkit.installer.sources import find_sources
from tests.contract.subjects import install_agents

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def fuzz_count(pytestconfig: pytest.Config) -> int:
    """How many environments each action of each agent is given."""
    return int(pytestconfig.getoption("--fuzz-count"))


@pytest.fixture(scope="session")
def fuzz_seed(pytestconfig: pytest.Config) -> int:
    """What the environments are derived from: the same seed makes the same ones."""
    return int(pytestconfig.getoption("--fuzz-seed"))


@pytest.fixture(scope="session")
def launchers(open_folder: Path, agents_python: str) -> Path:
    """The folder of launchers of an install with the agents of this tier."""
    if os.geteuid() != 0:
        pytest.fail("the contract tier makes namespaces: run it as root", pytrace=False)
    return install_agents(open_folder / "contract", agents_python)


@pytest.fixture(scope="session")
def installed(open_folder: Path, agents_python: str) -> Path:
    """A root with our agents alone, as `ocf-py install` leaves it."""
    root = open_folder / "documented"
    install(Place(root), find_sources(with_examples=False), find_interpreter(agents_python))
    return root

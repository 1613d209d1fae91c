"""What the tiers share: each test is marked with its tier, and all run the installed tree."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.toolkit.installer.installation import install
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.manifest import LAUNCHERS
from ocf_py.toolkit.installer.place import Place
from ocf_py.toolkit.installer.sources import find_sources

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE = Path(__file__).parent
_TIERS = ("unit", "contract", "kernel", "cluster", "vm", "packages")


def pytest_addoption(parser: pytest.Parser) -> None:
    # Here, since the folder of a tier is looked into too late when all are run.
    group = parser.getgroup("fuzz")
    group.addoption("--fuzz-count", type=int, default=200, help="environments an action")
    group.addoption("--fuzz-seed", type=int, default=1, help="what they are derived from")
    group = parser.getgroup("mirror")
    group.addoption("--mirror-count", type=int, default=16, help="rounds of random passes")
    group.addoption("--mirror-seed", type=int, default=1, help="of the first life")
    group = parser.getgroup("crashes")
    group.addoption("--crashes", type=int, default=4, help="power losses of a mirror's nodes")
    group.addoption("--disk-crashes", type=int, default=1, help="of a mirrored disk's primaries")
    group.addoption("--crash-seed", type=int, default=1, help="what their moments are derived from")
    group = parser.getgroup("packages")
    group.addoption("--whole", action="store_true", help="all of the contract tier, of the wheel")


def pytest_configure() -> None:
    # A shell ignores SIGINT in what it runs in the background, and so would all that is started
    # from here: the tests that interrupt need it as a terminal has it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tier = item.path.relative_to(_HERE).parts[0]
        if tier in _TIERS:
            item.add_marker(tier)


@pytest.fixture(scope="session")
def agents_python() -> str:
    """The interpreter that runs the installed agents; `make compat` names others."""
    return os.environ.get("OCF_PY_AGENTS_PYTHON", "/usr/bin/python3")


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """An empty folder that every user can enter, unlike pytest's own."""
    folder = Path(tempfile.mkdtemp(prefix="ocf-py-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def installed_agents(open_folder: Path, agents_python: str) -> Path:
    """The folder of launchers of a fresh install, examples included."""
    place = Place(open_folder / "installed")
    install(place, find_sources(with_examples=True), find_interpreter(agents_python))
    return place.tree.base / LAUNCHERS

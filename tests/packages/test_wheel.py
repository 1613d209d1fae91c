"""The wheel in a fresh environment, out of reach of any checkout: what PyPI would give."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.packages.conftest import CHECKOUT, LAUNCHERS, copy_tree

if TYPE_CHECKING:
    from pathlib import Path

# With the sandbox, the schemas, the scaffold, the agents and the examples: what a wheel could lack.
ESSENTIAL = (
    *("test_hot_path.py", "test_misfits.py", "test_new.py", "test_standard_library.py"),
    "test_documents.py",
    "test_validate_agents.py",
    "test_tester.py::test_our_agents_are_clean_in_the_sandbox",
    "test_contract.py",
)
_OF_ALL_RULES = "not test_contract.py or Dummy"


def call(*words: str | Path, cwd: Path) -> str:
    """What a command says; nothing of this process's Python is in its environment."""
    done = subprocess.run(
        words,
        cwd=cwd,
        env={
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "VIRTUAL_ENV", "PYTEST"))
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as for PyPI: the archive from the tree, the wheel from the archive."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = copy_tree(folder / "tree", "")
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, tree, cwd=folder)
    (_,) = folder.glob("ocf_py-*.tar.gz")
    (path,) = folder.glob("ocf_py-*.whl")
    shutil.rmtree(tree)
    return path


@pytest.fixture(scope="module")
def python(wheel: Path, open_folder: Path) -> Path:
    """Of an environment with the wheel and what tests need, which every user can enter."""
    home = open_folder / "fresh"
    home.mkdir()
    call("/usr/bin/python3", "-m", "venv", home, cwd=home)
    made = home / "bin/python"
    pip = (made, "-m", "pip", "install", "-q", "--disable-pip-version-check")
    lock = CHECKOUT / "packaging/requirements-dev.txt"
    call(*pip, "--require-hashes", "-r", lock, cwd=home)
    call(*pip, "--no-index", wheel, cwd=home)
    return made


@pytest.fixture
def tests_alone(open_folder: Path) -> Path:
    """The tests and what they compare with, without the library and the agents.

    Some of them run what lies there as another user.
    """
    tree = copy_tree(open_folder / "tests-alone", "")
    shutil.rmtree(tree / "src")
    shutil.rmtree(tree / "agents")
    return tree


def test_the_contract_tier_passes(
    python: Path, tests_alone: Path, pytestconfig: pytest.Config
) -> None:
    """Its essential part, or with ``--whole`` all of it."""
    said = call(python, "-c", "import ocf_py; print(ocf_py.__file__)", cwd=tests_alone)
    assert said.startswith(f"{python.parents[1]}/lib/")
    chosen = ["-k", _OF_ALL_RULES, *(f"tests/contract/{name}" for name in ESSENTIAL)]
    if pytestconfig.getoption("--whole"):
        chosen = ["tests/contract"]
    said = call(python, "-m", "pytest", "-q", *chosen, cwd=tests_alone)
    assert " passed" in said


def test_it_sets_up_a_node_whose_agents_run(python: Path, open_folder: Path) -> None:
    root = open_folder / "node-of-wheel"
    call(python.with_name("ocf-py"), "install", "--root", root, cwd=open_folder)
    launchers = sorted((root / LAUNCHERS).iterdir())
    assert [path.name for path in launchers] == [
        *("Drbd", "Filesystem", "IPaddr", "MirrorSync", "Service")
    ]
    for path in launchers:
        for word, code in (("meta-data", 0), ("monitor", 7), ("nonsense", 3)):
            done = subprocess.run(
                [path, word],
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HA_LOGFACILITY": "none"},
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == code, (path.name, word, done.stderr)

"""Launcher, library and agents are of one install, or the action says which is of which."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

import hold
from ocf_py.toolkit.installer.installation import install
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.manifest import LAUNCHERS, LIBRARY
from ocf_py.toolkit.installer.place import Place
from ocf_py.toolkit.installer.sources import find_sources

if TYPE_CHECKING:
    from pathlib import Path

# A /run of its own, in which $1 was started unless it is empty; then the action.
_ALONE = """
mount -t tmpfs run /run && mkdir -m 0700 /run/ocfpy && { [ -z "$1" ] || echo >"/run/ocfpy/$1"; }
shift
exec "$@"
"""
ANSWERS = [
    ("start", "0", "", 5),
    ("validate-all", "", "", 5),
    ("monitor", "0", "", 7),  # a probe, where nothing was started
    ("monitor", "", "", 7),
    ("monitor", "0", "IPaddr.vip", 1),
    ("monitor", "10000", "", 1),
    ("stop", "0", "", 1),
    ("promote", "0", "", 1),
]


class Tree:
    """An installed tree below `root`: its launchers and the folder of its library."""

    def __init__(self, root: Path) -> None:
        base = Place(root).tree.base
        self.home, self.agent = base / LIBRARY, base / LAUNCHERS / "IPaddr"
        (self.generation,) = (path for path in self.home.iterdir() if path.is_dir())

    def act(
        self, action: str, interval: str = "0", record: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """What the agent says and how it ends."""
        alone = ["unshare", "--mount", "--net", "--propagation", "private", "sh", "-c", _ALONE]
        return subprocess.run(
            [*alone, "sh", record, self.agent, action],
            env={
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
                "HA_LOGFACILITY": "none",
                "OCF_RESOURCE_INSTANCE": "vip",
                "OCF_RESKEY_ip": "192.0.2.77",
                "OCF_RESKEY_CRM_meta_interval": interval,
            },
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def installs(tmp_path_factory: pytest.TempPathFactory, agents_python: str) -> Path:
    """A folder with two installs of other contents, and so of other generations."""
    if os.geteuid() != 0:
        pytest.fail("the contract tier makes namespaces: run it as root", pytrace=False)
    folder = tmp_path_factory.mktemp("installs")
    for name in ("one", "other"):
        sources = find_sources(with_examples=name == "other")
        install(Place(folder / name), sources, find_interpreter(agents_python))
    return folder


@pytest.fixture
def tree(installs: Path, tmp_path: Path) -> Tree:
    """One to be spoilt."""
    return Tree(shutil.copytree(installs / "one", tmp_path / "one"))


@pytest.fixture
def other(installs: Path) -> Tree:
    return Tree(installs / "other")


def exchange(tree: Tree, other: Tree, package: str) -> None:
    shutil.rmtree(tree.generation / package)
    shutil.copytree(other.generation / package, tree.generation / package)


@pytest.mark.parametrize(("action", "interval", "record", "code"), ANSWERS)
def test_a_library_of_another_install_is_one_line_and_the_code_of_the_action(
    tree: Tree, other: Tree, action: str, interval: str, record: str, code: int
) -> None:
    for package in ("ocf_py", "ocfpy_agents"):
        exchange(tree, other, package)
    done = tree.act(action, interval, record)
    one, another = tree.generation.name, other.generation.name
    assert done.stderr == (
        f"ocf-exit-reason:the launcher is of ocf-py {one}, its library of {another}, "
        f"the agents of {another}: install the agents again\n"
    )
    assert done.returncode == code


@pytest.mark.parametrize("package", ["ocf_py", "ocfpy_agents"])
def test_agents_and_library_of_two_installs_are_told_apart(
    tree: Tree, other: Tree, package: str
) -> None:
    exchange(tree, other, package)
    done = tree.act("start")
    one, another = tree.generation.name, other.generation.name
    library, agents = (another, one) if package == "ocf_py" else (one, another)
    assert done.returncode == 5
    assert f" its library of {library}, the agents of {agents}: " in done.stderr
    assert done.stderr.count("\n") == 1


def test_an_agent_that_wants_what_an_older_library_has_not_is_never_read(tree: Tree) -> None:
    for path in ("ocf_py/__init__.py", "ocfpy_agents/ipaddr.py"):
        shutil.rmtree((tree.generation / path).parent / "__pycache__")
    package = tree.generation / "ocf_py/__init__.py"
    package.write_text(package.read_text().replace("__generation__", "__elder__"))
    (tree.generation / "ocfpy_agents/ipaddr.py").write_text(
        "from ocf_py.tomorrow import everything\n"
    )
    done = tree.act("start")
    assert done.returncode == 5
    assert " its library of an older version, the agents of " in done.stderr
    assert "tomorrow" not in done.stderr


@pytest.mark.parametrize(("action", "interval", "record", "code"), ANSWERS)
def test_a_library_that_lacks_a_part_answers_as_one_that_is_not_there(
    tree: Tree, action: str, interval: str, record: str, code: int
) -> None:
    shutil.rmtree(tree.generation / "ocf_py/__pycache__")
    (tree.generation / "ocf_py/lifecycle.py").unlink()
    done = tree.act(action, interval, record)
    assert done.returncode == code
    assert done.stderr.startswith("ocf-exit-reason:cannot load ")
    assert done.stderr.endswith("No module named 'ocf_py.lifecycle'): install the agents again\n")
    shutil.rmtree(tree.generation)
    assert tree.act(action, interval, record).returncode == code


def test_a_library_that_is_held_through_an_upgrade_fits(tree: Tree, other: Tree) -> None:
    hold.hold(tree.home)
    shutil.rmtree(tree.generation)
    done = tree.act("monitor")
    assert (done.returncode, done.stderr) == (7, "")
    # The next package, with a library of its own, whose launcher is not there yet.
    shutil.copytree(other.generation, tree.home / other.generation.name)
    shutil.copy(other.home / "manifest.json", tree.home)
    hold.hold(tree.home)
    assert tree.act("monitor").returncode == 7
    shutil.copy(other.agent, tree.agent)
    done = tree.act("monitor")
    assert (done.returncode, done.stderr) == (7, "")

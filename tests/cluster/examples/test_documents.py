"""What the documentation has its reader type works on a host with labs, and in a cluster's node."""

from __future__ import annotations

import contextlib
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab
from ocf_py.toolkit.installer.installation import install
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.place import Place
from ocf_py.toolkit.installer.sources import find_sources
from tests.cluster.conftest import SEEN_LABS, calm, name_lab
from tests.documents.reading import CHECKOUT
from tests.documents.session import Session, list_sessions, run_session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

# Labs of the default name, apart from the machine's own: they end with the process namespace.
_HOST = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "bash")
_HOSTS_AT_ONCE = 2
_EMPTY = "<configuration><resources/></configuration>"
# A node has no toolkit. It sees what lies in the tree of agents, so that one is put there.
_TOOLKIT = "usr/lib/ocf/lib/toolkit"


@pytest.fixture(scope="module", autouse=True)
def on_hosts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Hosts]:
    """The sessions of hosts that are asked for, under way: they wait most of their time."""
    with contextlib.closing(Hosts(tmp_path_factory.mktemp("hosts"))) as hosts:
        for item in request.session.items:
            if isinstance(item, pytest.Function) and item.module is request.module:
                session = item.callspec.params["session"]
                if isinstance(session, Session) and session.place == "host":
                    hosts.begin(session)
        yield hosts


class Hosts:
    """Sessions beside the tests, each in namespaces of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lanes = ThreadPoolExecutor(_HOSTS_AT_ONCE)
        self._printed: dict[str, Future[str]] = {}

    def begin(self, session: Session) -> None:
        script = self._folder / f"{session.page.replace('/', '-')}.sh"
        script.write_text(session.script())
        words = [*_HOST, str(CHECKOUT / "tests/documents/host.sh"), str(CHECKOUT), str(script)]
        self._printed[session.page] = self._lanes.submit(run_session, words)

    def read(self, session: Session) -> str:
        """All that its shell has written, once it has ended."""
        return self._printed[session.page].result()

    def close(self) -> None:
        self._lanes.shutdown(cancel_futures=True)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab whose nodes have our agents, and `ocf-py` as an administrator has it."""
    tree = tmp_path_factory.mktemp("tree")
    tree.parent.chmod(0o755)
    tree.chmod(0o755)
    install(Place(tree), find_sources(with_examples=True), find_interpreter("/usr/bin/python3"))
    _add_toolkit(tree / _TOOLKIT)
    with Lab.up(name_lab("documents"), provider_trees=(tree,)) as lab:
        SEEN_LABS.append(lab)
        yield lab


def _add_toolkit(folder: Path) -> None:
    packages = Path(sys.prefix) / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}"
    shutil.copytree(packages / "site-packages", folder, ignore=_development)
    shutil.copytree(CHECKOUT / "src/ocf_py", folder / "ocf_py", dirs_exist_ok=True)
    for name in ("_agents", "_examples", "_cib"):
        source = {"_agents": "agents", "_examples": "examples/agents", "_cib": "examples/cib"}
        shutil.copytree(CHECKOUT / source[name], folder / "ocf_py" / name)
    program = folder / "bin/ocf-py"
    program.parent.mkdir(exist_ok=True)
    python = Path(sys.executable).resolve()
    program.write_text(
        f"#!/bin/sh\nPYTHONPATH=/{_TOOLKIT} exec {python} \\\n"
        "  -c 'from ocf_py.toolkit import main; main()' \"$@\"\n"
    )
    program.chmod(0o755)


def _development(folder: str, names: list[str]) -> set[str]:
    """What a node has no use for, and would take long to copy."""
    needed = ("click", "lxml", "psutil", "pyroute2")
    top = Path(folder).name == "site-packages"
    return {one for one in names if top and not one.startswith(needed)}


@pytest.mark.parametrize("session", list_sessions("node"), ids=lambda one: one.page)
def test_the_commands_of_a_page_work_in_a_node_of_a_cluster(
    session: Session, pair: Lab, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.xml"
    empty.write_text(_EMPTY)
    calm(pair).load(empty)
    node = pair.node("n1")
    node.run(["mkdir", "-p", "/srv/work"])
    path = f"PATH=/{_TOOLKIT}/bin:$PATH; cd /srv/work\n"
    words = node.command_line(["bash", "-c", path + session.script()])
    complaints = session.complaints(run_session(words))
    pair.load(empty)
    assert not complaints, "\n\n".join(complaints)


@pytest.mark.parametrize("session", list_sessions("host"), ids=lambda one: one.page)
def test_the_commands_of_a_page_work_with_labs_on_this_machine(
    session: Session, on_hosts: Hosts
) -> None:
    complaints = session.complaints(on_hosts.read(session))
    assert not complaints, "\n\n".join(complaints)

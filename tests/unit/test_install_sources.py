"""What is an agent's file, and which interpreter may run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer import sources, trial
from ocf_py.toolkit.installer.installation import install
from ocf_py.toolkit.installer.interpreter import find_interpreter
from ocf_py.toolkit.installer.place import Place
from ocf_py.toolkit.installer.sources import find_sources, read_agent_type
from tests.unit.installing import list_tree, make_sources

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    return tmp_path / "lamp.py"


@pytest.mark.parametrize(
    "text",
    [
        "import ocf_py as ocf\nclass Lamp(ocf.Agent): pass\n",
        "from ocf_py import Agent\nclass Helper: pass\nclass Lamp(Agent): pass\n",
        "from ocf_py import agent\nclass Lamp(agent.Agent, Helper): pass\n",
    ],
)
def test_the_type_is_the_name_of_the_class_that_derives_from_agent(agent: Path, text: str) -> None:
    agent.write_text(text)
    assert read_agent_type(agent) == "Lamp"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("class Lamp: pass\n", "found none"),
        ("class A(Agent): pass\nclass B(Agent): pass\n", r"found 2 \(A, B\)"),
        ("class Lamp(\n", "not Python"),
        ("\0", "not Python"),
        ("-" * 100_000 + "1", "not Python"),
    ],
)
def test_a_file_without_one_agent_is_named(agent: Path, text: str, complaint: str) -> None:
    agent.write_text(text)
    with pytest.raises(ToolkitError, match=f"{agent}: .*{complaint}"):
        read_agent_type(agent)


def test_the_agents_of_this_checkout_are_found() -> None:
    shipped = {agent.type for agent in find_sources(with_examples=False).agents}
    everything = {agent.type for agent in find_sources(with_examples=True).agents}
    assert "IPaddr" in shipped
    assert not shipped & {"Dummy", "Stateful"}
    assert everything == shipped | {"Dummy", "Stateful"}


def test_two_agents_of_one_type_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("lamp", "lamp2"):
        (tmp_path / f"{name}.py").write_text("class Lamp(Agent): pass\n")
    monkeypatch.setattr(sources, "_agents_folder", lambda *_: tmp_path)
    with pytest.raises(ToolkitError, match=r"lamp2\.py: type Lamp is already that of .*lamp\.py"):
        find_sources(with_examples=False)


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        (None, "no executable file"),
        ("#!/bin/sh\nexit 1\n", "not a Python"),
        ("#!/bin/sh\necho hello\n", "not a Python"),
        ('#!/bin/sh\necho \'[[3, 8], "cpython-38", "00"]\'\n', "Python 3.8, older than 3.9"),
    ],
)
def test_an_interpreter_that_cannot_run_agents_is_one_line(
    tmp_path: Path, script: str | None, complaint: str
) -> None:
    path = tmp_path / "python"
    if script:
        path.write_text(script)
        path.chmod(0o755)
    with pytest.raises(ToolkitError, match=f"--python {path}: .*{complaint}.*choose another"):
        find_interpreter(str(path))


def test_an_interpreter_has_an_absolute_path() -> None:
    with pytest.raises(ToolkitError, match="not an absolute path"):
        find_interpreter("python3")


def test_a_source_of_a_newer_python_is_named(agents_python: str) -> None:
    python = find_interpreter(agents_python)
    with pytest.raises(ToolkitError, match=r"/usr/lib/x/ocf_py/new\.py"):
        python.compile({"ocf_py/new.py": b"yield = 1\n"}, "/usr/lib/x")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("ip = missing", "NameError: name 'missing' is not defined"),
        ("@ocf.action(timeout=20)\n    def begin(self): pass", "begin"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("import posix; posix._exit(0)", "no answer to meta-data, status 0"),
        ("import posix; posix.kill(posix.getpid(), 9)", "no answer to meta-data, status -9"),
    ],
)
def test_an_agent_that_does_not_load_is_refused_and_nothing_changes(
    agent: Path, tmp_path: Path, agents_python: str, text: str, reason: str
) -> None:
    whole = find_sources(with_examples=True)
    body = f"import ocf_py as ocf\nclass Lamp(ocf.Agent):\n    'Shines'\n    {text}\n"
    files = {**whole.files, "ocfpy_agents/lamp.py": body.encode()}
    broken = sources.Sources(files, (*whole.agents, sources.AgentSource(agent, "Lamp")))
    python = find_interpreter(agents_python)
    root = tmp_path / "root"
    with pytest.raises(ToolkitError, match=f"^{agent}: Lamp cannot be .*{reason}.*; nothing was"):
        install(Place(root), broken, python)
    assert not root.exists()
    install(Place(root), whole, python)
    before = list_tree(root)
    with pytest.raises(ToolkitError, match=f"^{agent}: Lamp cannot be .*{reason}.*; nothing was"):
        install(Place(root), broken, python)
    assert list_tree(root) == before


def test_an_agent_that_loads_but_cannot_describe_itself_is_refused(
    tmp_path: Path, agents_python: str
) -> None:
    mute = make_sources()
    mute.files["ocf_py/runner.py"] = (
        b"import sys\ndef main(module, name):\n    sys.exit('ocf-exit-reason:no ' + sys.argv[1])\n"
    )
    with pytest.raises(ToolkitError, match=r"lamp\.py: Lamp cannot be .*: no meta-data; nothing"):
        install(Place(tmp_path / "root"), mute, find_interpreter(agents_python))
    assert not (tmp_path / "root").exists()


def test_an_agent_that_never_answers_is_refused(
    tmp_path: Path, agents_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trial, "_PATIENCE", 0.5)
    endless = make_sources()
    endless.files["ocfpy_agents/lamp.py"] = b"import time\ntime.sleep(3600)\n"
    with pytest.raises(ToolkitError, match=r"no answer to meta-data within 0\.5 s; nothing"):
        install(Place(tmp_path / "root"), endless, find_interpreter(agents_python))
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize("prefix", ["usr", "/usr/../etc", ""])
def test_a_prefix_that_is_not_absolute_is_refused(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(ToolkitError, match="not an absolute path"):
        Place(tmp_path, prefix)

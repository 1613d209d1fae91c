"""`ocf-py lab` on its command line: which lab is meant, and what it says instead of an errno."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest
from click.testing import CliRunner

from ocf_py.lab import Lab, LabError
from ocf_py.lab.errors import UnsuitableLabError
from ocf_py.lab.settings import Settings
from ocf_py.toolkit import lab as command_line
from ocf_py.toolkit import lab_group

if TYPE_CHECKING:
    from click.testing import Result


class SoughtError(Exception):
    """The command line looked for a lab: (name, state)."""


@pytest.fixture(autouse=True)
def _no_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    def seek(name: str, state: Path | None) -> NoReturn:
        raise SoughtError(name, state)

    monkeypatch.setattr(lab_group, "check_root", lambda: None)
    monkeypatch.setattr(Lab, "find", seek)


def call(*words: str) -> Result:
    return CliRunner().invoke(command_line.lab, list(words))


@pytest.mark.parametrize(
    ("words", "name", "state"),
    [
        ("status", "default", None),
        ("--name a status", "a", None),
        ("status --name a", "a", None),
        ("--name a status --name b", "b", None),
        ("--state /nowhere status", "default", Path("/nowhere")),
        ("--name a heal --state /nowhere", "a", Path("/nowhere")),
        ("exec --name a n1 -- true", "a", None),
        ("exec n1 true --name b", "default", None),
        ("kill n1 --name a", "a", None),
    ],
)
def test_the_lab_is_named_before_the_verb_or_after_it(
    words: str, name: str, state: Path | None
) -> None:
    raised = call(*words.split()).exception
    assert isinstance(raised, SoughtError)
    assert raised.args == (name, state)


@pytest.mark.parametrize("words", ["n1 -- ls --name x", "n1 ls --name x"])
def test_what_follows_the_node_is_the_command_s(
    monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    class Found:
        def node(self, _name: str) -> Found:
            return self

        def enter(self, command: list[str]) -> int:
            ran.append(command)
            return 3

    ran: list[list[str]] = []
    monkeypatch.setattr(Lab, "find", lambda *_: Found())
    assert call("exec", *words.split()).exit_code == 3
    assert ran == [["ls", "--name", "x"]]


@pytest.mark.parametrize("verb", ["up", "status", "down", "demo"])
def test_a_state_directory_below_a_file_is_refused(tmp_path: Path, verb: str) -> None:
    file = tmp_path / "file"
    file.touch()
    raised = call("--state", str(file / "x"), verb).exception
    assert isinstance(raised, UnsuitableLabError)
    assert str(raised) == f"--state {file}/x: {file} is no directory; name another place"


def test_a_refusal_of_the_system_names_the_file_and_the_remedy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise PermissionError(1, "Operation not permitted", "/nowhere/lock")

    monkeypatch.setattr(Lab, "find", refuse)
    raised = call("status").exception
    assert isinstance(raised, LabError)
    assert str(raised).startswith("cannot use /nowhere/lock: Operation not permitted; ")


def test_the_status_of_nodes_that_are_all_off_or_booting_is_no_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Found:
        settings = Settings.build("default", tmp_path)

        def describe(self) -> dict[str, object]:
            node: dict[str, object] = {
                "pid": None,
                "frozen": False,
                "cuts": {},
                "daemons": {"corosync": {}},
            }
            nodes = {"n1": {**node, "power": "on"}, "n2": {**node, "power": "off"}}
            nodes["n2"]["daemons"] = {"boot": {"state": "failed", "reason": "no room"}}
            return {"power_switch": "works", "nodes": nodes}

    monkeypatch.setattr(Lab, "find", lambda *_: Found())
    answer = call("status")
    assert answer.exit_code == 0
    assert answer.output.splitlines()[1:] == [
        "n1  booting",
        f"n2  off  (boot failed: no room; see {tmp_path}/log/n2/boot.log)",
    ]


def test_the_status_as_json_is_everything_the_lab_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    described: dict[str, object] = {
        "power_switch": "on",
        "nodes": {"n1": {"power": "off", "pid": None}},
    }

    class Found:
        def describe(self) -> dict[str, object]:
            return described

    monkeypatch.setattr(Lab, "find", lambda *_: Found())
    done = call("status", "--json")
    assert (done.exit_code, json.loads(done.output)) == (0, described)

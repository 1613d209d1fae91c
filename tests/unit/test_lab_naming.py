"""A remedy names the command for the lab that was meant, and for no other one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab, LabError
from ocf_py.lab.lock import lock_lab
from ocf_py.lab.namespace_node import NamespaceNode
from ocf_py.lab.naming import command_for, title
from ocf_py.lab.requests import send_request
from ocf_py.lab.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

NOWHERE = Path("/nowhere/my lab")


@pytest.mark.parametrize(
    ("settings", "command", "called"),
    [
        (Settings.build("default"), "ocf-py lab start n1", "lab default"),
        (Settings.build("admina"), "ocf-py lab --name admina start n1", "lab admina"),
        (
            Settings.build("default", NOWHERE),
            "ocf-py lab --state '/nowhere/my lab' start n1",
            "the lab in /nowhere/my lab",
        ),
    ],
)
def test_a_lab_is_called_as_the_administrator_calls_it(
    settings: Settings, command: str, called: str
) -> None:
    assert command_for(settings, "start", "n1") == command
    assert title(settings) == called


@pytest.mark.parametrize(
    "ask",
    [
        lambda: Lab.find("default", NOWHERE),
        lambda: send_request(Settings.build("default", NOWHERE), "list"),
    ],
)
def test_a_lab_that_is_not_up_names_the_command_that_brings_it_up(
    ask: Callable[[], object],
) -> None:
    line = "^the lab in /nowhere/my lab is not up; `ocf-py lab --state '/nowhere/my lab' up` "
    with pytest.raises(LabError, match=line):
        ask()


def test_a_lab_that_is_up_already_names_the_command_that_ends_it(tmp_path: Path) -> None:
    settings = Settings.build("default", tmp_path)
    line = f"^the lab in {tmp_path} is up already; `ocf-py lab --state {tmp_path} down` ends it"
    with lock_lab(settings), pytest.raises(LabError, match=line), lock_lab(settings):
        pass


def test_a_node_that_is_off_names_the_command_that_starts_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = {"daemon": 1, "nodes": {"n2": {"pid": None}}}
    for module in ("node", "namespace_node"):
        monkeypatch.setattr(f"ocf_py.lab.{module}.send_request", lambda *_: answer)
    node = NamespaceNode(Settings.build("admina"), "n2")
    line = "^n2 is off; `ocf-py lab --name admina start n2`"
    with pytest.raises(LabError, match=line):
        _ = node.pid
    with pytest.raises(LabError, match=line):
        node.entry()


def test_a_bad_name_gives_the_rule_for_names_to_who_only_looks() -> None:
    with pytest.raises(LabError, match="^lab name 'a b': use up to 40 letters"):
        Lab.find("a b")

"""Of the system's log, `ocf-py run` shows what this call of this instance has added."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ocf_py.toolkit.log_lines import LogLines, listen

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _no_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)


def test_lines_of_this_instance_since_are_shown_and_no_others(tmp_path: Path) -> None:
    log, own = tmp_path / "syslog", tmp_path / "own"
    log.write_text("Nov 1 IPaddr(vip)[1]: before\n")
    own.touch()
    lines = LogLines("IPaddr", "vip", str(own), [str(tmp_path / "none"), str(log)])
    with log.open("a") as file:
        file.write("Nov 1 IPaddr(vip)[22]: INFO: added\nNov 1 IPaddr(other)[3]: not mine\n")
    assert lines.take() == ["Nov 1 IPaddr(vip)[22]: INFO: added"]


def test_what_a_shell_agent_writes_to_its_file_comes_first(tmp_path: Path) -> None:
    log = tmp_path / "syslog"
    log.touch()
    with listen("Dummy", "a") as lines:
        with open(lines.path, "w", encoding="utf-8") as file:
            file.write("Dummy(a)[1]: INFO: one\n")
        assert lines.take() == ["Dummy(a)[1]: INFO: one"]
    assert not os.path.exists(lines.path)

"""What Pacemaker's alerts tell of a play's course."""

from __future__ import annotations

import json
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.rehearsal.course import trace

if TYPE_CHECKING:
    from pathlib import Path

ALERT = {"node": "n1", "resource": "ip", "interval": 0, "target": 7, "said": "ok", "ms": 20}


def course(folder: Path, **told: object) -> list[tuple[str, str]]:
    """Kind and text of what a lab of one node tells, whose alert agent has written one line."""
    (folder / "pacemaker").mkdir()
    line = {**ALERT, "epoch": int(time.time()), "usec": 0, **told}
    (folder / "pacemaker/ocfpy-rehearsal.jsonl").write_text(json.dumps(line) + "\n")
    node = SimpleNamespace(name="n1", logs=folder)
    lab: Any = SimpleNamespace(nodes=[node], events=lambda _since: [])
    return [(one.kind, one.text) for one in trace(lab, time.monotonic() - 60)]


def test_a_monitor_that_finds_something_wrong_is_a_detection(tmp_path: Path) -> None:
    told = {"task": "monitor", "interval": 2000, "code": 7, "target": 0, "said": "not running"}
    assert course(tmp_path, **told) == [("detection", "monitor of ip on n1: not running")]


@pytest.mark.parametrize("code", [0, 7, 8, 190, 191])
def test_a_probe_that_is_answered_is_no_detection(tmp_path: Path, code: int) -> None:
    """A cleanup has everything probed; what runs is found to run."""
    assert course(tmp_path, task="monitor", code=code) == []


def test_a_probe_that_fails_is_one(tmp_path: Path) -> None:
    found = course(tmp_path, task="monitor", code=1, said="error")
    assert found == [("detection", "monitor of ip on n1: error")]


def test_a_start_is_an_operation(tmp_path: Path) -> None:
    assert course(tmp_path, task="start", code=0, target=0) == [("operation", "start of ip on n1")]

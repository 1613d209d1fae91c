"""A terminal that is closed ends a run in order, and whoever goes on speaking does no harm."""

from __future__ import annotations

import os
import pty
import sys
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

_RUN = """
import sys, time
from pathlib import Path
from ocf_py.rehearsal.ending import ended_in_order

with ended_in_order():
    try:
        Path(sys.argv[2]).touch()
        time.sleep(float(sys.argv[1]))
    finally:
        time.sleep(0.2)
        print("its labs go down", flush=True)
        print("to whom it may concern", file=sys.stderr, flush=True)
        Path(sys.argv[3]).touch()
"""


@pytest.mark.parametrize(
    ("before", "seconds", "code"),
    [([], "60", 129), (["nohup"], "1", 0)],
    ids=["ends it", "is nothing to nohup"],
)
def test_a_closed_terminal(tmp_path: Path, before: list[str], seconds: str, code: int) -> None:
    is_up, is_down = tmp_path / "is-up", tmp_path / "is-down"
    words = [*before, sys.executable, "-c", _RUN, seconds, str(is_up), str(is_down)]
    child, terminal = pty.fork()
    if not child:
        os.chdir(tmp_path)
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
        os.execvp(words[0], words)
    deadline = time.monotonic() + 60
    while not is_up.exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == code
    assert is_down.exists()

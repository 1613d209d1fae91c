"""A terminal that is closed ends a run in order, and whoever goes on speaking does no harm."""

from __future__ import annotations

import os
import pty
import sys
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
        print("it plays", flush=True)
        time.sleep(60)
    finally:
        time.sleep(0.2)
        print("its labs go down", flush=True)
        print("to whom it may concern", file=sys.stderr, flush=True)
        Path(sys.argv[1]).touch()
"""


@pytest.mark.parametrize(("before", "code"), [("", 129), ("nohup", None)])
def test_a_closed_terminal(tmp_path: Path, before: str, code: int | None) -> None:
    is_down = tmp_path / "is-down"
    words = [*before.split(), sys.executable, "-c", _RUN, str(is_down)]
    if before:
        words[-2] = _RUN.replace("sleep(60)", "sleep(1)")
    child, terminal = pty.fork()
    if not child:
        os.chdir(tmp_path)
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
        os.execvp(words[0], words)
    if not before:
        assert os.read(terminal, 100) == b"it plays\r\n"
    else:
        assert b"nohup.out" in os.read(terminal, 200)
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == (code or 0)
    assert is_down.exists()

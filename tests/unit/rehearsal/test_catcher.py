"""An agent that is to be killed in the midst of an action dies there, not as it starts."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from ocf_py.rehearsal.inside.catcher import kill_at_work

if TYPE_CHECKING:
    from pathlib import Path

# Takes its time to start, as an interpreter does, then waits for its alarm, then works.
_AGENT = """
import signal, sys, time
print("starts", flush=True)
time.sleep(float(sys.argv[1]))
print("works", flush=True)
signal.signal(signal.SIGALRM, lambda *_: None)
time.sleep(60)
"""


def killed(path: Path, seconds: str) -> tuple[int, str]:
    """How the agent at this path ended, and all it said."""
    path.parent.mkdir(parents=True)
    path.write_text(_AGENT)
    with subprocess.Popen(
        [sys.executable, "-ISB", path, seconds], stdout=subprocess.PIPE, text=True
    ) as agent:
        assert agent.stdout is not None
        first = agent.stdout.readline()
        try:
            kill_at_work(agent.pid)
        finally:
            agent.kill()
        return agent.wait(10), first + agent.stdout.read()


def test_one_of_ours_dies_at_work(tmp_path: Path) -> None:
    path = tmp_path / "ocf/resource.d/ocfpy/Agent"
    assert killed(path, "0.1") == (-9, "starts\nworks\n")


def test_of_another_nobody_knows_when_it_is_at_work(tmp_path: Path) -> None:
    path = tmp_path / "ocf/resource.d/heartbeat/Agent"
    assert killed(path, "60") == (-9, "starts\n")


def test_one_that_is_over_before_is_said_to_be() -> None:
    with subprocess.Popen(["true"], stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        agent.stdout.read()  # it has ended, or is about to, and nobody has reaped it
        while psutil.Process(agent.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        with pytest.raises(ProcessLookupError):
            kill_at_work(agent.pid)

"""What `ocf-py new` writes passes its own tests at once."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("kind", "chosen"),
    [
        ([], ""),
        # The rules that look at roles; the example it is made from is held to the others.
        (["--promotable"], "not contract or life or promot or score or notify"),
    ],
    ids=["plain", "promotable"],
)
def test_the_tests_of_a_new_agent_pass_at_once(
    tmp_path: Path, kind: list[str], chosen: str
) -> None:
    folder = tmp_path / "new"
    assert run_cli("new", "WebCache", "--directory", folder, *kind).returncode == 0
    done = run_tests(folder, chosen)
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_they_fail_once_its_stop_stops_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert run_cli("new", "WebCache", "--directory", folder).returncode == 0
    agent = folder / "webcache.py"
    text = agent.read_text()
    assert text.count("os.unlink(self.state)") == 1
    agent.write_text(text.replace("os.unlink(self.state)", "pass"))
    done = run_tests(folder, "start_and_stop or rule[life]")
    assert done.returncode == 1
    assert "FAILED test_webcache.py::test_it_runs_between_start_and_stop" in done.stdout
    assert "FAILED test_webcache_contract.py::test_it_keeps_the_rule[life]" in done.stdout


def run_tests(folder: Path, chosen: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", chosen],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )

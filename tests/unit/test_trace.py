"""A trace shows this library's own lines, from wherever it was loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_SOURCE = Path(__file__).parents[2] / "src"
_SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from ocf_py.environment import Environment
from ocf_py.log import Log
from ocf_py.trace import trace_call
trace_call("Lamp", Environment({"OCF_TRACE_FILE": sys.argv[2]}), "start", Log(facility="none"))
Environment({}).check_level
"""


def test_a_library_that_is_reached_by_a_winding_path_is_traced(tmp_path: Path) -> None:
    winding = f"{_SOURCE}/../{_SOURCE.name}"
    trace = tmp_path / "trace"
    subprocess.run([sys.executable, "-ISBc", _SCRIPT, winding, trace], check=True)
    assert "ocf_py/environment.py" in trace.read_text()
    assert oct(os.stat(trace).st_mode)[-3:] == "600"


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "trace")
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    for path in (tmp_path / "trace", tmp_path / "link", "relative"):
        subprocess.run([sys.executable, "-ISBc", _SCRIPT, _SOURCE, path], check=True, cwd=tmp_path)
    assert (tmp_path / "victim").read_text() == "precious"
    assert not (tmp_path / "relative").exists()


def test_stderr_is_where_crm_resource_wants_it() -> None:
    answer = subprocess.run(
        [sys.executable, "-ISBc", _SCRIPT, _SOURCE, "/dev/stderr"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert "ocf_py/environment.py" in answer.stderr

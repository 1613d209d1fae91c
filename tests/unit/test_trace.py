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

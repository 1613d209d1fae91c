"""The start of the command line, beside what the import of Click alone costs."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from tests.bench.processes import run_measured
from tests.bench.rows import Row, heading, show

# What the project sets out to reach: Click's own import is most of a start, and not ours to change.
TARGET_HELP = 2.5
_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}


def compare_start(rounds: int) -> bool:
    """Measures `ocf-py --help` beside the import of Click; whether the target is met."""
    program = str(Path(sysconfig.get_path("scripts")) / "ocf-py")
    ours, theirs = [], []
    for _ in range(rounds):
        theirs.append(run_measured((sys.executable, "-I", "-c", "import click"), _ENVIRONMENT).cpu)
        ours.append(run_measured((program, "--help"), _ENVIRONMENT).cpu)
    print(heading(f"ocf-py, {rounds} rounds", width=12, peer="import click"))
    return show([Row("--help CPU", ours, theirs, TARGET_HELP)])

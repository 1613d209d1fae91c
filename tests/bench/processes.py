"""One process from its start to its end: what it cost, and how much memory it had at its peak."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Runs what a launcher starts in this interpreter, and tells the peak just before the last step.
# Not ru_maxrss: it inherits the peak of the process that spawned.
_WITNESS = """
import posix, sys
def tell(code, leave=posix._exit):
    with open("/proc/self/status") as status:
        peak = next(line for line in status if line.startswith("VmHWM:"))
    posix.write(2, ("\\n" + peak).encode())
    leave(code)
posix._exit = tell
path = sys.argv[1]
sys.argv = sys.argv[1:]
with open(path) as file:
    code = compile(file.read(), path, "exec")
exec(code, {"__name__": "__main__", "__file__": path})
tell(0)
"""


@dataclass(frozen=True)
class Cost:
    """Of one process and the children it waited for, in milliseconds."""

    cpu: float
    wall: float


def run_measured(arguments: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Runs a command that must end 0, its output thrown away."""
    null = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    null.append((os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0))
    began = time.monotonic()
    child = os.posix_spawn(arguments[0], list(arguments), environment, file_actions=null)
    _, status, usage = os.wait4(child, 0)
    wall = time.monotonic() - began
    if status:
        again = subprocess.run(
            arguments, env=environment, capture_output=True, text=True, check=False
        )
        sys.exit(
            f"bench: {' '.join(arguments)}: exit status {os.waitstatus_to_exitcode(status)}; "
            f"once more it ended {again.returncode} and said: {again.stderr.strip()}"
        )
    return Cost((usage.ru_utime + usage.ru_stime) * 1000, wall * 1000)


def read_peak(python: str, launcher: str, action: str, environment: Mapping[str, str]) -> float:
    """Peak resident memory of one action, in MiB (VmHWM, proc_pid_status(5))."""
    path = Path(launcher)
    # The generation it names: an install keeps the one before beside it.
    generation = path.read_text().partition("lib/ocfpy/")[2].split()[0]
    launch = path.parent / f"../../lib/ocfpy/{generation}/ocf_py/launch.py"
    module = f"ocfpy_agents.{path.name.lower()}"
    done = subprocess.run(
        [python, "-ISB", "-c", _WITNESS, launch, module, path.name, action],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    peaks = [line for line in done.stderr.splitlines() if line.startswith("VmHWM:")]
    if done.returncode or not peaks:
        sys.exit(f"bench: {launcher} {action}: ended {done.returncode}: {done.stderr.strip()}")
    return max(int(line.split()[1]) for line in peaks) / 1024  # of it and those it forked

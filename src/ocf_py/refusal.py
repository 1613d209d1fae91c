"""The answer where the library cannot be used as it lies there: the launcher's own, in Python.

A launcher answers so by itself where it finds no library or no Python.
"""

from __future__ import annotations

import os
import sys

from .environment import Environment
from .outcomes import STOPPED, Failure, NotInstalled
from .system import RUN_DIRECTORY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def refuse(agent: str, arguments: Sequence[str], reason: str) -> int:
    """Tells Pacemaker `reason` and returns the exit code of the action in `arguments`.

    A start may look for another node (5). A probe where nothing was started finds nothing (7): a
    failure there would have Pacemaker stop the healthy one elsewhere. Of all else nobody knows.
    """
    sys.stderr.write(f"ocf-exit-reason:{' '.join(reason.split())}\n")
    action = arguments[0] if arguments else ""
    if action in ("start", "validate-all"):
        return NotInstalled.code
    is_recurring = Environment.of_process().interval_ms > 0
    if action == "monitor" and not is_recurring and not _was_started(agent):
        return STOPPED.code
    return Failure.code


def _was_started(agent: str) -> bool:
    """Whether any instance of the agent was, as far as its records tell."""
    try:
        return any(name.startswith(f"{agent}.") for name in os.listdir(RUN_DIRECTORY))
    except FileNotFoundError:
        return False
    except OSError:
        return True

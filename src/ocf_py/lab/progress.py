"""Tells the user, a line a step, how far the lab is."""

from __future__ import annotations

import sys
import time
from typing import Protocol


class Progress(Protocol):
    """Whoever wants to know."""

    def step(self, text: str) -> None:
        """Say that something has been done."""


class Silence:
    """Nobody wants to know."""

    def step(self, text: str) -> None:
        """Say nothing."""


class Lines:
    """One line a step with the seconds since the beginning; dimmed on a terminal."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._dim = sys.stderr.isatty()

    def step(self, text: str) -> None:
        """Write the line to stderr, which leaves stdout to results."""
        clock = f"[{time.monotonic() - self._begun:5.1f} s]"
        if self._dim:
            clock = f"\033[2m{clock}\033[0m"
        sys.stderr.write(f"{clock} {text}\n")
        sys.stderr.flush()

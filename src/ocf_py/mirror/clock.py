"""The clock that a mirror goes by."""

from __future__ import annotations

import time


def now() -> float:
    """Seconds of CLOCK_BOOTTIME: the clock that no admin sets, and that counts on in sleep."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)

"""When a survivor's Corosync knew that a member had left: read from its log."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# logging { timestamp: hires }: month, day, time of day with milliseconds, local time, no year
_LEFT = re.compile(r"^(\w{3} +\d+ [\d:]{8})\.(\d{3}) .*Members left: ([\d ]+)")


def find_loss(log: Path, number: int, since: float) -> float | None:
    """When member `number` left, at or after `since`; both CLOCK_MONOTONIC in seconds."""
    to_monotonic = time.monotonic() - time.time()
    year = time.localtime().tm_year
    for line in log.read_text(errors="replace").splitlines():
        found = _LEFT.match(line)
        if found and str(number) in found[3].split():
            moment = time.strptime(f"{year} {found[1]}", "%Y %b %d %H:%M:%S")
            at = time.mktime(moment) + int(found[2]) / 1000 + to_monotonic
            if at >= since - 0.001:  # the log's own resolution
                return at
    return None

"""How Heartbeat writes a time: seconds, unless a unit follows."""

from __future__ import annotations

import re

_MILLISECONDS = {
    "": 1000.0,
    "s": 1000.0,
    "sec": 1000.0,
    "ms": 1.0,
    "msec": 1.0,
    "us": 0.001,
    "usec": 0.001,
    "m": 60_000.0,
    "min": 60_000.0,
    "h": 3_600_000.0,
    "hr": 3_600_000.0,
}
_WRITTEN = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([a-z]*)")


def read_milliseconds(text: str) -> int:
    """A time in milliseconds; ValueError if it is none."""
    found = _WRITTEN.fullmatch(text.lower())
    if found is None or found[2] not in _MILLISECONDS:
        raise ValueError(f"{text!r} is no time such as 10, 500ms or 2min")
    return round(float(found[1]) * _MILLISECONDS[found[2]])

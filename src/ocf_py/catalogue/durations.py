"""Times as Pacemaker reads them: a number and a unit, or an ISO 8601 duration."""

from __future__ import annotations

import re

# The units of Pacemaker 2.1, in milliseconds.
_UNITS = {
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
_NUMBER = re.compile(r"(\d{1,15})(?:\.\d+)?\s*([a-z]*)", re.ASCII | re.IGNORECASE)
_ISO = re.compile(
    r"P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII
)
_ISO_UNITS = (604_800_000, 86_400_000, 3_600_000, 60_000, 1000)


def read_duration(text: str) -> int | None:
    """Milliseconds; None for what is no time. A bare number counts in seconds."""
    text = text.strip()
    found = _NUMBER.fullmatch(text)
    if found:
        unit = _UNITS.get(found[2].lower())
        return None if unit is None else int(int(found[1]) * unit)
    found = _ISO.fullmatch(text)
    if found:
        return sum(int(n or 0) * unit for n, unit in zip(found.groups(), _ISO_UNITS))
    return None

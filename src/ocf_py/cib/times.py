"""Times as Pacemaker reads them: `20`, `20s`, `500ms`, `2min`, `PT1M`."""

from __future__ import annotations

import re

_MS = {
    **dict.fromkeys(("us", "usec"), 0.001),
    **dict.fromkeys(("ms", "msec"), 1),
    **dict.fromkeys(("", "s", "sec"), 1000),
    **dict.fromkeys(("m", "min"), 60_000),
    **dict.fromkeys(("h", "hr"), 3_600_000),
}
_NUMBER = re.compile(r"\s*(\d{1,15})\s*([a-z]*)\s*", re.IGNORECASE)
# ISO 8601 durations; years and months have no fixed length, and nobody monitors by them.
_ISO = re.compile(r"P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?")
_ISO_MS = (86_400_000, 3_600_000, 60_000, 1000)


def parse_ms(text: str) -> int | None:
    """Milliseconds; None for what Pacemaker could not read."""
    number = _NUMBER.fullmatch(text)
    if number:
        factor = _MS.get(number[2].lower())
        return None if factor is None else int(int(number[1]) * factor)
    iso = _ISO.fullmatch(text.strip())
    if iso and any(iso.groups()):
        return sum(int(part or 0) * ms for part, ms in zip(iso.groups(), _ISO_MS))
    return None


def in_words(milliseconds: int) -> str:
    """`20s`, or `500ms` where it is no whole number of seconds."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{milliseconds}ms" if rest else f"{seconds}s"

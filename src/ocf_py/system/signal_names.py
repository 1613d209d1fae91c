"""Signals by the names that kill(1) takes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
else:
    import _signal


def parse_signals(text: str) -> list[int]:
    """Read names or numbers, separated by blanks or commas; ValueError says what is wrong."""
    numbers = []
    for word in text.replace(",", " ").split():
        name = word.upper().removeprefix("SIG")
        number = getattr(_signal, f"SIG{name}", None)
        if word.isascii() and word.isdigit() and len(word) < 3:  # noqa: PLR2004 - 64 at most
            number = int(word)
        if number is None or not 0 < number < _signal.NSIG or name.startswith("_"):
            raise ValueError(f"has {word!r}, which is no signal")
        numbers.append(int(number))
    if not numbers:
        raise ValueError("names no signal")
    return numbers

"""Text of man(7): what every manual page of ours is made of."""

from __future__ import annotations

import os
import textwrap
import time
from typing import TYPE_CHECKING

from ocf_py.toolkit.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ESCAPES = str.maketrans({"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga"})
_COLUMNS = 72  # escapes make a line longer


def heading(title: str, section: int, version: str, volume: str) -> str:
    """The line that a page begins with."""
    source = _quote(f"ocf-py {version}")
    return f'.TH {_quote(title.upper())} {section} "{_date()}" {source} "{volume}"'


def name_line(title: str, short: str) -> str:
    """What apropos(1) reads: the page's name, and what it is about."""
    short = short.rstrip(".")
    return f"{escape(title)} \\- {escape(short[:1].lower() + short[1:])}"


def paragraphs(texts: Iterable[str], between: str = ".PP") -> Iterator[str]:
    """Paragraphs, parted by a macro."""
    for number, text in enumerate(texts):
        if number:
            yield between
        yield from _wrapped(text)


def definitions(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Terms, each with its text."""
    for term, text in rows:
        yield ".TP"
        yield bold(term)
        yield from _wrapped(text)


def bold(text: str) -> str:
    """A line in bold."""
    return f".B {escape(text)}"


def escape(text: str) -> str:
    """Text that roff prints as it is."""
    plain = text.translate(_ESCAPES)
    return f"\\&{plain}" if plain.startswith(".") else plain


def _wrapped(text: str) -> list[str]:
    """Lines of at most 80 columns, as man(7) asks of a source."""
    return [escape(line) for line in textwrap.wrap(text, _COLUMNS, break_on_hyphens=False)]


def _quote(text: str) -> str:
    return f'"{escape(text)}"'


def _date() -> str:
    """Of the build: https://reproducible-builds.org/specs/source-date-epoch/."""
    given = os.environ.get("SOURCE_DATE_EPOCH", "")
    try:
        return time.strftime("%Y-%m-%d", time.gmtime(int(given) if given else time.time()))
    except (ValueError, OverflowError, OSError):
        raise UnusableInput(
            f"SOURCE_DATE_EPOCH={given}: is no time", hint="give seconds since 1970, or unset it"
        ) from None

"""Words for a shell that show every letter, also those that a terminal would not."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_RUN = re.compile(r"([A-Za-z0-9])\1{99,}")  # what nobody would count


def join(words: Iterable[str]) -> str:
    """A command line for bash; lone surrogates stand for bytes that are no UTF-8."""
    return " ".join(map(quote, words))


def quote(word: str) -> str:
    """One word: plain, or with $'...' for odd letters; a long run of one letter is counted out."""
    run = _RUN.search(word)
    if run is None:
        return _quote_plainly(word)
    head, tail = word[: run.start()], word[run.end() :]
    counted = f"\"$(printf '%{len(run[0])}s' | sed 's/ /{run[1]}/g')\""
    return f"{head and _quote_plainly(head)}{counted}{tail and quote(tail)}"


def _quote_plainly(word: str) -> str:
    if word.isascii() and word.isprintable():
        return shlex.quote(word)
    letters = []
    for byte in word.encode("utf-8", "surrogateescape"):
        letter = chr(byte)
        if letter in "'\\":
            letters.append(f"\\{letter}")
        elif letter.isascii() and letter.isprintable():
            letters.append(letter)
        else:
            letters.append(f"\\{byte:03o}")
    return f"$'{''.join(letters)}'"

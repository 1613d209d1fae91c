"""Words with quotes, as a shell splits them, but with nothing in them to expand.

Source: POSIX.1-2017, Shell Command Language, section 2.2 "Quoting".
"""

from __future__ import annotations

import errno

_BLANKS = " \t\r\n"
_ESCAPED_IN_QUOTES = '"\\$`'


def split_words(text: str) -> list[str]:
    r"""Split at blanks: '…' is literal, "…" takes \, and \ keeps the next character as it is.

    ``$``, ``*`` and the like are characters as any. ValueError, as a phrase that follows the
    text, where a quote is not closed.
    """
    words: list[str] = []
    word: str | None = None
    quote = ""
    letters = iter(text)
    for letter in letters:
        if letter == quote:
            quote = ""
        elif letter == "\\" and quote != "'":
            word = (word or "") + _escaped(next(letters, ""), quote)
        elif not quote and letter in ("'", '"'):
            quote = letter
            word = word or ""
        elif quote or letter not in _BLANKS:
            word = (word or "") + letter
        elif word is not None:
            words.append(word)
            word = None
    if quote:
        raise ValueError(f"has a quote {quote} that is not closed")
    return words if word is None else [*words, word]


def _escaped(letter: str, quote: str) -> str:
    if not letter:
        raise ValueError("ends in a backslash")
    return f"\\{letter}" if quote and letter not in _ESCAPED_IN_QUOTES else letter


def parse_assignments(text: str) -> dict[str, str]:
    """Read ``NAME=value`` words; ValueError, naming no value, for what is none."""
    found = {}
    for number, word in enumerate(split_words(text), 1):
        name, equals, value = word.partition("=")
        if not equals or not is_variable(name):
            raise ValueError(f"has a word, number {number}, that is not NAME=value")
        found[name] = value
    return found


def read_assignments(path: str) -> dict[str, str]:
    """Read a file of ``NAME=value`` lines; empty lines and those that begin with # or ; are none.

    A value may be quoted as a word is; nothing is expanded, and nothing run: systemd.exec(5),
    "EnvironmentFile=". OSError, which may name a line but not what is in it.
    """
    found = {}
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        for number, line in enumerate(file, 1):
            name, equals, value = line.strip().partition("=")
            if not name or name[0] in "#;":
                continue
            name = name.removeprefix("export ").strip()
            if not equals or not is_variable(name):
                raise OSError(errno.EINVAL, f"line {number} is not NAME=value")
            try:
                found[name] = " ".join(split_words(value))
            except ValueError as error:
                raise OSError(errno.EINVAL, f"line {number} {error}") from None
    return found


def is_variable(name: str) -> bool:
    """Whether it can be the name of a variable in an environment (POSIX.1-2017, section 3.235)."""
    return name.isascii() and name.isidentifier()

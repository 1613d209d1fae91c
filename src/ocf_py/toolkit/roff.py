"""A manual page from a Click command: man(7) text, one page a command.

What stands in a help's last paragraph below "Examples:" becomes the section of that name.
"""

from __future__ import annotations

import os
import textwrap
import time
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EXAMPLES = "Examples:"
_ESCAPES = str.maketrans({"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga"})
_COLUMNS = 72  # escapes make a line longer
_STATUS = (
    ("0", "It is done, and there was nothing to find fault with."),
    ("1", "It failed, or found something: one line on standard error says what."),
    ("2", "The command was misused, or its input cannot be used: nothing was done."),
)


def render(command: click.Command, words: Sequence[str], version: str) -> str:
    """The page of the command that `words` call: ("ocf-py", "lab", "up")."""
    title = "-".join(words)
    context = click.Context(command, info_name=" ".join(words))
    with context:
        return "\n".join(_lines(command, context, title, version)) + "\n"


def split_help(command: click.Command) -> tuple[list[str], list[str]]:
    """A command's help as paragraphs and as the lines of its examples."""
    text = textwrap.dedent(command.help or "").strip()
    paragraphs, examples = [], []
    for part in text.split("\n\n"):
        lines = [line for line in part.splitlines() if line.strip("\b ")]
        is_example = [line.strip().startswith("ocf-py ") for line in lines]
        if lines and (lines[0].strip() == _EXAMPLES or all(is_example)):
            examples += [line.strip() for line in lines if line.strip() != _EXAMPLES]
        else:
            paragraphs.append(" ".join(line.strip() for line in lines))
    return paragraphs, examples


def _lines(
    command: click.Command, context: click.Context, title: str, version: str
) -> Iterator[str]:
    paragraphs, examples = split_help(command)
    source = _quote(f"ocf-py {version}")
    yield f'.TH {_quote(title.upper())} 8 "{_date()}" {source} "System Administration"'
    yield ".SH NAME"
    short = command.get_short_help_str(limit=200).rstrip(".")
    yield f"{_escape(title)} \\- {_escape(short[:1].lower() + short[1:])}"
    yield ".SH SYNOPSIS"
    yield f".B {_escape(context.info_name or title)}"
    yield from (_escape(word) for word in command.collect_usage_pieces(context))
    yield ".SH DESCRIPTION"
    for number, paragraph in enumerate(paragraphs):
        if number:
            yield ".PP"
        yield from _text(paragraph)
    options = [
        record
        for one in command.get_params(context)
        if isinstance(one, click.Option) and (record := one.get_help_record(context))
    ]
    if options:
        yield ".SH OPTIONS"
        yield from _definitions(options)
    if isinstance(command, click.MultiCommand):
        yield ".SH COMMANDS"
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            if one is not None:
                page = f"{title}-{name}"
                yield ".TP"
                yield f".BR {_escape(page)} (8)"
                yield from _text(one.get_short_help_str(limit=200))
    yield ".SH EXIT STATUS"
    yield from _definitions(_STATUS)
    if examples:
        yield ".SH EXAMPLES"
        yield ".nf"
        yield from (_escape(line) for line in examples)
        yield ".fi"
    if "-" in title.replace("ocf-py", "", 1):
        yield ".SH SEE ALSO"
        yield f".BR {_escape(title.rpartition('-')[0])} (8)"


def _definitions(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    for term, text in rows:
        yield ".TP"
        yield f".B {_escape(term)}"
        yield from _text(text)


def _date() -> str:
    """Of the build: https://reproducible-builds.org/specs/source-date-epoch/."""
    moment = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    return time.strftime("%Y-%m-%d", time.gmtime(moment))


def _text(text: str) -> list[str]:
    """Lines of at most 80 columns, as man(7) asks of a source."""
    return [_escape(line) for line in textwrap.wrap(text, _COLUMNS, break_on_hyphens=False)]


def _escape(text: str) -> str:
    """Text that roff prints as it is."""
    plain = text.translate(_ESCAPES)
    return f"\\&{plain}" if plain.startswith(".") else plain


def _quote(text: str) -> str:
    return f'"{_escape(text)}"'

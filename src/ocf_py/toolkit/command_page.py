"""The manual page of a Click command, in section 8.

What stands in a help's last paragraph below "Examples:" becomes the section of that name.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.roff import bold, definitions, escape, heading, name_line, paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EXAMPLES = "Examples:"
_STATUS = (
    ("0", "It is done, and there was nothing to find fault with."),
    ("1", "It failed, or found something: one line on standard error says what."),
    ("2", "The command was misused, or its input cannot be used: nothing was done."),
)
_READER = (
    "A reader that leaves, such as head(1), changes nothing: the command goes on in silence, and "
    "ends with the code that it would have had."
)


def render_command(command: click.Command, words: Sequence[str], version: str) -> str:
    """The page of the command that `words` call: ("ocf-py", "lab", "up")."""
    title = "-".join(words)
    context = click.Context(command, info_name=" ".join(words))
    with context:
        return "\n".join(_lines(command, context, title, version)) + "\n"


def split_help(command: click.Command) -> tuple[list[str], list[str]]:
    """A command's help as paragraphs and as the lines of its examples."""
    text = textwrap.dedent(command.help or "").strip()
    parts, examples = [], []
    for part in text.split("\n\n"):
        lines = [line for line in part.splitlines() if line.strip("\b ")]
        is_example = [line.strip().startswith("ocf-py ") for line in lines]
        if lines and (lines[0].strip() == _EXAMPLES or all(is_example)):
            examples += [line.strip() for line in lines if line.strip() != _EXAMPLES]
        else:
            parts.append(" ".join(line.strip() for line in lines))
    return parts, examples


def _lines(
    command: click.Command, context: click.Context, title: str, version: str
) -> Iterator[str]:
    texts, examples = split_help(command)
    yield heading(title, 8, version, "System Administration")
    yield ".SH NAME"
    yield name_line(title, command.get_short_help_str(limit=200))
    yield ".SH SYNOPSIS"
    yield bold(context.info_name or title)
    yield from (escape(word) for word in command.collect_usage_pieces(context))
    yield ".SH DESCRIPTION"
    yield from paragraphs(texts)
    options = [
        record
        for one in command.get_params(context)
        if isinstance(one, click.Option) and (record := one.get_help_record(context))
    ]
    if options:
        yield ".SH OPTIONS"
        yield from definitions(options)
    if isinstance(command, click.Group):
        yield ".SH COMMANDS"
        for name in command.list_commands(context):
            one = command.get_command(context, name)
            if one is not None:
                page = f"{title}-{name}"
                yield ".TP"
                yield f".BR {escape(page)} (8)"
                yield from paragraphs([one.get_short_help_str(limit=200)])
    yield ".SH EXIT STATUS"
    yield from definitions(_STATUS)
    yield ".PP"
    yield from paragraphs([_READER])
    if examples:
        yield ".SH EXAMPLES"
        yield ".nf"
        yield from (escape(line) for line in examples)
        yield ".fi"
    if "-" in title.replace("ocf-py", "", 1):
        yield ".SH SEE ALSO"
        yield f".BR {escape(title.rpartition('-')[0])} (8)"

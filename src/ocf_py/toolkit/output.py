"""What subcommands share in how they answer: JSON or text, colours, findings and their codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ocf_py.validation.finding import Finding

COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}

#: What a script reads: 0 nothing to do, 1 something was found (2, a misuse, is `ToolkitError`'s).
FINE, FOUND = 0, 1

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the whole answer as JSON."
)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_findings(findings: Sequence[Finding]) -> None:
    """Each finding with its place, consequence and remedy; colours on a terminal only."""
    for one in findings:
        place = f"{one.file}:{one.line}" if one.line else one.file
        word = click.style(one.severity.value, fg=COLOURS[one.severity], bold=True)
        subject = f"{one.subject}: " if one.subject else ""
        click.echo(f"{place}: {word}: {subject}{one.message} [{one.check}]")
        click.echo(f"    so: {one.consequence}")
        click.echo(f"    do: {one.remedy}")


def status_of(findings: Sequence[Finding]) -> int:
    """1 if there is an error or a warning, else 0."""
    return FOUND if any(one.severity is not Severity.NOTE for one in findings) else FINE

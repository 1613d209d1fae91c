"""`ocf-py info`."""

from __future__ import annotations

import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from ocf_py.catalogue.reload import how_reloads
from ocf_py.toolkit.agents import AgentWord, describe, find, ocf_root_option
from ocf_py.toolkit.output import json_option, print_json

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.catalogue.description import Action, Description, Parameter
    from ocf_py.catalogue.places import InstalledAgent

_WIDEST = 100  # columns: longer lines are hard to read


@click.command()
@click.argument("agent", type=AgentWord())
@ocf_root_option
@json_option
def info(*, agent: str, ocf_root: Path, as_json: bool) -> None:
    r"""Show what AGENT does, its parameters and its actions.

    AGENT is a path, ocf:PROVIDER:TYPE, PROVIDER:TYPE or TYPE. Works on agents in any language.

    \b
    Examples:
      ocf-py info IPaddr2
      ocf-py info ocf:ocfpy:Filesystem
      ocf-py info pacemaker:Dummy --json | jq '.parameters[] | select(.reloadable) | .name'
    """
    found = find(agent, ocf_root)
    description = describe(found)
    if as_json:
        print_json(_as_json(found, description))
        return
    click.echo(_render(found, description))


def _as_json(agent: InstalledAgent, description: Description) -> dict[str, object]:
    return {
        "agent": agent.name,
        "path": str(agent.path),
        **asdict(description),
        "promotable": description.is_promotable,
        "reload": how_reloads(description),
    }


def _render(agent: InstalledAgent, description: Description) -> str:
    wrap = _Wrapper(min(shutil.get_terminal_size().columns, _WIDEST))
    version = description.version or "none named, read as 1.0"
    lines = [click.style(f"{agent.name}: {_flat(description.shortdesc)}", bold=True)]
    lines.append(wrap.text(str(agent.path), 2))
    own = f", the agent's own {description.agent_version}" if description.agent_version else ""
    lines.append(wrap.text(f"OCF version {version}{own}. {how_reloads(description)}", 2))
    if description.longdesc and _flat(description.longdesc) != _flat(description.shortdesc):
        lines += ["", wrap.paragraphs(description.longdesc, 2)]
    lines += ["", click.style("Parameters", bold=True)]
    # What has to be given first, what is on its way out last; else in the agent's own order.
    ordered = sorted(description.parameters, key=lambda one: (one.is_deprecated, not one.required))
    for parameter in ordered:
        lines += _parameter_lines(parameter, wrap)
    if not ordered:
        lines.append("  none")
    lines += ["", click.style("Actions", bold=True)]
    lines += _action_lines(description)
    return "\n".join(lines)


def _parameter_lines(parameter: Parameter, wrap: _Wrapper) -> list[str]:
    facts = [parameter.content or "no type"]
    if parameter.required:
        facts.append(click.style("required", bold=True))
    if parameter.default:
        facts.append(f"default {parameter.default}")
    if parameter.options:
        facts.append(f"one of {', '.join(parameter.options)}")
    if parameter.reloadable:
        facts.append("reloadable")
    if parameter.unique_group == parameter.name:
        facts.append("unique")
    elif parameter.unique_group:
        facts.append(f"unique with group {parameter.unique_group}")
    if parameter.is_secret:
        facts.append("secret")
    if parameter.is_deprecated:
        instead = f", use {', '.join(parameter.replaced_with)}" if parameter.replaced_with else ""
        facts.append(click.style(f"deprecated{instead}", fg="yellow"))
    head = f"{click.style(parameter.name, fg='cyan')} ({', '.join(facts)})"
    lines = [wrap.text(head, 2, 6)]
    text = parameter.longdesc or parameter.shortdesc
    return [*lines, wrap.paragraphs(text, 6)] if text else lines


def _action_lines(description: Description) -> list[str]:
    rows = [("", "timeout", "interval", "depth", "role", "start-delay")]
    rows += [_row(one) for one in description.actions]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    # Columns that nobody fills are left out, but for the name and the timeout.
    used = [
        column
        for column in range(len(rows[0]))
        if column < 2 or any(row[column] for row in rows[1:])  # noqa: PLR2004 - name, timeout
    ]
    if len(rows) == 1:
        return ["  none"]
    return [
        "  " + "  ".join(f"{row[column]:<{widths[column]}}" for column in used).rstrip()
        for row in rows
    ]


def _row(action: Action) -> tuple[str, str, str, str, str, str]:
    return (
        action.name,
        action.timeout,
        action.interval,
        action.depth,
        action.role,
        action.start_delay,
    )


class _Wrapper:
    """Text wrapped to `width` columns."""

    def __init__(self, width: int) -> None:
        self._width = max(width, 40)

    def text(self, text: str, indent: int, further: int | None = None) -> str:
        """One paragraph; its further lines are indented by `further`."""
        later = indent if further is None else further
        return click.wrap_text(text, self._width, " " * indent, " " * later)

    def paragraphs(self, text: str, indent: int) -> str:
        """Paragraphs as blank lines part them."""
        parts = [_flat(part) for part in text.split("\n\n")]
        return "\n\n".join(self.text(part, indent) for part in parts if part)


def _flat(text: str) -> str:
    return " ".join(text.split())

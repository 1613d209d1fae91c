"""The manual page of an agent, ocf_PROVIDER_TYPE(7), from what its metadata says."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ocf_py.catalogue.reload import how_reloads
from ocf_py.toolkit.agent_examples import example_of
from ocf_py.toolkit.roff import bold, definitions, escape, heading, name_line, paragraphs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.catalogue.description import Action, Description, Parameter
    from ocf_py.toolkit.agent_examples import Example

_SEE_ALSO = (("ocf-py", 8), ("pcs", 8), ("crm", 8), ("crm_resource", 8))


def page_name(provider: str, description: Description) -> str:
    """What man(1) calls the page: ocf_ocfpy_IPaddr."""
    return f"ocf_{provider}_{description.name}"


def render_agent(provider: str, description: Description, version: str) -> str:
    """The page of `ocf:provider:description.name`; `version` is that of ocf-py."""
    return "\n".join(_lines(provider, description, version)) + "\n"


def pcs_command(provider: str, description: Description) -> list[str]:
    """The words that have pcs make the agent's example; pcs adds the operations by itself."""
    example = example_of(description)
    words = ["pcs", "resource", "create", example.resource, f"ocf:{provider}:{description.name}"]
    words += _pairs(example.values)
    if description.is_promotable:
        words += ["promotable", *_pairs(example.clone_meta)]
    return words


def crm_commands(provider: str, description: Description) -> list[list[str]]:
    """The words, of one command or two, that have crmsh make the same resource.

    The operations are named: where crmsh adds none, Pacemaker would give each 20 s.
    """
    example = example_of(description)
    words = ["crm", "configure", "primitive", example.resource]
    words += [f"ocf:{provider}:{description.name}"]
    if example.values:
        words += ["params", *_pairs(example.values)]
    for action in description.actions:
        if action.name not in _NOT_CONFIGURED:
            words += ["op", action.name, *_times(action)]
    commands = [words]
    if description.is_promotable:
        meta = {"promotable": "true", **example.clone_meta}
        clone = f"{example.resource}-clone"
        commands.append(
            ["crm", "configure", "clone", clone, example.resource, "meta", *_pairs(meta)]
        )
    return commands


_NOT_CONFIGURED = ("meta-data", "validate-all", "reload", "reload-agent")


def _times(action: Action) -> list[str]:
    interval = action.interval or ("0s" if action.name == "monitor" else "")
    level = "" if action.depth == "0" else action.depth
    given = {
        "interval": interval,
        "timeout": action.timeout,
        "role": action.role,
        "OCF_CHECK_LEVEL": level,
    }
    return _pairs({name: value for name, value in given.items() if value})


def _pairs(values: dict[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in values.items()]


def _lines(provider: str, description: Description, version: str) -> Iterator[str]:
    name = page_name(provider, description)
    agent = f"ocf:{provider}:{description.name}"
    yield heading(name, 7, version, "OCF resource agents")
    yield ".SH NAME"
    yield name_line(name, description.shortdesc)
    yield ".SH SYNOPSIS"
    yield bold(agent)
    required = [one for one in description.parameters if one.required]
    yield from (escape(f"{one.name}=...") for one in required)
    if len(required) < len(description.parameters):
        yield "[PARAMETER=VALUE ...]"
    yield ".SH DESCRIPTION"
    yield from paragraphs([*_parts(description.longdesc), how_reloads(description)])
    yield ".SH PARAMETERS"
    ordered = sorted(description.parameters, key=lambda one: (one.is_deprecated, not one.required))
    for parameter in ordered:
        yield ".TP"
        yield bold(parameter.name)
        text = _parts(parameter.longdesc or parameter.shortdesc)
        yield from paragraphs([_facts(parameter), *text], ".IP")
    yield ".SH ACTIONS"
    yield from definitions([(one.name, _action(one)) for one in description.actions])
    yield ".SH EXAMPLES"
    yield from _examples(provider, description, example_of(description))
    yield ".SH SEE ALSO"
    *others, last = _SEE_ALSO
    yield from (f".BR {escape(page)} ({section})," for page, section in others)
    yield f".BR {escape(last[0])} ({last[1]})"


def _examples(provider: str, description: Description, example: Example) -> Iterator[str]:
    yield from paragraphs([f"The resource {example.resource}, with pcs:"])
    yield from _literal([pcs_command(provider, description)])
    yield ".PP"
    yield from paragraphs(["The same with crmsh:"])
    yield from _literal(crm_commands(provider, description))


def _literal(commands: list[list[str]]) -> Iterator[str]:
    yield ".PP"
    yield ".nf"
    yield ".RS 4"
    for words in commands:
        lines = _broken([shlex.quote(word) for word in words])
        yield from (escape(line) for line in lines)
    yield ".RE"
    yield ".fi"


def _broken(words: list[str]) -> list[str]:
    """A command over as many lines as it takes, each an operation or what fits 66 columns."""
    lines, line = [], ""
    for word in words:
        if line and (len(line) + len(word) > 66 or word in {"op", "params", "promotable"}):  # noqa: PLR2004 - columns
            lines.append(f"{line} \\")
            line = f"    {word}"
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]


def _facts(parameter: Parameter) -> str:
    """Its type and what else its metadata fixes, as one sentence without a verb."""
    facts = [parameter.content or "no type"]
    if parameter.options:
        facts.append(f"one of {', '.join(parameter.options)}")
    if parameter.required:
        facts.append("required")
    if parameter.default:
        facts.append(f"default {parameter.default}")
    if parameter.reloadable:
        facts.append("changed without a restart")
    if parameter.unique_group:
        facts.append("unique")
    if parameter.is_deprecated:
        instead = ", ".join(parameter.replaced_with)
        facts.append(f"deprecated, use {instead}" if instead else "deprecated")
    return f"({'; '.join(facts)})"


def _action(action: Action) -> str:
    facts = {
        "timeout": action.timeout,
        "every": action.interval,
        "depth": action.depth,
        "role": action.role,
    }
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value)


def _parts(text: str) -> list[str]:
    """Paragraphs as blank lines part them."""
    return [" ".join(part.split()) for part in text.split("\n\n") if part.strip()]

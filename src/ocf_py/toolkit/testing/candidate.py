"""The agent that the user means, with parameters that fit what it says of itself."""

from __future__ import annotations

import difflib
import os
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from ocf_py.catalogue.places import NoSuchAgent, find_agent
from ocf_py.conformance.examination import GENERAL_RULES
from ocf_py.conformance.subject import Subject
from ocf_py.toolkit.errors import UnusableInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from ocf_py.catalogue.description import Description
    from ocf_py.conformance.rule import Rule
    from ocf_py.conformance.subject import Command

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")  # POSIX.1, 8.1: what a shell can read
#: What an agent takes without saying so: protocol facts P1 and P12.
_UNDECLARED = ("CRM_meta_", "trace_ra", "trace_file", "trace_dir")
_HIDDEN = "/run/"  # the sandbox has one of its own
_INSTANCE = re.compile(r"[^\0\n/]+")


def find_executable(word: str) -> tuple[str, Path]:
    """The agent's name, as it is reported, and its executable; UnusableInput if there is none."""
    try:
        agent = find_agent(word)
    except NoSuchAgent as problem:
        raise UnusableInput(str(problem)) from problem
    return (word if "/" in word else agent.name), agent.path


def read_pairs(option: str, words: Iterable[str]) -> dict[str, str]:
    """The parameters in ``name=value`` words; a later one counts."""
    pairs = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise UnusableInput(
                f"{option} {word}: is no name=value", hint=f"write it like {option} ip=192.0.2.10"
            )
        if "\0" in value:
            raise UnusableInput(f"{option} {name}: a value cannot hold a zero byte")
        pairs[name] = value
    return pairs


def read_commands(words: Iterable[str]) -> tuple[Command, ...]:
    """Command lines, split as a shell would, for no shell to run."""
    commands = []
    for word in words:
        try:
            argv = tuple(shlex.split(word))
        except ValueError as problem:
            raise UnusableInput(f"--prepare {word}: {problem}") from problem
        if not argv:
            raise UnusableInput("--prepare: the command is empty")
        commands.append(argv)
    return tuple(commands)


def choose_rules(names: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of these ids, all general ones if none is named."""
    known = {rule.id: rule for rule in GENERAL_RULES}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = f"there is {' or '.join(near)}" if near else "--list-rules shows all"
            raise UnusableInput(f"--rule {name}: there is no such rule", hint=hint)
    return tuple(rule for rule in GENERAL_RULES if rule.id in names) or GENERAL_RULES


def make_subject(  # noqa: PLR0913 - a subject has that many sides
    name: str,
    executable: Path,
    *,
    instance: str,
    parameters: Mapping[str, str],
    other: Mapping[str, str],
    change: Mapping[str, str],
    wrong: Mapping[str, str],
    prepare: tuple[Command, ...],
    environment: Mapping[str, str],
) -> Subject:
    """What is tested; nothing has been asked of the agent yet."""
    if not _INSTANCE.fullmatch(instance):
        raise UnusableInput(f"-n {instance!r}: is no name for a resource", hint="use plain letters")
    return Subject(
        name,
        executable,
        parameters=parameters,
        other={**parameters, **other} if other else {},
        prepare=prepare,
        wrong=tuple({one: value} for one, value in wrong.items()),
        change=change,
        leaves_folders=True,
        instance=instance,
        is_known_by_name=True,
        environment=environment,
    )


def expect_visible(subject: Subject) -> None:
    """UnusableInput where the sandbox would not show the agent."""
    path = os.path.realpath(subject.executable)
    if path.startswith(_HIDDEN):
        raise UnusableInput(
            f"{subject.executable}: the sandbox has a {_HIDDEN} of its own",
            hint="copy the agent somewhere else",
        )


def describe(subject: Subject, description: Description) -> Subject:
    """The subject with what its agent says; UnusableInput where the parameters do not fit that."""
    names = {one.name for one in description.parameters}
    for given in {**subject.parameters, **subject.other, **subject.change}:
        if given not in names and not given.startswith(_UNDECLARED):
            near = difflib.get_close_matches(given, names, n=3)
            known = " or ".join(near) if near else ", ".join(sorted(names)) or "none"
            raise UnusableInput(
                f"{subject.name}: has no parameter {given}", hint=f"there is {known}"
            )
    missing = [
        one.name
        for one in description.parameters
        if one.required and not subject.parameters.get(one.name)
    ]
    if missing:
        options = " ".join(f"-o {one}=..." for one in missing)
        raise UnusableInput(
            f"{subject.name}: needs {', '.join(missing)}, which {_is(missing)} not given",
            hint=f"add {options}",
        )
    return replace(subject, described=description)


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"

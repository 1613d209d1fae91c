"""What becomes of one parameter: it carries over, is left out, or keeps the resource where it is.

A peer's table holds a rule for each of its parameters: a function of the value in a `Case`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Union

from ocf_py.kinds import Boolean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Becomes:
    """It carries over under this name with this value; `note` says what is different."""

    name: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Dropped:
    """It says nothing that ours would have to be told."""

    note: str


@dataclass(frozen=True)
class Refused:
    """Ours does not do what it asks for."""

    reason: str


Outcome = Union[Becomes, Dropped, Refused]


@dataclass(frozen=True)
class Case:
    """One resource as a peer runs it.

    `values` are its parameters; `levels` the OCF_CHECK_LEVELs of its monitors; `is_clone` and
    `is_globally_unique` say what is around it.
    """

    resource: str
    values: Mapping[str, str]
    levels: frozenset[str] = frozenset()
    is_clone: bool = False
    is_globally_unique: bool = False

    def has(self, name: str) -> bool:
        """Whether a parameter is given, and not empty."""
        return bool(self.values.get(name))


@dataclass(frozen=True)
class Peer:
    """An agent that ours can stand in for.

    `rules` has a rule for each parameter; `further` looks at the whole: parameters to add, reasons
    against it, notes.
    """

    agent: str
    becomes: str
    rules: Mapping[str, Callable[[str, str, Case], Outcome]]
    further: Callable[[Case], Further] = field(default=lambda _: Further())


@dataclass
class Further:
    """What a peer's resource as a whole needs beside its parameters."""

    added: dict[str, str] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


# What ocf-shellfuncs takes for true; whatever else there is counts as false.
_SHELL_TRUE = frozenset(("yes", "true", "1", "YES", "TRUE", "True", "ja", "on", "ON"))


def is_true(value: str) -> bool:
    """What a shell agent makes of a word where it asks for a boolean."""
    return value in _SHELL_TRUE


def keep(name: str, value: str, _case: Case) -> Outcome:
    """The same name, the same values."""
    return Becomes(name, value)


def boolean(name: str, value: str, _case: Case) -> Outcome:
    """A boolean of a shell agent: what it took for false ours may take for true, or refuse."""
    was = is_true(value)
    try:
        same = Boolean("").parse(value) == was
    except ValueError:
        same = False
    if same:
        return Becomes(name, value)
    return Becomes(name, str(was).lower(), f"{name}={value} counts as {str(was).lower()} there")


def renamed(new: str) -> Callable[[str, str, Case], Outcome]:
    """Another name, the same values."""
    return lambda _name, value, _case: Becomes(new, value)


def dropped(note: str) -> Callable[[str, str, Case], Outcome]:
    """Whatever it says."""
    return lambda name, value, _case: Dropped(f"{name}={value} is left out: {note}")


def refused(reason: str) -> Callable[[str, str, Case], Outcome]:
    """Whatever it asks for."""
    return lambda name, value, _case: Refused(f"{name}={value}: {reason}")


#: What ocf-shellfuncs gives every agent of ocf:heartbeat.
TRACE = {
    "trace_ra": boolean,
    "trace_file": keep,
    "trace_dir": dropped("traces lie below /var/lib/heartbeat/trace_ra"),
    "OCF_CHECK_LEVEL": keep,
}

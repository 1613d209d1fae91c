"""A rule: one sentence of the protocol, and the function that holds an agent to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.conformance.stage import Stage

#: Every rule by its id, in the order of definition.
RULES: dict[str, Rule] = {}


class Call(NamedTuple):
    """One call: the action, a command line that makes it again, and what came of it in words."""

    action: str
    command: str
    outcome: str


@dataclass(frozen=True)
class Evidence:
    """What was expected and what was seen; `calls` are all that led to it, in their order.

    `stderr` is what the last of them said.
    """

    expected: str
    seen: str
    calls: tuple[Call, ...] = ()
    stderr: str = ""


class Broken(Exception):  # noqa: N818 - says what is
    """A rule does not hold; the message is for a reader, `evidence` for a program."""

    def __init__(self, message: str, evidence: Evidence | None = None) -> None:
        super().__init__(message)
        self.evidence = evidence or Evidence("", message)


class NotApplicable(Exception):  # noqa: N818 - says what is
    """The agent has nothing that this rule could be about; the message says what it lacks."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    `safety` is the number of the safety rule it belongs to (docs/explanation: 1 to 13), 0 for
    the OCF protocol itself. `is_general` rules ask any OCF agent; the others look at the start
    record, the log or the deadline of an agent that is built on this library. A rule that
    `spares_the_machine` asks only for what an administrator might do there as well.
    """

    id: str
    title: str
    safety: int
    is_general: bool
    spares_the_machine: bool
    check: Callable[[Stage], None]

    def __str__(self) -> str:
        """Its id."""
        return self.id


@dataclass(frozen=True)
class Result:
    """What a rule that is not broken came to: `remark` says why it had nothing to look at."""

    rule: Rule
    remark: str = ""


def rule(
    title: str, *, safety: int = 0, library: bool = False, machine: bool = False
) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Registers a function as the check of the rule that `title` says.

    `library` rules are not general; those of `machine` spare it.
    """

    def register(check: Callable[[Stage], None]) -> Callable[[Stage], None]:
        name = check.__name__.replace("_", "-")
        if name in RULES:
            raise ValueError(f"two rules are called {name}")
        RULES[name] = Rule(name, title, safety, not library, machine, check)
        return check

    return register

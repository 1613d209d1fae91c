"""A rule: one sentence of the protocol, and the function that holds an agent to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.conformance.stage import Stage

#: Every rule by its id, in the order of definition.
RULES: dict[str, Rule] = {}


class Broken(Exception):  # noqa: N818 - says what is
    """A rule does not hold: what was expected, what was seen, and how to see it again."""


class NotApplicable(Exception):  # noqa: N818 - says what is
    """The agent has nothing that this rule could be about; the message says what it lacks."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    `safety` is the number of the safety rule it belongs to (docs/explanation: 1 to 13), 0 for
    the OCF protocol itself. `is_general` rules ask any OCF agent; the others look at the start
    record, the log or the deadline of an agent that is built on this library.
    """

    id: str
    title: str
    safety: int
    is_general: bool
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
    title: str, *, safety: int = 0, library: bool = False
) -> Callable[[Callable[[Stage], None]], Callable[[Stage], None]]:
    """Registers a function as the check of the rule that `title` says."""

    def register(check: Callable[[Stage], None]) -> Callable[[Stage], None]:
        name = check.__name__.replace("_", "-")
        if name in RULES:
            raise ValueError(f"two rules are called {name}")
        RULES[name] = Rule(name, title, safety, not library, check)
        return check

    return register

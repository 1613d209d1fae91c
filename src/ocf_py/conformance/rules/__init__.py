"""The rules, a file a concept; importing this registers all of them."""

from __future__ import annotations

from ocf_py.conformance.rule import RULES, Rule
from ocf_py.conformance.rules import (  # noqa: F401 - each registers its own
    actions,
    children,
    clones,
    crashes,
    deadline,
    documents,
    foreign,
    hanging_tools,
    hard_codes,
    hostile,
    interruption,
    killing,
    leftovers,
    levels,
    log,
    manual,
    neighbours,
    promotion,
    record,
    record_identity,
    reload,
    required,
)

#: Every rule there is, in the order of their files.
ALL_RULES: tuple[Rule, ...] = tuple(RULES.values())

"""The rules, a file a concept; importing this registers all of them."""

from __future__ import annotations

from ocf_py.conformance.rule import RULES, Rule
from ocf_py.conformance.rules import (  # noqa: F401 - each registers its own
    actions,
    children,
    deadline,
    documents,
    foreign,
    hard_codes,
    hostile,
    killing,
    levels,
    log,
    manual,
    promotion,
    record,
    record_identity,
    reload,
)

#: Every rule there is, in the order of their files.
ALL_RULES: tuple[Rule, ...] = tuple(RULES.values())

"""Every agent is held to every rule, in a sandbox of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.conformance.rule import Broken, Rule
from ocf_py.conformance.verdict import verify
from tests.contract.subjects import CASES, at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ocf_py.conformance.subject import Subject


@pytest.mark.parametrize(
    ("subject", "rule"), CASES, ids=[f"{subject.name}-{rule}" for subject, rule in CASES]
)
def test_rule(
    launchers: Path,
    record_property: Callable[[str, object], None],
    subject: Subject,
    rule: Rule,
) -> None:
    try:
        result = verify(rule, at(subject, launchers))
    except Broken as problem:
        broken = f"{rule.title}\n{problem}"
    else:
        broken = ""
    if broken:
        pytest.fail(broken, pytrace=False)
    if result.remark:
        record_property("not applicable", result.remark)

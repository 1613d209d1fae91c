"""No check is vacuous: each rule, taken out of the library, is missed by its check.

Rules that any agent can break have an agent in `tests/agents` that does.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from ocf_py.conformance.manners import MANNERS
from ocf_py.conformance.rule import RULES, Broken
from ocf_py.conformance.verdict import verify
from tests.contract.broken_agents import FOUND_BY
from tests.contract.removals import REMOVALS
from tests.contract.subjects import SUBJECTS, at

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.removals.removal import Removal


def test_every_rule_is_taken_out_once_or_broken_by_an_agent() -> None:
    broken = set().union(*FOUND_BY.values()) - set(MANNERS)
    assert {removal.rule for removal in REMOVALS} | broken == set(RULES)


@pytest.mark.parametrize(
    "removal", REMOVALS, ids=lambda removal: f"{removal.rule}-{removal.file.split('/')[-1]}"
)
def test_check_misses_its_rule(launchers: Path, tmp_path: Path, removal: Removal) -> None:
    without = take_out(removal, launchers, tmp_path)
    with pytest.raises(Broken):
        verify(RULES[removal.rule], at(SUBJECTS[removal.subject], without))


def take_out(removal: Removal, launchers: Path, folder: Path) -> Path:
    """A copy of the tree with the rule taken out; returns its folder of launchers."""
    original = launchers.parents[1]
    copy = folder / "ocf"
    shutil.copytree(original, copy, copy_function=os.link)
    for file, text, replacement in (removal[2:5], *removal.also):
        _replace(next(copy.glob(f"lib/ocfpy/*/{file}")), text, replacement)
    for document in copy.glob("lib/ocfpy/*/ocfpy_agents/*.xml"):
        document.unlink()  # of the whole source; without it, the agent describes itself
    return copy / launchers.relative_to(original)


def _replace(file: Path, text: str, replacement: str) -> None:
    source = file.read_text()
    found = source.count(text)
    assert found == 1, f"{text!r} stands {found} times in {file.name}: adapt its removal"
    file.unlink()  # a link: the original keeps its content
    file.write_text(source.replace(text, replacement))
    for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
        compiled.unlink()

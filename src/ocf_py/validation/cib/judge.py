"""Judges one configuration: all checks over it, their findings in the order of its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.catalogue.lines import line_of
from ocf_py.validation.cib import checks
from ocf_py.validation.cib.agents import Agents
from ocf_py.validation.cib.document import read_document
from ocf_py.validation.cib.schema import find_invalid
from ocf_py.validation.cib.situation import Situation
from ocf_py.validation.finding import Finding

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.validation.cib.check import Flaw


def judge_cib(path: Path, ocf_root: Path) -> list[Finding]:
    """Everything that is wrong with the configuration in a file, by the line.

    The agents that it names are asked by their `meta-data` and `validate-all`.

    Raises:
        UnreadableConfiguration: The file holds no configuration.
        OSError: The system does not give it.
    """
    document = read_document(path)
    situation = Situation(document, Agents(ocf_root))
    situation.agents.ask(situation.resources)
    found = [
        _finding(path, one.id, flaw) for one in checks.ALL.values() for flaw in one.find(situation)
    ]
    lines = {one.line for one in found}
    found += [_finding(path, "schema", flaw) for flaw in find_invalid(document, lines)]
    return sorted(set(found), key=lambda one: (one.line, one.check, one.message))


def _finding(path: Path, check: str, flaw: Flaw) -> Finding:
    line = line_of(flaw.element)
    words = (flaw.subject, flaw.message, flaw.consequence, flaw.remedy)
    return Finding(check, flaw.severity, str(path), line, *words)

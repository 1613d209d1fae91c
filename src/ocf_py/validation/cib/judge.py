"""Judges one configuration: all checks over it, their findings in the order of its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from ocf_py.catalogue.lines import line_of
from ocf_py.cib.document import read_document
from ocf_py.validation.cib import checks
from ocf_py.validation.cib.agents import Agents
from ocf_py.validation.cib.situation import Situation
from ocf_py.validation.finding import Finding, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.validation.cib.check import Flaw

_SCHEMA = "schema"


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
    flaws = [(one.id, flaw) for one in checks.ALL.values() for flaw in one.find(situation)]
    # The schema knows the place of an error only roughly: whoever has named it has the word.
    named = {line_of(flaw.element) for check, flaw in flaws if check != _SCHEMA}
    found = {
        _finding(path, check, flaw)
        for check, flaw in flaws
        if check != _SCHEMA or not _is_named(flaw, named)
    }
    return sorted(found, key=lambda one: (one.line, one.check, one.message))


def _is_named(flaw: Flaw, named: set[int]) -> bool:
    lines = (line_of(one) for one in flaw.element.iter(etree.Element))
    return flaw.severity is Severity.ERROR and not named.isdisjoint(lines)


def _finding(path: Path, check: str, flaw: Flaw) -> Finding:
    line = line_of(flaw.element)
    words = (flaw.subject, flaw.message, flaw.consequence, flaw.remedy)
    return Finding(check, flaw.severity, str(path), line, *words)

"""What is wrong with an agent's metadata: of a document, or of the agent that writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.catalogue.description import SECONDS, UnreadableDescription, describe, parse_document
from ocf_py.validation.agents import actions, calls, operations, parameters, structure, values
from ocf_py.validation.agents.check import Document, Hit, add, run_call_checks, run_checks
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from ocf_py.catalogue.places import InstalledAgent
    from ocf_py.validation.finding import Finding

#: The modules whose checks fill the table.
TABLES = (calls, structure, parameters, values, actions, operations)

_UNREADABLE = add(
    "unreadable",
    Severity.ERROR,
    "no tool can configure a resource of it",
    "mend the document: `xmllint --noout` shows the place",
    "The document is no XML, or not one of <resource-agent>.",
)
_NOT_EXECUTABLE = add(
    "not-executable",
    Severity.ERROR,
    "every action fails, and the resource runs nowhere",
    "look at the interpreter in the first line, and at the mount's options",
    "The kernel refuses to execute the agent.",
)


def judge_agent(agent: InstalledAgent, file: str, timeout: float = SECONDS) -> list[Finding]:
    """Calls meta-data, and judges how it takes that and what it says; `timeout` in seconds."""
    try:
        made = calls.call_metadata(agent, timeout)
    except OSError as error:
        hit = Hit(0, "", f"cannot be executed: {error.strerror}")
        return [_NOT_EXECUTABLE.find(hit, file)]
    findings = [*run_call_checks(made, file)]
    plain = made[calls.PLAIN]
    if plain.code == 0 and plain.stdout.strip() and not plain.is_cut:
        findings += judge_document(plain.stdout, file, agent)
    return findings


def judge_document(raw: bytes, file: str, agent: InstalledAgent | None = None) -> list[Finding]:
    """Judges a document; `file` is what the findings call it. Findings come line by line."""
    try:
        root = parse_document(raw)
    except UnreadableDescription as error:
        return [_UNREADABLE.find(Hit(error.line, "", str(error)), file)]
    document = Document(raw, root, describe(root), agent)
    return sorted(run_checks(document, file), key=lambda one: one.line)

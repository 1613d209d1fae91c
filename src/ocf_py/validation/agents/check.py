"""The table of checks, and what a check looks at and tells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.catalogue.lines import line_of
from ocf_py.validation.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from lxml import etree

    from ocf_py.catalogue.calling import Called
    from ocf_py.catalogue.description import Description
    from ocf_py.catalogue.places import InstalledAgent
    from ocf_py.validation.finding import Severity


@dataclass(frozen=True)
class Document:
    """A metadata document that can be read; `agent` is whose it is, None for a file."""

    raw: bytes
    root: etree._Element
    description: Description
    agent: InstalledAgent | None = None

    @property
    def line(self) -> int:
        """Where the document begins to speak of the agent."""
        return line_of(self.root)

    @property
    def parameters(self) -> list[etree._Element]:
        """The elements of the parameters, in their order."""
        return self.root.findall("parameters/parameter")

    @property
    def actions(self) -> list[etree._Element]:
        """The elements of the actions, in their order."""
        return self.root.findall("actions/action")

    @property
    def actions_line(self) -> int:
        """Where the list of actions begins."""
        actions = self.root.find("actions")
        return self.line if actions is None else line_of(actions)


@dataclass(frozen=True)
class Hit:
    """One thing that a check has found; texts left empty are those of its check."""

    line: int
    subject: str
    message: str
    remedy: str = ""
    consequence: str = ""
    severity: Severity | None = None


@dataclass(frozen=True)
class Check:
    """A check's id, what it says of its findings, and the sentence that documents it."""

    id: str
    severity: Severity
    consequence: str
    remedy: str
    sentence: str

    def find(self, hit: Hit, file: str) -> Finding:
        """The finding that a hit is."""
        return Finding(
            self.id,
            hit.severity or self.severity,
            file,
            hit.line,
            hit.subject,
            hit.message,
            hit.consequence or self.consequence,
            hit.remedy or self.remedy,
        )


#: Every check by its id, in the order of the report.
CHECKS: dict[str, Check] = {}
_OF_DOCUMENTS: dict[str, Callable[[Document], Iterable[Hit]]] = {}
_OF_CALLS: dict[str, Callable[[Mapping[str, Called]], Iterable[Hit]]] = {}


def check(
    id_: str, severity: Severity, *, consequence: str, remedy: str
) -> Callable[[Callable[[Document], Iterator[Hit]]], Callable[[Document], Iterator[Hit]]]:
    """Registers a check of a document; its docstring is the sentence that documents it."""

    def register(function: Callable[[Document], Iterator[Hit]]) -> Callable[..., Iterator[Hit]]:
        add(id_, severity, consequence, remedy, function.__doc__ or "")
        _OF_DOCUMENTS[id_] = function
        return function

    return register


def check_calls(
    id_: str, severity: Severity, *, consequence: str, remedy: str
) -> Callable[
    [Callable[[Mapping[str, Called]], Iterator[Hit]]],
    Callable[[Mapping[str, Called]], Iterator[Hit]],
]:
    """Registers a check of the calls that an agent was asked by."""

    def register(
        function: Callable[[Mapping[str, Called]], Iterator[Hit]],
    ) -> Callable[..., Iterator[Hit]]:
        add(id_, severity, consequence, remedy, function.__doc__ or "")
        _OF_CALLS[id_] = function
        return function

    return register


def add(id_: str, severity: Severity, consequence: str, remedy: str, sentence: str) -> Check:
    """Puts one check into the table."""
    if id_ in CHECKS:
        raise ValueError(f"two checks are called {id_}")
    CHECKS[id_] = Check(id_, severity, consequence, remedy, " ".join(sentence.split()))
    return CHECKS[id_]


def run_checks(document: Document, file: str) -> Iterator[Finding]:
    """What every check of documents has to say."""
    for id_, function in _OF_DOCUMENTS.items():
        for hit in function(document):
            yield CHECKS[id_].find(hit, file)


def run_call_checks(calls: Mapping[str, Called], file: str) -> Iterator[Finding]:
    """What every check of calls has to say."""
    for id_, function in _OF_CALLS.items():
        for hit in function(calls):
            yield CHECKS[id_].find(hit, file)

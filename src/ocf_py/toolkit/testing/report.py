"""The outcome of a test as a table, as JSON, and as JUnit's XML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click
from lxml import etree

from ocf_py.conformance.examination import State
from ocf_py.toolkit.output import COLOURS
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ocf_py.conformance.examination import Judgement

_WIDTH = 9  # of the first column: "no object"
_UNPRINTABLE = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


@dataclass(frozen=True)
class Report:
    """What came of one agent: `again` is the command line that tests it, without any --rule."""

    agent: str
    version: str
    where: str
    again: str
    seconds: float
    judgements: tuple[Judgement, ...]

    def count(self) -> dict[str, int]:
        """How many rules came to what: faults by their severity, and the other states."""
        words = [_word(one) for one in self.judgements]
        known = [one.value for one in Severity]
        known += [one.value for one in State if one is not State.BROKEN]
        return {word: words.count(word) for word in known}

    @property
    def summary(self) -> str:
        """One line."""
        counted = ", ".join(f"{count} {word}" for word, count in self.count().items() if count)
        return f"{self.agent}, {self.where}: {counted} ({self.seconds:.0f} s)"

    def as_json(self) -> dict[str, Any]:
        """Everything, for json.dumps."""
        return {
            "agent": self.agent,
            "agent_version": self.version,
            "where": self.where,
            "seconds": round(self.seconds, 1),
            "counts": self.count(),
            "rules": [self._judgement_as_json(one) for one in self.judgements],
        }

    def _judgement_as_json(self, one: Judgement) -> dict[str, Any]:
        shown: dict[str, Any] = {
            "id": one.id,
            "title": one.title,
            "state": one.state.value,
            "severity": one.severity.value,
            "remark": one.remark,
            "seconds": round(one.seconds, 2),
        }
        if one.evidence is not None:
            shown |= {
                "consequence": one.consequence,
                "expected": one.evidence.expected,
                "seen": one.evidence.seen,
                "stderr": one.evidence.stderr,
                "calls": [call._asdict() for call in one.evidence.calls],
                "again": self.repeat(one),
            }
        return shown

    def repeat(self, one: Judgement) -> str:
        """The command line that holds the agent to this rule alone; manners are of all calls."""
        return f"{self.again} --rule {one.id}" if one.is_rule else self.again


def print_table(report: Report, *, quiet: bool, verbose: bool) -> None:
    """A line a rule, what is broken with all that is known of it; colours on a terminal only."""
    for one in report.judgements:
        is_broken = one.state is State.BROKEN
        if is_broken or (not quiet and (verbose or one.state is not State.NO_OBJECT)):
            word = _word(one).ljust(_WIDTH)
            colour = COLOURS[one.severity] if is_broken else _STATE_COLOURS.get(one.state)
            remark = f" ({one.remark})" if one.remark and one.state is State.NO_OBJECT else ""
            click.echo(f"{click.style(word, fg=colour)}  {one.title} [{one.id}]{remark}")
        if is_broken:
            for line in _explain(report, one, verbose=verbose):
                click.echo(f"{' ' * _WIDTH}  {line}")
    click.echo(report.summary)


_STATE_COLOURS = {State.HOLDS: "green"}


def _explain(report: Report, one: Judgement, *, verbose: bool) -> Iterator[str]:
    evidence = one.evidence
    if evidence is None:
        return
    yield f"expected: {evidence.expected}"
    yield f"seen: {_one_line(evidence.seen)}"
    yield f"so: {one.consequence}"
    if evidence.stderr and verbose:
        yield f"stderr: {_one_line(evidence.stderr)}"
    if evidence.calls[1:] and not verbose:
        said = (f"{one.action or '(no action)'} {one.outcome}" for one in evidence.calls)
        yield f"calls: {_one_line(', '.join(said))}"
    for call in evidence.calls if verbose else evidence.calls[-1:]:
        yield f"by hand: {_one_line(call.command)}   # {_one_line(call.outcome)}"
    if one.is_rule:
        yield f"again: {report.repeat(one)} -v"


def _one_line(text: str) -> str:
    """No letter that moves a terminal's cursor; lone surrogates stand for bytes that are none."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )


def _word(one: Judgement) -> str:
    return one.severity.value if one.state is State.BROKEN else one.state.value


def write_junit(report: Report, path: str) -> None:
    """A test suite with a case a rule; OSError where the file cannot be written."""
    suite = etree.Element("testsuite", name=_clean(f"ocf-py test {report.agent}"))
    failed = skipped = 0
    for one in report.judgements:
        case = etree.SubElement(suite, "testcase", classname=_clean(report.agent), name=one.id)
        case.set("time", f"{one.seconds:.2f}")
        if one.is_fault:
            failed += 1
            text = "\n".join((one.title, *_explain(report, one, verbose=True)))
            fault = etree.SubElement(case, "failure", type=one.severity.value)
            fault.set("message", _clean(one.title))
            fault.text = _clean(text)
        elif one.state is State.BROKEN:
            text = "\n".join((one.title, *_explain(report, one, verbose=True)))
            etree.SubElement(case, "system-out").text = _clean(f"note: {text}")
        elif one.state is not State.HOLDS:
            skipped += 1
            etree.SubElement(case, "skipped", message=_clean(one.remark))
    suite.set("tests", str(len(report.judgements)))
    suite.set("failures", str(failed))
    suite.set("errors", "0")
    suite.set("skipped", str(skipped))
    suite.set("time", f"{report.seconds:.1f}")
    document = etree.tostring(suite, pretty_print=True, xml_declaration=True, encoding="UTF-8")
    with open(path, "wb") as file:
        file.write(document)


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)

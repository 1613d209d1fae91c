"""`ocf-py validate`: sorts what it is given, and lets each be judged."""

from __future__ import annotations

import contextlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ocf_py.toolkit.agents import AgentWord, find, ocf_root_option
from ocf_py.toolkit.errors import UnusableInput
from ocf_py.toolkit.output import json_option, print_findings, print_json, status_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from ocf_py.validation.finding import Finding

_HEAD = 65536  # bytes of a file that tell what it is
_LONGEST = 10 * 1024 * 1024  # bytes of a metadata document that Pacemaker takes
_MARKS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\0", b"\xfe\xff\0<")  # XML: plain, and with a BOM


@click.command()
@click.argument("what", nargs=-1, type=AgentWord())
@ocf_root_option
@click.option("--checks", is_flag=True, help="List the checks instead, with their ids.")
@json_option
def validate(*, what: Sequence[str], ocf_root: Path, checks: bool, as_json: bool) -> None:
    r"""Judge agents' metadata and cluster configurations, before a cluster does.

    Each WHAT is an agent (a path, ocf:PROVIDER:TYPE, PROVIDER:TYPE or TYPE), an XML file with a
    metadata document, or one with a configuration: a whole CIB or a part of one. Agents are asked
    for their meta-data, as Pacemaker asks, and those of a configuration for validate-all as well;
    nothing else of them is called.

    Ends with 1 if there is an error or a warning, 0 if there is none, 2 for what cannot be judged.

    \b
    Examples:
      ocf-py validate ocf:heartbeat:IPaddr2 ./my-agent
      ocf-py validate cib.xml
      ocf-py validate --json drbd | jq -r '.findings[] | select(.severity == "error") | .message'
      ocf-py validate --checks
    """
    if checks:
        _list_checks(as_json=as_json)
        return
    if not what:
        raise UnusableInput("nothing to judge", hint="name an agent or a file")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [*pool.map(lambda word: _judge(word, ocf_root), what)]
    findings = [one for part in found for one in part]
    if as_json:
        print_json({"judged": [*what], "findings": [one.as_json() for one in findings]})
    else:
        for word, part in zip(what, found):
            print_findings(part)
            if not part:
                click.echo(f"{word}: {click.style('nothing found', fg='green')}")
        _print_sum(findings, len(what))
    raise SystemExit(status_of(findings))


def _judge(word: str, ocf_root: Path) -> list[Finding]:
    """What there is to say of one word: a file with XML in it, or else an agent."""
    path = Path(word)
    if word and path.is_dir():
        raise UnusableInput(f"{word} is a folder", hint="name an agent or a file in it")
    if word and path.is_file():
        head = _read(path, _HEAD)
        if head.lstrip().startswith(_MARKS):
            return _judge_xml(path, word, ocf_root)
        return _judge_agent(word, ocf_root, _explain(path, word, head))
    return _judge_agent(word, ocf_root)


def _judge_agent(
    word: str, ocf_root: Path, otherwise: UnusableInput | None = None
) -> list[Finding]:
    """Judges the agent of that name; `otherwise` says better what a word is that names none."""
    from ocf_py.validation.agents.judge import judge_agent

    try:
        agent = find(word, ocf_root)
    except UnusableInput as error:
        raise (otherwise or error) from error
    return judge_agent(agent, word)


def _explain(path: Path, word: str, head: bytes) -> UnusableInput:
    """What a file is that holds no XML, and is no agent by its name."""
    if os.access(path, os.X_OK) and "/" not in word:
        return UnusableInput(
            f"{word} is no installed agent", hint=f"for the file here say ./{word}"
        )
    what = "is empty" if not head else "is neither XML nor executable"
    return UnusableInput(f"{word} {what}", hint="name an agent, a metadata document or a CIB")


def _judge_xml(path: Path, word: str, ocf_root: Path) -> list[Finding]:
    raw = _read(path, _LONGEST + 1)
    if _root_of(raw) != "resource-agent":
        return _judge_cib(path, ocf_root)
    if len(raw) > _LONGEST:
        raise UnusableInput(f"{word} is longer than the {_LONGEST} bytes that Pacemaker takes")
    from ocf_py.validation.agents.judge import judge_document

    return judge_document(raw, word)


def _judge_cib(path: Path, ocf_root: Path) -> list[Finding]:
    from ocf_py.cib.document import UnreadableConfiguration
    from ocf_py.validation.cib.judge import judge_cib

    try:
        return judge_cib(path, ocf_root)
    except UnreadableConfiguration as error:
        raise UnusableInput(str(error)) from error


def _root_of(raw: bytes) -> str:
    """The name of the first element, "" where none can be read before the first fault."""
    from lxml import etree

    parser = etree.XMLPullParser(
        ("start",), no_network=True, load_dtd=False, resolve_entities=False
    )
    with contextlib.suppress(etree.XMLSyntaxError):
        parser.feed(raw)
    events: Any = parser.read_events()  # lxml's stubs take every event for any other
    return next((str(element.tag) for _, element in events), "")


def _read(path: Path, count: int) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise UnusableInput(f"cannot read {path}: {error.strerror}") from error


def _print_sum(findings: Sequence[Finding], judged: int) -> None:
    counts: dict[str, int] = {}
    for one in findings:
        counts[one.severity.value] = counts.get(one.severity.value, 0) + 1
    parts = [
        f"{counts[word]} {word}{'s' if counts[word] > 1 else ''}"
        for word in ("error", "warning", "note")
        if word in counts
    ]
    if parts and judged > 1:
        click.echo(f"{', '.join(parts)} in {judged} judged")
    elif parts:
        click.echo(", ".join(parts))


def _list_checks(*, as_json: bool) -> None:
    from ocf_py.validation.agents import judge
    from ocf_py.validation.agents.check import CHECKS
    from ocf_py.validation.cib import checks as of_configurations

    assert judge.TABLES  # noqa: S101 - importing it has filled the table
    agents = [(one.id, one.sentence) for one in CHECKS.values()]
    configurations = [(one.id, one.sentence) for one in of_configurations.ALL.values()]
    if as_json:
        print_json({"agents": dict(agents), "configurations": dict(configurations)})
        return
    for title, rows in (("Agents", agents), ("Configurations", configurations)):
        click.secho(title, bold=True)
        for id_, sentence in rows:
            click.echo(f"  {id_}\n      {sentence}")

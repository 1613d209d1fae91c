"""What is wrong with a metadata document is found on its line, and nothing is invented."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.catalogue.description import UnreadableDescription, parse_document
from ocf_py.catalogue.places import InstalledAgent
from ocf_py.catalogue.schema import Breach, load_schema
from ocf_py.metadata import document
from ocf_py.validation.agents import judge
from ocf_py.validation.agents.check import CHECKS
from ocf_py.validation.agents.judge import judge_document
from ocf_py.validation.finding import Severity
from tests.fakes.lamp import Beacon, Lamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    import ocf_py as ocf

FOLDER = Path(__file__).parents[1] / "data/metadata-broken"
CORPUS = sorted(FOLDER.glob("*.xml"))
WHOLE = ("none.xml", "none-of-1-0.xml")
_FINDS = re.compile(r"<!-- finds: ([a-z0-9-]+) -->")
# Of these a document says nothing: it takes the agent that wrote it.
_OF_AGENTS = {"name-differs", "no-trace-parameters", "not-executable"}
_REFUSALS = {
    "schema-refused",
    "version-unknown",
    "needs-version-1-1",
    "reloadable-no-flag",
    "private-attribute",
}
# pcs refuses these too, with its code and not with its schema.
_NOT_BY_SCHEMA = {"version-unknown-words.xml"}


def expected(path: Path) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for check in _FINDS.findall(line):
            yield check, number


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_defect_is_found_on_its_line_and_no_other_is_invented(path: Path) -> None:
    found = judge_document(path.read_bytes(), "lamp.xml")
    assert [(one.check, one.line) for one in found] == [*expected(path)], found
    for one in found:
        assert path.name.startswith(one.check)
        assert one.file == "lamp.xml"
        for words in (one.message, one.consequence, one.remedy):
            assert words
            assert not words.endswith(".")
            assert "\n" not in words


def test_every_check_of_documents_has_its_defect_in_the_corpus() -> None:
    assert judge.TABLES
    of_calls = {name for name in CHECKS if name.startswith("metadata-")}
    of_calls.remove("metadata-timeout-in-vain")
    found = {check for path in CORPUS for check, _ in expected(path)}
    assert set(CHECKS) - found == _OF_AGENTS | of_calls
    assert {path.name for path in CORPUS if not [*expected(path)]} == set(WHOLE)


def test_every_check_says_what_it_looks_for_and_what_comes_of_it() -> None:
    for one in CHECKS.values():
        assert re.fullmatch(r"[a-z0-9-]+", one.id)
        assert one.sentence.endswith(".")
        for words in (one.consequence, one.remedy):
            assert words
            assert not words.endswith(".")


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_what_is_said_to_be_refused_is_what_the_schema_of_pcs_refuses(path: Path) -> None:
    found = judge_document(path.read_bytes(), "lamp.xml")
    says_refused = bool(_REFUSALS & {one.check for one in found})
    try:
        root = parse_document(path.read_bytes())
    except UnreadableDescription:
        assert [one.severity for one in found] == [Severity.ERROR]
        return
    version = "1.1" if root.findtext("version") == "1.1" else "1.0"
    pcs = etree.RelaxNG(etree.parse(f"/usr/share/pcs/data/ocf-{version}.rng"))
    refused = not pcs.validate(root)
    # A role of OCF 1.0 that is misspelt is its schema's; of OCF 1.1 it is that of a later step.
    refused_by_role = version == "1.0" and "role-unknown" in {one.check for one in found}
    assert refused == ((says_refused and path.name not in _NOT_BY_SCHEMA) or refused_by_role)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_document_is_valid_for_us_exactly_if_its_schema_says_so(path: Path) -> None:
    try:
        root = parse_document(path.read_bytes())
    except UnreadableDescription:
        return
    schema = load_schema(root.findtext("version", ""))
    grammar = Path(judge.__file__).parents[2] / f"catalogue/schemas/ocf-{schema.version}.rng"
    faults = schema.find_faults(root)
    assert bool(faults) == (not etree.RelaxNG(etree.parse(str(grammar))).validate(root))
    # libxml2 has to be asked only where text stands, and where no element says what is wrong.
    others = [one for one in faults if one.breach is Breach.OTHER]
    assert bool(others) == (path.name == "schema-refused-text.xml")


@pytest.mark.parametrize(
    ("agent", "checks"),
    [(Lamp, []), (Beacon, ["promoted-unwatched"])],  # the author of a Beacon has left that out
)
def test_what_the_library_derives_is_wrong_where_its_author_was(
    agent: type[ocf.Agent], checks: list[str]
) -> None:
    here = InstalledAgent(Path(f"/x/resource.d/ocfpy/{agent.__name__}"))
    found = judge_document(document(agent).encode(), "lamp", here)
    assert [one.check for one in found if one.severity is not Severity.NOTE] == checks


def test_the_agent_behind_a_document_is_judged_with_it() -> None:
    raw = (FOLDER / "none.xml").read_bytes()
    other = InstalledAgent(Path("/x/resource.d/acme/Light"))
    found = judge_document(raw, "acme", other)
    assert [(one.check, one.line) for one in found] == [
        ("name-differs", 2),
        ("no-trace-parameters", 6),
    ]
    assert judge_document(raw, "p", InstalledAgent(Path("/x/resource.d/pacemaker/Lamp"))) == []


def test_a_document_of_any_bytes_is_judged_without_a_traceback() -> None:
    raw = (FOLDER / "none.xml").read_bytes()
    cases = [
        b"",
        b"\0",
        b"<",
        raw[:300],
        raw.replace(b"lamp", b"l\xe4mp"),
        raw.decode().encode("utf-16"),
    ]
    cases.append(raw.replace(b"</resource-agent>", b"<x>" * 300))
    cases.append(b'<!DOCTYPE resource-agent [<!ENTITY a "b">]>' + raw.partition(b"?>")[2])
    cases.append(raw.replace(b"<longdesc lang", b"<!-- --><?pi?><longdesc lang"))
    cases.append(b'<resource-agent xmlns="urn:x"/>')
    checks = [[one.check for one in judge_document(case, "x")] for case in cases]
    assert checks[:5] == [["unreadable"]] * 5
    assert checks[6] == ["unreadable"]
    assert checks[7:9] == [[], []]
    assert checks[9] == ["unreadable"]


def test_the_reference_lists_every_check_as_it_is() -> None:
    reference = Path(__file__).parents[2] / "docs/reference/commands/validate.md"
    rows = [line for line in reference.read_text().splitlines() if line.startswith("| `")]
    listed = [f"| `{one.id}` | {one.severity.value} | {one.sentence} |" for one in CHECKS.values()]
    assert sorted(row for row in rows if "`--" not in row) == sorted(listed)

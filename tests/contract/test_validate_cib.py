"""What is wrong with a configuration is found on its line, and nothing is invented."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.cib.document import UnreadableConfiguration, read_document
from ocf_py.validation.cib.checks import ALL
from ocf_py.validation.cib.judge import judge_cib
from ocf_py.validation.cib.schema import as_cib
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.validation.finding import Finding

_TESTS = Path(__file__).parents[1]
BROKEN = sorted((_TESTS / "data/cib-broken").glob("*.xml"))
EXAMPLES = sorted((_TESTS.parent / "examples/cib").glob("*.xml"))
_FINDS = re.compile(r"<!-- finds: ([a-z -]+) -->")
_HEARTBEAT = Path("/usr/lib/ocf/resource.d/heartbeat")


@pytest.fixture(scope="module")
def ocf_root(tmp_path_factory: pytest.TempPathFactory, installed_agents: Path) -> Path:
    """Our agents and Debian's of ocf:heartbeat, as one OCF root."""
    root = tmp_path_factory.mktemp("ocf")
    providers = root / "resource.d"
    ours = providers / "ocfpy"
    ours.mkdir(parents=True)
    for agent in installed_agents.iterdir():
        (ours / agent.name).symlink_to(agent)
    mute = ours / "Mute"
    mute.write_text("#!/bin/sh\necho nothing to say >&2\nexit 1\n")
    mute.chmod(0o755)
    (providers / "heartbeat").symlink_to(_HEARTBEAT)
    return root


@cache
def _judge(path: Path, ocf_root: Path) -> list[Finding]:
    return judge_cib(path, ocf_root)


def _expected(path: Path) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = _FINDS.search(line)
        for check in found[1].split() if found else ():
            yield check, number


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_defect_is_found_on_its_line_and_no_other_is_invented(path: Path, ocf_root: Path) -> None:
    found = _judge(path, ocf_root)
    assert {(one.check, one.line) for one in found} == set(_expected(path)), [
        f"{one.line}: {one.check}: {one.message}" for one in found
    ]
    for one in found:
        assert one.file == str(path)
        for words in (one.message, one.consequence, one.remedy):
            assert words
            assert not words.endswith(".")
            assert "\n" not in words


def test_every_check_has_a_configuration_that_it_finds_and_a_line_in_the_reference() -> None:
    found = {check for path in BROKEN for check, _ in _expected(path)}
    assert {*ALL} <= found
    page = (_TESTS.parent / "docs/reference/configuration-checks.md").read_text()
    assert {*re.findall(r"^\| `([a-z-]+)` \|", page, re.MULTILINE)} == {*ALL}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_clean(path: Path, ocf_root: Path) -> None:
    assert _judge(path, ocf_root) == []


def test_what_pacemaker_itself_refuses_is_an_error_here(ocf_root: Path) -> None:
    migrated = (_TESTS / "data/cib-migrate").glob("*.expected.xml")
    refused = []
    for path in (*BROKEN, *EXAMPLES, *migrated):
        if not _pacemaker_takes(path):
            refused.append(path.stem)
            assert any(one.severity is Severity.ERROR for one in _judge(path, ocf_root)), path
    # What crm_verify knows by itself: not to see these would say that it was not asked.
    assert {"schema", "duplicate-id", "same-interval", "constraint-names-nothing"} <= {*refused}
    assert not {path.stem for path in EXAMPLES} & {*refused}


def _pacemaker_takes(path: Path) -> bool:
    """Whether crm_verify is content; with fencing switched off, of which it says much."""
    cib = as_cib(read_document(path))
    cib.set("validate-with", "pacemaker-3.7")
    cib.set("crm_feature_set", "3.15.0")
    options, nodes = (cib.find(f"configuration/{name}") for name in ("crm_config", "nodes"))
    assert options is not None
    assert nodes is not None
    del nodes[:]  # of a node without a status it warns, as of an error
    if options.find(".//nvpair[@name='stonith-enabled']") is None:
        off = etree.SubElement(options, "cluster_property_set", id="no-fencing-here")
        etree.SubElement(off, "nvpair", id="no-f", name="stonith-enabled", value="false")
    done = subprocess.run(
        ["crm_verify", "--xml-pipe"], input=etree.tostring(cib), capture_output=True, check=False
    )
    return done.returncode == 0


def test_what_is_no_configuration_is_one_line(tmp_path: Path, ocf_root: Path) -> None:
    odd = {
        "empty": b"",
        "binary": bytes(range(256)),
        "html": b"<html/>",
        "half": b"<cib><configuration>",
        "latin": b"<cib>\xe9</cib>",
    }
    for name, content in odd.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UnreadableConfiguration) as raised:
            judge_cib(path, ocf_root)
        assert str(raised.value).startswith(f"{path}: ")
        assert "\n" not in str(raised.value)


def test_a_secret_that_an_agent_quotes_is_not_in_the_finding(
    tmp_path: Path, ocf_root: Path
) -> None:
    path = tmp_path / "cib.xml"
    text = (_TESTS / "data/cib-broken/refused-value.xml").read_text()
    path.write_text(
        text.replace('type="IPaddr"', 'type="Tattler"').replace('name="ip"', 'name="password"')
    )
    agent = ocf_root / "resource.d/ocfpy/Tattler"
    agent.write_text(
        "#!/bin/sh\n"
        'case $1 in meta-data) echo \'<resource-agent name="Tattler"><version>1.1</version>'
        '<parameters><parameter name="password"><content type="string"/></parameter></parameters>'
        '<actions><action name="validate-all" timeout="5"/></actions></resource-agent>\';;\n'
        '*) echo "ocf-exit-reason:bad $OCF_RESKEY_password" >&2; exit 6;; esac\n'
    )
    agent.chmod(0o755)
    said = [one for one in judge_cib(path, ocf_root) if one.check == "refused-value"]
    assert len(said) == 1
    assert "bad (a secret)" in said[0].message
    assert "192.0.2.300" not in str(said)


def test_the_environment_of_the_caller_does_not_reach_an_agent(
    monkeypatch: pytest.MonkeyPatch, ocf_root: Path
) -> None:
    monkeypatch.setenv("OCF_RESKEY_ip", "192.0.2.10")
    monkeypatch.setenv("OCF_RESKEY_nodad", "ja")
    found = judge_cib(EXAMPLES[0], ocf_root)
    assert [one for one in found if one.severity is not Severity.NOTE] == []

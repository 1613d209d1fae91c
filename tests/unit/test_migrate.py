"""What carries over is rewritten and nothing else; what does not stays, with the reason."""

from __future__ import annotations

import json
import os
import stat
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.cib.document import UnreadableConfiguration
from ocf_py.migration.markup import Markup
from ocf_py.migration.rewriting import explain, rewrite
from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.our_agents import load_agents
from ocf_py.toolkit.replacing import replace_with_backup
from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from ocf_py.agent import Agent
    from ocf_py.migration.rewriting import Rewriting

CORPUS = Path(__file__).parents[1] / "data/cib-migrate"
INPUTS = sorted(path for path in CORPUS.glob("*.xml") if not path.name.endswith(".expected.xml"))


@cache
def _agents() -> dict[str, type[Agent]]:
    return load_agents()


def _rewrite(path: Path) -> Rewriting:
    return rewrite(path, path.read_bytes(), _agents())


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.stem)
def test_what_carries_over_is_rewritten_and_the_rest_is_explained(path: Path) -> None:
    rewriting = _rewrite(path)
    assert rewriting.after == path.with_suffix(".expected.xml").read_bytes()
    assert list(explain(rewriting)) == path.with_suffix(".txt").read_text().splitlines()


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.stem)
def test_a_second_time_changes_nothing(path: Path) -> None:
    once = _rewrite(path)
    twice = rewrite(path, once.after, _agents())
    assert twice.after == once.after
    assert not twice.moves
    assert [one.resource.id for one in twice.left] == [one.resource.id for one in once.left]


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: path.stem)
def test_no_id_is_lost_but_those_of_what_is_left_out_and_none_is_there_twice(path: Path) -> None:
    rewriting = _rewrite(path)
    before, after = (_ids(text) for text in (rewriting.before, rewriting.after))
    assert len(set(after)) == len(after)
    lost = set(before) - set(after)
    dropped = {
        setting.element.get("id")
        for move in rewriting.moves
        for setting, outcome in move.outcomes
        if not hasattr(outcome, "value")
    }
    assert lost == dropped


def _ids(text: bytes) -> list[str]:
    root = etree.fromstring(text)
    for status in root.findall("status"):
        root.remove(status)
    return [str(one.get("id")) for one in root.iter(etree.Element) if one.get("id") is not None]


def test_a_text_that_is_not_edited_stays_as_it_is() -> None:
    for path in INPUTS:
        with path.open(encoding="latin-1", newline="") as file:
            text = file.read()
        assert Markup(text).text() == text


def test_what_ours_would_refuse_is_never_written() -> None:
    text = (CORPUS / "addresses.xml").read_text().replace('value="192.0.2.10"', 'value="nowhere"')
    rewriting = rewrite(Path("cib.xml"), text.encode(), _agents())
    (left,) = (one for one in rewriting.left if one.resource.id == "plain")
    (reason,) = left.reasons
    assert reason.startswith("ours refuses it: ip='nowhere' is not an IP address")
    assert b'"nowhere"' in rewriting.after


def test_a_resource_within_a_parameter_that_is_left_out_is_no_configuration() -> None:
    inner = '<primitive id="b" class="systemd" type="b"/>'
    text = (
        '<primitive id="a" class="ocf" provider="heartbeat" type="IPaddr2">'
        '<instance_attributes id="c"><nvpair id="d" name="ip" value="192.0.2.1"/>'
        f'<nvpair id="e" name="arp_sender" value="send_arp">{inner}</nvpair>'
        "</instance_attributes></primitive>"
    )
    with pytest.raises(UnreadableConfiguration, match="stands in a parameter"):
        rewrite(Path("cib.xml"), text.encode(), _agents())


@pytest.fixture
def cib(tmp_path: Path) -> Path:
    path = tmp_path / "cib.xml"
    path.write_bytes((CORPUS / "filesystems.xml").read_bytes())
    return path


def test_nothing_is_written_without_write(cib: Path) -> None:
    before = cib.read_bytes()
    done = run_cli("migrate", cib)
    assert done.returncode == 1, "some resources stay"
    assert done.stdout.startswith(f"--- {cib}\n+++ {cib}\n@@ ")
    assert "\x1b" not in done.stdout + done.stderr, "no colours but on a terminal"
    assert done.stderr.endswith("not written: that takes --write\n")
    assert cib.read_bytes() == before
    assert os.listdir(cib.parent) == ["cib.xml"]


def test_write_replaces_the_file_and_keeps_what_it_was(cib: Path) -> None:
    before = cib.read_bytes()
    cib.chmod(0o640)
    link = cib.with_name("link.xml")
    link.symlink_to(cib.name)
    cib.with_name("cib.xml.bak").write_text("an earlier one")
    done = run_cli("migrate", link, "--write", "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (1, "")
    assert link.is_symlink()
    assert cib.read_bytes() == (CORPUS / "filesystems.expected.xml").read_bytes()
    assert stat.S_IMODE(cib.stat().st_mode) == 0o640
    assert said["backup"] == f"{cib}.bak.2"
    assert Path(said["backup"]).read_bytes() == before
    assert cib.with_name("cib.xml.bak").read_text() == "an earlier one"
    assert sorted(os.listdir(cib.parent)) == ["cib.xml", "cib.xml.bak", "cib.xml.bak.2", "link.xml"]
    assert said["written"] is True
    assert {one["resource"] for one in said["left"]} == {"dashed", "blank", "system", "typeless"}
    plain = next(one for one in said["moved"] if one["resource"] == "plain")
    assert plain == {
        "resource": "plain",
        "line": 5,
        "from": "ocf:heartbeat:Filesystem",
        "to": "ocf:ocfpy:Filesystem",
        "notes": [],
    }


def test_all_that_carries_over_is_status_0_and_so_is_nothing_to_do(tmp_path: Path) -> None:
    path = tmp_path / "cib.xml"
    path.write_text('<primitive id="web" class="systemd" type="nginx"/>')
    done = run_cli("migrate", path, "--write")
    assert (done.returncode, path.read_text().count('"nginx"')) == (0, 1)
    done = run_cli("migrate", path, "--write")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{path}: nothing in it that ours could stand in for\n"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is no XML"),
        (bytes(range(256)), "it is no XML"),
        (b"<html/>", "<html> is no part of a Pacemaker configuration"),
        (b"<cib><configuration>", "it is no XML"),
        (b"<!DOCTYPE cib [<!ENTITY e 'x'>]><cib>&e;</cib>", "it has a DOCTYPE"),
    ],
)
def test_what_is_no_configuration_is_one_line_and_status_2(
    cib: Path, content: bytes, why: str
) -> None:
    cib.write_bytes(content)
    done = run_cli("migrate", cib, "--write")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ocf-py: {cib}: {why}")
    assert cib.read_bytes() == content


def test_what_cannot_be_read_or_replaced_is_one_line_and_status_2(cib: Path) -> None:
    before = cib.read_bytes()
    cib.with_name("cib.xml.sig").write_text("0")
    for path in (cib, cib.parent, cib.with_name("none.xml")):
        done = run_cli("migrate", path, "--write")
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
        assert done.stderr.startswith(f"ocf-py: {path}: ")
    assert cib.read_bytes() == before


def test_a_file_that_has_changed_meanwhile_is_left_alone(cib: Path) -> None:
    with pytest.raises(ToolkitError, match="has changed meanwhile"):
        replace_with_backup(cib, b"what was read", b"what is to come")
    assert os.listdir(cib.parent) == ["cib.xml"]

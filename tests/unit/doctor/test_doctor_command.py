"""`ocf-py doctor` as it is used: codes, JSON, and CIBs that are none."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from ocf_py.toolkit.doctor import _find_resources
from tests.unit.doctor.nodes import FakeNode
from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("kind", ["absent", "directory", "empty", "binary", "html", "endless"])
def test_a_cib_that_is_none_is_status_2_and_one_line(tmp_path: Path, kind: str) -> None:
    cib = tmp_path / "cib.xml"
    if kind == "directory":
        cib.mkdir()
    elif kind == "endless":
        cib.symlink_to("/dev/zero")
    elif kind != "absent":
        cib.write_bytes({"binary": os.urandom(300), "html": b"<html/>"}.get(kind, b""))
    done = run_cli("doctor", cib)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"ocf-py: {cib}: ")


def test_each_line_of_the_json_says_what_why_and_what_to_do(tmp_path: Path) -> None:
    cib = tmp_path / "cib.xml"
    cib.write_text("<configuration><resources/></configuration>")
    done = run_cli("doctor", cib, "--json")
    answer = json.loads(done.stdout)
    assert answer["cib"] == str(cib)
    assert {tuple(one) for one in answer["findings"]} == {
        ("check", "verdict", "subject", "message", "consequence", "remedy")
    }
    is_fine = all(one["verdict"] == "fine" for one in answer["findings"])
    assert done.returncode == (0 if is_fine else 1)


def test_there_are_colours_on_a_terminal_alone(tmp_path: Path) -> None:
    cib = tmp_path / "cib.xml"
    cib.write_text("<cib><configuration/></cib>")
    done = run_cli("doctor", cib)
    assert "\x1b" not in done.stdout
    assert done.stdout.startswith(f"looked at the resources of {cib}\n")


def test_without_a_file_it_asks_the_cluster_that_runs_here(tmp_path: Path) -> None:
    cib = (
        '<cib><configuration><resources><primitive id="a" class="systemd" type="b"/>'
        "</resources></configuration></cib>"
    )
    node = FakeNode(tmp_path, answers={"cibadmin --query": (0, cib)})
    origin, resources = _find_resources(node, None)
    assert origin == "the running cluster"
    assert [one.id for one in resources or ()] == ["a"]


def test_where_no_cluster_runs_it_takes_the_cib_of_the_last_one(tmp_path: Path) -> None:
    node = FakeNode(tmp_path, answers={"cibadmin --query": (102, "")})
    assert _find_resources(node, None) == (None, None)
    node.write("/var/lib/pacemaker/cib/cib.xml", "<cib><configuration/></cib>")
    assert _find_resources(node, None) == ("/var/lib/pacemaker/cib/cib.xml", [])

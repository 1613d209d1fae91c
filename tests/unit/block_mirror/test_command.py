"""`ocf-py drbd` on the command line: its codes, and one line for what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ocf_py.drbd import fencing, marks
from ocf_py.drbd.tools import Drbd
from ocf_py.toolkit.drbd import drbd
from tests.unit.block_mirror.captures import DATA, read
from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


_STATUS = "drbdsetup status --json data"
NAME = "a-resource-that-is-nowhere"


@pytest.mark.parametrize("command", ["fence-peer", "unfence"])
def test_by_hand_the_resource_and_the_peer_have_to_be_said(command: str) -> None:
    done = run_cli("drbd", command)
    assert done.returncode == 2
    assert done.stderr == (
        "ocf-py: DRBD_RESOURCE is not set; DRBD sets it; by hand say --resource NAME --peer NODE\n"
    )


@pytest.mark.parametrize("command", ["fence-peer", "unfence"])
def test_a_resource_that_is_down_is_1_in_one_line(command: str) -> None:
    done = run_cli("drbd", command, "--resource", NAME, "--peer", "n2")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"ocf-py: {command} {NAME}: {NAME} is down here")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("bad", [("--timeout", "soon"), ("--timeout", "-1"), ("--bogus",)])
def test_misuse_is_2(bad: tuple[str, ...]) -> None:
    assert run_cli("drbd", "fence-peer", "--resource", NAME, *bad).returncode == 2


@pytest.mark.parametrize("code", [4, 5, 6, 7])
def test_drbd_reads_the_handlers_code(
    code: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fence(self: fencing.Handler, policy: str, booted: float, mark: object) -> int:
        self._say(f"the policy is {policy}")
        return code

    monkeypatch.setattr(fencing.Handler, "fence", fence)
    monkeypatch.setattr(marks, "RUN_DIRECTORY", str(tmp_path / "run"))
    monkeypatch.setattr(Drbd, "is_up", lambda _: True)
    monkeypatch.setattr(Drbd, "fencing_policy", lambda _: "resource-and-stonith")
    arguments = ["fence-peer", "--resource", NAME, "--peer", "n2"]
    done = CliRunner().invoke(drbd, arguments)
    assert done.exit_code == code
    assert done.output == f"{NAME}: the policy is resource-and-stonith\n"
    told = CliRunner().invoke(drbd, [*arguments, "--json"])
    assert told.exit_code == code
    assert json.loads(told.output) == {
        "resource": NAME,
        "code": code,
        "said": ["the policy is resource-and-stonith"],
    }


def test_where_no_mark_can_be_left_fencing_goes_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fence(self: fencing.Handler, policy: str, booted: float, mark: Callable[[], None]) -> int:
        mark()
        return 7

    (tmp_path / "file").touch()
    monkeypatch.setattr(fencing.Handler, "fence", fence)
    monkeypatch.setattr(marks, "RUN_DIRECTORY", str(tmp_path / "file"))
    monkeypatch.setattr(Drbd, "is_up", lambda _: True)
    monkeypatch.setattr(Drbd, "fencing_policy", lambda _: "dont-care")
    done = CliRunner().invoke(drbd, ["fence-peer", "--resource", NAME, "--peer", "n2"])
    assert done.exit_code == 7
    assert done.output.startswith(f"{NAME}: no mark is left for the monitor: ")


@pytest.mark.parametrize("command", ["drbdsetup events2 --now --statistics data", _STATUS])
def test_a_state_is_explained_from_either_source(command: str, tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text(read(DATA / "drbd-9/quorum-lost.txt", command))
    done = run_cli("drbd", "explain", "data", path)
    assert done.returncode == 1
    first, *rest = done.stdout.splitlines()
    assert first == "data: Primary"
    assert rest[:2] == ["    I/O is frozen (quorum)", "    quorum is lost"]
    state = "promoted, and I/O waits for quorum"
    assert rest[-1].startswith(f"    score as it was: {state}: ")
    told = json.loads(run_cli("drbd", "explain", "data", path, "--json").stdout)
    assert (told["role"], told["score"], told["state"]) == ("Primary", None, state)
    path.write_text(read(DATA / "drbd-9/three-nodes-in-sync.txt", command))
    assert run_cli("drbd", "explain", "data", path).returncode == 0


@pytest.mark.parametrize("content", [b"", b"\xff\0", b"[", b"{}", b"<html>", b"exists resource"])
def test_what_is_no_state_is_2_in_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_bytes(content)
    done = run_cli("drbd", "explain", "data", path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert run_cli("drbd", "explain", "data", tmp_path / "nowhere").returncode == 2


def test_a_resource_that_is_not_there_is_1(tmp_path: Path) -> None:
    path = tmp_path / "state"
    path.write_text("[]")
    assert run_cli("drbd", "explain", "data", path).returncode == 1
    assert run_cli("drbd", "explain", NAME).stderr == f"ocf-py: {NAME} is down\n"
    assert run_cli("drbd", "explain", "").returncode == 2

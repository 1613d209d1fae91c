"""`ocf-py drbd` on the command line: its codes, and one line for what is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from ocf_py.drbd import fencing
from ocf_py.drbd.reading import parse
from ocf_py.drbd.tools import Drbd
from ocf_py.toolkit.drbd import drbd
from tests.unit.block_mirror.captures import events
from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from ocf_py.drbd.picture import Resource

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
def test_drbd_reads_the_handlers_code(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fence(self: fencing.Handler, resource: Resource | None, policy: str) -> int:
        assert resource is not None
        self._say(f"the policy is {policy}")
        return code

    monkeypatch.setattr(fencing.Handler, "fence", fence)
    monkeypatch.setattr(Drbd, "look", lambda _: parse(events("32-fencing-suspended-io.n2"), "r0"))
    monkeypatch.setattr(Drbd, "show", lambda _: "net {\n fencing resource-and-stonith;\n}\n")
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

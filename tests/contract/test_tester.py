"""`ocf-py test` as a user and a script meet it: our agents, the machine itself, every format."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.catalogue.places import OCF_ROOT
from tests.contract.broken_agents import AGENTS

if TYPE_CHECKING:
    from pathlib import Path

_STATE = ("-o", "state=/run/ocf-py-test.state")


def run_test(*words: str | Path) -> subprocess.CompletedProcess[str]:
    code = "import sys; from ocf_py.toolkit import main; main()"
    argv = [sys.executable, "-c", code, "test", *map(str, words)]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("agent", ["Dummy", "Stateful"])
def test_our_agents_are_clean_in_the_sandbox(launchers: Path, agent: str) -> None:
    identity = ("-o", "state=/run/a.state", "--other", "state=/run/b.state")
    done = run_test("--sandbox", "--json", launchers / agent, *identity)
    said = json.loads(done.stdout)
    assert [one for one in said["rules"] if one["state"] in ("broken", "not run")] == []
    assert (done.returncode, done.stderr) == (0, "")
    assert said["counts"]["holds"] > 40


def test_a_fault_is_told_with_its_calls_in_every_format(tmp_path: Path) -> None:
    junit = tmp_path / "report.xml"
    words = ("--sandbox", AGENTS / "second-start-fails", *_STATE)
    rule = ("--rule", "start-is-idempotent")
    done = run_test(*words, *rule, "--json", "--junit", junit)
    assert done.returncode == 1
    (fault,) = [one for one in json.loads(done.stdout)["rules"] if one["state"] == "broken"]
    assert (fault["id"], fault["severity"]) == ("start-is-idempotent", "error")
    assert fault["consequence"]
    assert [one["action"] for one in fault["calls"]] == ["start", "start"]
    assert fault["calls"][1]["command"].endswith("second-start-fails start")
    assert fault["again"].endswith("--rule start-is-idempotent")
    suite = etree.parse(str(junit)).getroot()
    (failed,) = [one for one in suite.iterfind("testcase") if one.find("failure") is not None]
    assert failed.get("name") == "start-is-idempotent"
    assert suite.get("failures") == "1"

    table = run_test(*words, *rule, "-q")
    assert "error      start of what runs is 0" in table.stdout
    assert "by hand: env -i " in table.stdout
    assert "\x1b" not in table.stdout
    assert "holds      " not in table.stdout


def test_on_the_machine_what_could_do_harm_is_not_run_and_nothing_is_left() -> None:
    done = run_test("--json", AGENTS / "sound-process", *_STATE)
    said = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert said["where"] == "on this machine"
    states = {one["id"]: one["state"] for one in said["rules"]}
    assert states["life"] == states["start-is-idempotent"] == "holds"
    assert states["killed-start-recovers"] == states["idle-with-garbage"] == "not run"
    assert not os.path.exists("/run/ocf-py-test.state")


def test_what_is_active_on_the_machine_is_left_alone() -> None:
    state = "/run/ocf-py-test-active.state"
    with open(state, "w", encoding="ascii"):
        pass
    try:
        done = run_test(AGENTS / "sound", "-o", f"state={state}")
        assert (done.returncode, done.stdout) == (2, "")
        assert "active on this machine already" in done.stderr
        assert os.path.exists(state)
    finally:
        os.unlink(state)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonesuch"], "nonesuch: there is no such agent"),
        (["/etc"], "/etc: there is no such file"),
        (["/etc/passwd"], "/etc/passwd: is not executable"),
        ([AGENTS / "sound"], "needs state, which is not given; add -o state=..."),
        ([AGENTS / "sound", "-o", "stat=x"], "has no parameter stat; there is state"),
        ([AGENTS / "sound", "-o", "state"], "-o state: is no name=value"),
        ([AGENTS / "sound", "-o", "st-ate=x"], "-o st-ate=x: is no name=value"),
        ([AGENTS / "sound", *_STATE, "-n", ""], "is no name for a resource"),
        ([AGENTS / "sound", *_STATE, "--rule", "lif"], "there is no such rule; there is life"),
        ([AGENTS / "sound", *_STATE, "--prepare", "true"], "--prepare: is for a --sandbox"),
        (["--sandbox", AGENTS / "sound", *_STATE, "--prepare", "'"], "No closing quotation"),
        (["--sandbox", AGENTS / "sound", *_STATE, "--prepare", "false"], "--prepare: env -i "),
    ],
)
def test_what_cannot_be_used_is_one_line_and_status_2(words: list[str | Path], said: str) -> None:
    done = run_test(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_flags_of_ocf_tester_are_taken() -> None:
    agent = OCF_ROOT / "resource.d/heartbeat/Dummy"
    flags = ("-v", "-q", "-d", "-X", "-L", "-n", "tested", "-o", "fake=x=y")
    done = run_test("--sandbox", *flags, "--rule", "life", agent)
    assert done.returncode == 0, done.stdout
    for question in ("-h", "-?", "--help"):
        assert "heartbeat:Dummy" in run_test(question).stdout


def test_an_agent_that_says_nothing_of_itself_is_a_fault_and_no_traceback(tmp_path: Path) -> None:
    agent = tmp_path / "Garbage"
    agent.write_bytes(b"#!/bin/sh\nprintf '\\377\\000<x'\n")
    agent.chmod(0o755)
    done = run_test("--sandbox", "--json", agent)
    assert (done.returncode, done.stderr) == (1, "")
    states = {one["id"]: one["state"] for one in json.loads(done.stdout)["rules"]}
    assert (states["metadata-is-valid"], states["life"]) == ("broken", "not run")


def test_a_terminal_sees_progress_and_colours() -> None:
    ours, its = pty.openpty()
    code = "from ocf_py.toolkit import main; main()"
    words = ["test", "--sandbox", str(AGENTS / "sound"), *_STATE, "--rule", "life"]
    process = subprocess.Popen(
        [sys.executable, "-c", code, *words], stdout=its, stderr=its, stdin=its, close_fds=True
    )
    os.close(its)
    seen = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # EIO: the other end is closed
            break
        if not part:
            break
        seen += part
    os.close(ours)
    assert process.wait() == 0
    assert b"1/1" in seen
    assert b"\x1b[32mholds" in seen

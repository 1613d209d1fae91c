"""`ocf-py test` as a user and a script meet it: our agents, the machine itself, every format."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from ocf_py.catalogue.places import OCF_ROOT
from tests.contract.broken_agents import AGENTS
from tests.contract.subjects import SUBJECTS, TESTED

if TYPE_CHECKING:
    from pathlib import Path

# Another build may test on this machine, too.
_STATE_FILE = f"/run/ocf-py-test-{os.getpid()}.state"
_STATE = ("-o", f"state={_STATE_FILE}")


def start_test(*words: str | Path, folder: Path | None = None) -> subprocess.Popen[str]:
    """`ocf-py test`, with its temporary files in that folder, at a terminal that can hang up."""
    heard = "import signal; signal.signal(signal.SIGHUP, signal.SIG_DFL)"  # not so under nohup(1)
    code = f"{heard}; from ocf_py.toolkit import main; main()"
    argv = [sys.executable, "-c", code, "test", *map(str, words)]
    environment = {**os.environ, "TMPDIR": str(folder)} if folder else None
    pipe = subprocess.PIPE
    return subprocess.Popen(argv, env=environment, stdout=pipe, stderr=pipe, text=True)


def run_test(*words: str | Path) -> subprocess.CompletedProcess[str]:
    process = start_test(*words)
    out, problem = process.communicate()
    return subprocess.CompletedProcess(process.args, process.returncode, out, problem)


def give(option: str, **values: str) -> list[str]:
    """The words that give parameters."""
    return [word for name, text in values.items() for word in (option, f"{name}={text}")]


_STATEFUL = [*give("-o", state="/run/a.state"), *give("--other", state="/run/b.state")]
_CLONE = ("clone=0", "clone_max=1", "clone_node_max=1", "globally_unique=false", "notify=true")
_META = (*_CLONE, "promoted_max=1", "promoted_node_max=1")
_MIRROR = [
    *give("-o", address="node1=127.0.0.1", secrets_file="/run/secrets", interval="1s"),
    *give("-o", directory="/run/trees/a"),
    *(word for one in _META for word in ("-o", f"CRM_meta_{one}")),
    *("--prepare", "hostname node1"),
    *("--prepare", "mkdir /run/trees"),
    *("--prepare", "mount -t tmpfs trees /run/trees"),
    *("--prepare", "mkdir /run/trees/a"),
    *("--prepare", "touch /run/trees/a/file"),
    *("--prepare", 'sh -c "umask 077; echo pair:a-secret-of-the-pair >/run/secrets"'),
]
_ADDRESS = [*give("-o", ip="192.0.2.10", nic="eth0", cidr_netmask="24"), "--other", "ip=192.0.2.11"]


_OURS = {
    "IPaddr": _ADDRESS,
    "Filesystem": give("-o", device="/dev/scratch", directory="/run/mnt", fstype="ext4"),
    "Service": give("-o", command="/bin/sleep", args="1000"),
    "MirrorSync": _MIRROR,
    "Stateful": _STATEFUL,
}


def test_what_the_contract_leaves_to_this_is_done_here() -> None:
    assert sorted(SUBJECTS[one].type for one in TESTED) == sorted(_OURS)


@pytest.mark.parametrize(("agent", "words"), _OURS.items(), ids=_OURS)
def test_our_agents_are_clean_in_the_sandbox(launchers: Path, agent: str, words: list[str]) -> None:
    done = run_test("--sandbox", "--json", launchers / agent, *words)
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
    record = f"/run/ocfpy/Neighbour.{os.getpid()}"  # of a resource that runs here
    os.makedirs(os.path.dirname(record), 0o700, exist_ok=True)
    with open(record, "w", encoding="ascii"):
        pass
    try:
        done = run_test("--json", AGENTS / "sound-process", *_STATE)
        assert os.path.exists(record)
    finally:
        os.unlink(record)
    said = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert said["where"] == "on this machine"
    states = {one["id"]: one["state"] for one in said["rules"]}
    assert states["life"] == states["start-is-idempotent"] == "holds"
    for harmful in ("killed-start-recovers", "idle-with-garbage", "empty-value-means-absent"):
        assert states[harmful] == "not run"
    assert not os.path.exists(_STATE_FILE)


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


def make_agent(folder: Path, lines: str) -> Path:
    """A sound agent but for these lines, whose resource is a file."""
    agent = folder / "Odd"
    agent.write_text(f'#!/bin/sh\n. {AGENTS}/sound.sh\n{lines}\nrun "$@"\n')
    agent.chmod(0o755)
    return agent


def test_a_service_that_has_ended_on_the_machine_is_no_zombie_while_its_stop_waits(
    tmp_path: Path,
) -> None:
    (tmp_path / "sound.sh").symlink_to(AGENTS / "sound.sh")
    waits = "alive() { identify && kill -0 $pid; }"  # which is 0 for a zombie too
    agent = make_agent(tmp_path, f". {AGENTS}/sound_process.sh\n{waits}")
    done = run_test(agent, *_STATE, "--rule", "life")
    assert done.returncode == 0, done.stdout


def test_what_wrong_parameters_have_started_on_the_machine_is_stopped(tmp_path: Path) -> None:
    agent = make_agent(tmp_path, 'usable() { [ "$state" ]; }')
    wrong = "/run/ocf-py-test-wrong.state"
    rule = ("--rule", "wrong-parameters-are-refused", "--json")
    done = run_test(agent, *_STATE, "--wrong", f"state={wrong}", *rule)
    (broken,) = [one for one in json.loads(done.stdout)["rules"] if one["state"] == "broken"]
    assert broken["seen"] == "0"
    assert not os.path.exists(wrong)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_test_that_is_ended_on_the_machine_stops_what_it_was_starting(
    tmp_path: Path, number: signal.Signals
) -> None:
    state = tmp_path / "state"
    lines = 'usable() { [ "$state" ]; }\nup() { : >"$state"; sleep 0.5; }'
    agent = make_agent(tmp_path, lines)
    process = start_test(agent, "-o", f"state={state}", "--json", folder=tmp_path)
    while not state.exists():
        assert process.poll() is None
    process.send_signal(number)
    out, problem = process.communicate()
    assert (process.returncode, problem) == (130, "")
    said = json.loads(out)
    assert (said["complete"], said["left"]) == (False, [])
    assert {one["remark"] for one in said["rules"] if one["state"] == "not run"} == {"interrupted"}
    assert sorted(os.listdir(tmp_path)) == ["Odd"]


def test_what_cannot_be_stopped_on_the_machine_is_named_with_what_ends_it(tmp_path: Path) -> None:
    (tmp_path / "sound.sh").symlink_to(AGENTS / "sound.sh")
    agent = make_agent(tmp_path, f". {AGENTS}/sound_process.sh\ndown() {{ :; }}")
    done = run_test(agent, *_STATE, "--rule", "life", "--json")
    left = json.loads(done.stdout)["left"]
    pid = next(one["remedy"] for one in left if one["what"].endswith(": sleep 1000")).split()[1]
    os.kill(int(pid), signal.SIGKILL)
    os.unlink(_STATE[1].partition("=")[2])
    assert [one["what"] for one in left if "is active" in one["what"]] == [
        "the resource is active: stop answers 0, and monitor 0"
    ]
    assert {one["rule"] for one in left} == {"life"}
    assert done.returncode == 1


def test_a_file_that_the_kernel_does_not_execute_is_told_in_words(tmp_path: Path) -> None:
    agent = tmp_path / "Odd"
    agent.write_bytes(b"\0\1")
    agent.chmod(0o755)
    said = json.loads(run_test(agent, "--rule", "metadata-is-valid", "--json").stdout)
    (rule,) = said["rules"]
    assert f"{agent} cannot be executed: Exec format error" in rule["seen"]


def test_what_is_neither_active_nor_stopped_is_not_tried_on_the_machine(tmp_path: Path) -> None:
    agent = make_agent(tmp_path, 'look() { fail 1 "who knows"; }')
    done = run_test(agent, *_STATE, "--rule", "stop-is-idempotent")
    assert (done.returncode, done.stdout) == (2, "")
    assert "monitor says 1 (who knows)" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonesuch"], "nonesuch: there is no such agent"),
        (["/etc"], "/etc: is a folder, and no agent"),
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

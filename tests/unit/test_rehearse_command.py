"""`ocf-py lab rehearse` and `soak` at the command line; what plays is put in their lab's place."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from click.testing import CliRunner
from lxml import html

from ocf_py.lab.errors import LabError, UnsuitableLabError
from ocf_py.rehearsal import planning, rehearsal
from ocf_py.rehearsal.judge import judge
from ocf_py.toolkit.lab import lab as command_line
from tests.unit.rehearsal.plays import power_loss

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.testing import Result

EXAMPLES = Path(__file__).parents[2] / "examples/cib"
ADDRESS = str(EXAMPLES / "address.xml")


class Asked(rehearsal.Company):
    """Is asked to play, and plays on paper; `asked` keeps how."""

    asked: tuple[object, ...] = ()
    breaks_at = ""
    ends_with: BaseException | None = None
    changes: dict[str, Any] = {}  # noqa: RUF012 - a test puts its own there

    def __init__(self, *words: Any) -> None:
        super().__init__(*words)
        self._run = words[1]

    def play_all(self, one: planning.Plan, names: Any, rounds: int = 1) -> None:
        self._note(one.name, list(names), rounds)

    def play_by_chance(self, one: planning.Plan, names: Any, seconds: float, seed: int) -> None:
        self._note(one.name, list(names), seconds, seed)

    def _note(self, *words: object) -> None:
        if words[0] == self.breaks_at:
            raise LabError("no node answers")
        type(self).asked = words
        play = power_loss(**self.changes)
        play.verdicts = judge(play)
        self._run.plays.append(play)
        if self.ends_with is not None:
            raise self.ends_with


@pytest.fixture
def company(monkeypatch: pytest.MonkeyPatch) -> type[Asked]:
    monkeypatch.setattr(planning, "build_lab", lambda *_: contextlib.nullcontext())
    monkeypatch.setattr("ocf_py.toolkit.lab_rehearse.check_root", lambda: None)
    made = type("Made", (Asked,), {})
    monkeypatch.setattr(rehearsal, "Company", made)
    return made


# Of Click 8.1 it would mix both outputs; later ones cannot.
_APART: dict[str, Any] = (
    {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
)


def invoke(*words: str) -> Result:
    return CliRunner(**_APART).invoke(command_line, words)


def test_a_soak_is_told_its_seconds_and_its_seed(company: type[Asked]) -> None:
    done = invoke("soak", ADDRESS, "--minutes", "0.5", "--seed", "7", "--fault", "move", "--json")
    assert done.exit_code == 0, done.stderr
    assert company.asked == ("address.xml", ["move"], 30.0, 7)
    assert json.loads(done.stdout)["seed"] == 7
    assert "seed 7\n" in done.stderr


def test_a_rehearsal_plays_each_fault_once_and_beside_the_peers_seven_times(
    company: type[Asked],
) -> None:
    assert invoke("rehearse", ADDRESS, "--fault", "move").exit_code == 0
    assert company.asked == ("address.xml", ["move"], 1)
    assert invoke("rehearse", ADDRESS, "--fault", "move", "--peer").exit_code == 0
    assert company.asked == ("address.xml", ["move"], 7)


def test_a_rule_that_does_not_hold_ends_with_1(company: type[Asked]) -> None:
    company.changes = {"fenced": ["n2"]}
    done = invoke("rehearse", ADDRESS, "--fault", "move")
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1] == "1 played, 1 failed"


def test_a_lab_that_breaks_down_ends_the_plays_of_its_cib_alone(company: type[Asked]) -> None:
    company.breaks_at = "address.xml"
    done = invoke("rehearse", ADDRESS, str(EXAMPLES / "dummy.xml"))
    assert done.exit_code == 1
    assert company.asked[0] == "dummy.xml"
    assert "BROKEN OFF  address.xml: no node answers" in done.stdout.splitlines()
    assert "address.xml: broken off: no node answers" in done.stderr


@pytest.mark.parametrize("command", ["rehearse", "soak"])
@pytest.mark.parametrize(
    ("error", "said"),
    [
        (LabError("no node answers"), "no node answers"),
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (AssertionError(), "AssertionError"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_what_is_broken_off_has_not_passed_and_is_told_all_the_same(
    company: type[Asked], tmp_path: Path, command: str, error: BaseException, said: str
) -> None:
    company.ends_with = error
    words = (command, ADDRESS, "--fault", "move", "--fault", "standby", "--report", str(tmp_path))
    done = invoke(*words)
    assert done.exit_code == 1
    count = "1 of 2 played" if command == "rehearse" else "1 played"
    assert done.stdout.splitlines()[-2:] == [
        f"BROKEN OFF  {said}",
        f"broken off: {count}, 0 failed",
    ]
    facts = json.loads((tmp_path / "report.json").read_text())
    assert (facts["passed"], facts["troubles"], facts["played"]) == (False, [said], 1)
    assert facts["planned"] == (2 if command == "rehearse" else None)
    page: Any = html.fromstring((tmp_path / "index.html").read_bytes())
    assert page.xpath("//h1/following-sibling::span/text()") == ["broken off"]
    assert json.loads(invoke(*words, "--json").stdout) == {**facts, "seed": mock.ANY}


def test_a_report_that_cannot_be_written_is_said_before_all_play(
    company: type[Asked], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    done = invoke("rehearse", ADDRESS, "--report", str(tmp_path / "file/report"))
    assert company.asked == ()
    assert str(done.exception) == (
        f"--report {tmp_path}/file/report: Not a directory; name a folder that can be written to"
    )


def test_where_nothing_can_be_played_nothing_is_made_for_the_report(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    done = invoke("rehearse", ADDRESS, "--name", "ad/min", "--report", str(folder))
    assert isinstance(done.exception, UnsuitableLabError)
    assert not folder.exists()


def test_a_report_that_cannot_be_written_any_more_hides_no_answer(
    company: type[Asked], tmp_path: Path
) -> None:
    del company
    (tmp_path / "index.html").mkdir()
    done = invoke("rehearse", ADDRESS, "--fault", "move", "--report", str(tmp_path), "--json")
    assert json.loads(done.stdout)["passed"]
    assert str(done.exception) == (
        f"cannot write the report to {tmp_path}: Is a directory; "
        "make room there, or name another folder with --report"
    )


def test_where_the_report_is_lost_the_terminal_has_what_failed_in_full(
    company: type[Asked], tmp_path: Path
) -> None:
    company.changes = {"fenced": ["n2"]}
    (tmp_path / "report.json").mkdir()
    done = invoke("rehearse", ADDRESS, "--fault", "move", "--report", str(tmp_path))
    lines = done.stdout.splitlines()
    assert lines[0].startswith("FAILED  database.xml power-loss: ")
    assert lines[1].startswith("        fencing: fenced: n2")
    assert "           +3.200 s  n1 is fenced" in lines
    assert lines[-1] == "1 played, 1 failed"
    assert done.exit_code == 1


def test_where_nothing_was_played_an_earlier_report_stays_as_it_is(
    company: type[Asked], tmp_path: Path
) -> None:
    def read() -> dict[str, bytes]:
        return {one.name: one.read_bytes() for one in tmp_path.iterdir()}

    words = ("rehearse", ADDRESS, "--fault", "move", "--report", str(tmp_path))
    company.breaks_at = "address.xml"
    invoke(*words)  # where there is none, and after it
    company.breaks_at = ""
    assert invoke(*words).exit_code == 0
    earlier = read()
    assert len(earlier) == 3
    assert json.loads(earlier["report.json"])["passed"]
    company.breaks_at = "address.xml"
    done = invoke(*words)
    assert done.exit_code == 1
    assert done.stdout.splitlines()[-1] == "broken off: 0 of 1 played, 0 failed"
    assert f"nothing was played: the earlier report in {tmp_path} stays as it is" in done.stderr
    assert read() == earlier


@pytest.mark.parametrize("command", ["rehearse", "soak"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_in_order_and_a_second_one_does_not_disturb_that(
    company: type[Asked],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    number: signal.Signals,
) -> None:
    is_down: list[bool] = []

    @contextlib.contextmanager
    def build_lab(*_: object) -> Iterator[None]:
        try:
            yield
        finally:
            os.kill(os.getpid(), number)
            is_down.append(True)

    def play(self: Asked, *_: object) -> None:
        self._run.plays.append(power_loss())
        os.kill(os.getpid(), number)
        time.sleep(60)

    monkeypatch.setattr(planning, "build_lab", build_lab)
    monkeypatch.setattr(company, "_note", play)
    before, said = signal.getsignal(number), f"terminated by {number.name}"
    done = invoke(command, ADDRESS, "--report", str(tmp_path))
    assert done.exit_code == 128 + number
    assert is_down == [True]
    assert f"BROKEN OFF  {said}" in done.stdout.splitlines()
    facts = json.loads((tmp_path / "report.json").read_text())
    assert (facts["played"], facts["troubles"]) == (1, [said])
    assert signal.getsignal(number) == before


@pytest.mark.parametrize(
    ("number", "said", "code"),
    [
        (signal.SIGINT, "interrupted", 1),
        (signal.SIGTERM, "terminated by SIGTERM", 143),
        (signal.SIGHUP, "terminated by SIGHUP", 129),
    ],
)
def test_whoever_interrupts_several_labs_has_not_seen_them_pass(
    company: type[Asked],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    number: signal.Signals,
    said: str,
    code: int,
) -> None:
    def play_all(_: Asked, __: planning.Plan, names: tuple[str, ...], ___: int) -> None:
        if names == ("standby",):
            time.sleep(0.5)  # an exception amid the fork itself is nobody's
            os.kill(os.getppid(), number)
        time.sleep(60)

    monkeypatch.setattr(company, "play_all", play_all)
    words = ("rehearse", ADDRESS, "--fault", "move", "--fault", "standby", "--labs", "2")
    assert invoke(*words, "--report", str(tmp_path)).exit_code == code
    facts = json.loads((tmp_path / "report.json").read_text())
    assert (facts["passed"], facts["troubles"], facts["planned"]) == (False, [said], 2)


def test_beside_others_a_cib_that_no_lab_has_is_left_out_and_the_code_is_theirs(
    company: type[Asked], tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere.xml"
    elsewhere.write_text(Path(ADDRESS).read_text().replace("10.77.2.100", "nowhere"))
    done = invoke("rehearse", ADDRESS, str(elsewhere))
    assert done.exit_code == 0, done.stderr
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("not played")]
    assert line.startswith("not played: elsewhere.xml all: vip: ip='nowhere' is not an IP")


@pytest.mark.parametrize("labs", ["1", "2"])
def test_what_became_of_each_cib_is_told_and_reported_once(
    company: type[Asked], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, labs: str
) -> None:
    def play_all(self: Asked, one: planning.Plan, names: list[str], _: int) -> None:
        self._record.note(f"{one.name}: left out: what each of its labs says")
        self._tell(power_loss(cib=one.name, fault=names[0]))

    monkeypatch.setattr(company, "play_all", play_all)
    text = Path(ADDRESS).read_text()
    for name, address in (("a.xml", "192.0.2.10"), ("b<i>.xml", "192.0.2.20")):
        (tmp_path / name).write_text(text.replace("10.77.2.100", address))
    words = ["rehearse", *map(str, sorted(tmp_path.iterdir()))]
    words += ["--fault", "move", "--fault", "standby", "--labs", labs]
    done = invoke(*words, "--report", str(tmp_path / "report"))
    said = [
        "a.xml: vip: 192.0.2.10 is 10.77.2.150 on eth2 here",
        "b<i>.xml: vip: 192.0.2.20 is 10.77.2.150 on eth2 here",
    ]
    for line in said:
        assert done.stderr.count(line) == 1
    said += [f"{name}: left out: what each of its labs says" for name in ("a.xml", "b<i>.xml")]
    assert json.loads((tmp_path / "report/report.json").read_text())["notes"] == said
    page: Any = html.fromstring((tmp_path / "report/index.html").read_bytes())
    (heading,) = page.xpath("//h2[.='What became of the CIB']")
    assert heading.xpath("following-sibling::section[1]//li/text()") == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rehearse"], "no CIB is given"),
        (["rehearse", "nosuch.xml"], "nosuch.xml: No such file"),
        (["rehearse", ADDRESS, "--fault", "nope"], "there is no fault 'nope'"),
        (["rehearse", str(EXAMPLES / "block-mirror.xml"), "--nodes", "3"], "between 2 nodes"),
        (["rehearse", str(EXAMPLES / "hot-standby.xml"), "--peer"], "has no counterpart"),
        (["rehearse", ADDRESS, "--name", "ad/min"], "lab name 'ad/min': use up to 40"),
        (["rehearse", ADDRESS, "--name", "x" * 40, "--labs", "2"], "use up to 40"),
        (["rehearse", ADDRESS, "--state", f"/nowhere/{'d' * 80}"], "may have 80 bytes"),
        (["soak", ADDRESS, "--name", ""], "lab name '': use up to 40"),
        (["soak", ADDRESS, "--seed", "-1"], "invalid value for '--seed'"),
    ],
)
def test_what_cannot_be_played_is_one_line_and_code_2(words: list[str], said: str) -> None:
    command = [sys.executable, "-c", "from ocf_py.toolkit import main; main()", "lab", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line

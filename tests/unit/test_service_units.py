"""What Service makes of each state of a unit, over a fake systemd."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import ocf_py as ocf
from ocf_py.service.units import _lines_of_run
from service import Service
from tests.fakes.processes import FakeMachine
from tests.fakes.units import FakeUnits
from tests.unit.conftest import Caller

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[[FakeUnits], Caller]

_UNIT = {"unit": "lamp"}
_RECURRING = 10_000


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def over(fake: FakeUnits) -> Caller:
        class Agent(Service):
            """The service

            over a fake systemd.
            """

            @ocf.seam
            def units(self) -> Any:
                return fake

            @ocf.seam
            def machine(self) -> Any:
                return FakeMachine()

        return Caller(Agent, tmp_path)

    return over


@pytest.mark.parametrize(
    ("states", "probe", "recurring"),
    [
        (["active"], 0, 0),
        (["reloading"], 0, 0),
        (["refreshing"], 0, 0),
        (["inactive"], 7, 7),
        (["failed"], 7, 7),
        (["activating", "activating", "active"], 0, 0),
        (["activating", "failed"], 7, 7),
        (["deactivating", "inactive"], 7, 7),
        (["activating"], 1, 1),
        (["deactivating"], 1, 1),
        (["maintenance"], 1, 1),
        (["inactive+job", "inactive+job", "active"], 0, 0),
        (["inactive+job"], 1, 1),
        (["active+job"], 0, 0),
        (["", ""], 1, 1),
    ],
)
def test_each_state_has_its_answer(
    make: Make, states: list[str], probe: int, recurring: int
) -> None:
    assert make(FakeUnits(*states))("monitor", _UNIT, timeout=2000) == probe
    assert (
        make(FakeUnits(*states))("monitor", _UNIT, timeout=2000, interval=_RECURRING) == recurring
    )


def test_a_failed_unit_says_why_to_the_recurring_monitor(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    make(FakeUnits("failed"))("monitor", _UNIT, interval=_RECURRING)
    assert "lamp.service is failed: exit-code; the disk is gone" in capsys.readouterr().err


def test_start_and_stop_are_done_once(make: Make) -> None:
    fake = FakeUnits("inactive")
    fake.after_start = ["activating", "active"]
    call = make(fake)
    assert [call(action, _UNIT) for action in ("start", "start", "stop", "stop")] == [0] * 4
    assert fake.done == ["drop-in", "start", "lifted", "stop"]


def test_what_somebody_else_started_gets_the_setting_when_it_is_adopted(make: Make) -> None:
    fake = FakeUnits("active")
    call = make(fake)
    assert call("monitor", _UNIT, interval=_RECURRING) == 0
    assert call("monitor", _UNIT, interval=_RECURRING) == 0
    assert fake.done == ["drop-in"]
    assert call("stop") == 0
    assert fake.done == ["drop-in", "lifted", "stop"]


def test_a_setting_that_systemd_has_not_read_is_read_by_the_next_start(make: Make) -> None:
    fake = FakeUnits("inactive")
    call = make(fake)
    assert call("start", _UNIT) == 0
    fake.states, fake.is_unread, fake.done = ["inactive"], True, []
    assert call("start", _UNIT) == 0
    assert fake.done == ["drop-in", "start"]


def test_what_would_start_it_again_ends_with_it(make: Make) -> None:
    fake = FakeUnits("active")
    fake.triggers = {"lamp.socket": "active", "lamp.timer": "inactive", "lamp.path": "active"}
    call = make(fake)
    assert call("start", _UNIT) == 0
    assert call("stop", _UNIT) == 0
    assert fake.done[2:] == ["stop lamp.socket", "stop lamp.path", "lifted", "stop"]


def test_a_start_job_that_waits_is_taken_back_by_a_stop(make: Make) -> None:
    fake = FakeUnits("inactive+job")
    assert make(fake)("stop", _UNIT, timeout=2000) == 0
    assert fake.done == ["stop"]


def test_a_unit_that_ends_by_itself_is_told_what_it_lacks(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeUnits("inactive")
    fake.after_start, fake.result = ["inactive"], "success"
    assert make(fake)("start", _UNIT) == 1
    assert "RemainAfterExit=yes" in capsys.readouterr().err


@pytest.mark.parametrize("unit", ["foo@", "foo@.service", "@x.service", ".service", "a/b.service"])
def test_what_names_no_single_unit_is_refused(make: Make, unit: str) -> None:
    assert make(FakeUnits("inactive"))("validate-all", {"unit": unit}) == 6


@pytest.mark.parametrize("unit", ["openvpn@node.example.com", "x.nothing", "a.service", "b.swap"])
def test_what_systemctl_takes_for_a_name_is_one(make: Make, unit: str) -> None:
    assert make(FakeUnits("inactive"))("validate-all", {"unit": unit}) == 0


def test_a_setting_that_cannot_be_lifted_fails_no_stop(make: Make) -> None:
    fake = FakeUnits("active")
    call = make(fake)
    assert call("start", _UNIT) == 0
    fake.fails_to_lift = True
    assert call("stop", _UNIT) == 0
    assert fake.done[-1] == "stop"


def test_a_unit_that_hangs_in_deactivating_is_killed_and_reset(make: Make) -> None:
    fake = FakeUnits("active")
    fake.after_stop = ["deactivating"]
    call = make(fake)
    assert call("start", _UNIT) == 0
    assert call("stop", timeout=3000) == 0
    assert fake.done[-3:] == ["stop", "SIGKILL", "reset"]


def test_a_unit_that_even_a_kill_does_not_end_makes_stop_fail(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeUnits("active")
    fake.after_stop = fake.after_kill = ["deactivating"]
    call = make(fake)
    assert call("start", _UNIT) == 0
    assert call("stop", timeout=3000) == 1
    assert "stays deactivating" in capsys.readouterr().err
    assert call.recorded == _UNIT


def test_a_systemd_that_executes_itself_anew_is_asked_again(make: Make) -> None:
    fake = FakeUnits("active")
    fake.unanswered = 2
    call = make(fake)
    assert call("monitor", _UNIT, interval=_RECURRING) == 0
    fake.unanswered = 1000
    assert call("monitor", _UNIT, timeout=2000) == 1
    assert call("stop", _UNIT, timeout=2000) == 1


@pytest.mark.parametrize(
    ("load", "code"), [("not-found", 5), ("masked", 2), ("error", 2), ("bad-setting", 2)]
)
def test_what_cannot_be_loaded_is_not_started(make: Make, load: str, code: int) -> None:
    fake = FakeUnits("inactive", load=load)
    call = make(fake)
    assert call("start", _UNIT) == code
    assert call("monitor", _UNIT) == 7
    assert call("stop", _UNIT) == 0
    assert fake.done == []


def test_without_systemd_nothing_runs_and_nothing_is_started(make: Make) -> None:
    fake = FakeUnits("active")
    fake.is_booted = False
    call = make(fake)
    assert [call(action, _UNIT) for action in ("monitor", "stop", "start")] == [7, 0, 2]
    assert call("monitor", _UNIT, interval=_RECURRING) == 1


def test_a_damaged_record_hides_no_unit(make: Make) -> None:
    for parameters in (_UNIT, {}):
        fake = FakeUnits("inactive")
        call = make(fake)
        assert call("start", _UNIT) == 0
        call.spoil_record()
        assert call("monitor", parameters) == 0
        assert call("stop", parameters) == 0
        assert fake.done[-1] == "stop"
        assert call.recorded is None
        assert call("monitor", parameters) == 7


def test_what_is_not_started_for_this_resource_is_not_found_without_its_record(make: Make) -> None:
    fake = FakeUnits("active")
    fake.drop_ins["lamp.service"] = "# Of the cluster resource another; gone with the next boot.\n"
    call = make(fake)
    call.spoil_record()
    assert call("monitor", {}) == 7
    assert call("stop", {}) == 0
    assert fake.done == []


def test_what_a_unit_leaves_behind_is_a_failure_and_ends_with_it(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    for survived, signals in (((), ["SIGTERM"]), (("SIGTERM",), ["SIGTERM", "SIGKILL"])):
        fake = FakeUnits("inactive")
        fake.left = ["23 (worker, user 0)"]
        fake.after_kill = ["inactive"]
        fake.survived = survived
        call = make(fake)
        for interval in (0, _RECURRING):
            assert call("monitor", _UNIT, interval=interval) == 1
            assert "left behind 23 (worker, user 0)" in capsys.readouterr().err
        assert call("stop", _UNIT, timeout=2000) == 0
        assert fake.done == signals
        assert call("monitor", _UNIT) == 7


def test_a_stop_names_what_a_unit_leaves_behind_for_good(
    make: Make, capsys: pytest.CaptureFixture[str]
) -> None:
    fake = FakeUnits("inactive")
    fake.left = ["23 (worker, user 0)"]
    fake.after_kill = ["inactive"]
    fake.survived = ("SIGTERM", "SIGKILL")
    assert make(fake)("stop", _UNIT, timeout=2000) == 1
    assert "leaves behind 23" in capsys.readouterr().err


def test_a_start_ends_what_the_unit_left_behind(make: Make) -> None:
    fake = FakeUnits("inactive")
    fake.left = ["23 (worker, user 0)"]
    fake.after_kill = ["inactive"]
    assert make(fake)("start", _UNIT) == 0
    assert fake.done == ["SIGTERM", "drop-in", "start"]


def test_what_a_run_said_is_found_though_its_process_had_gone_before_the_journal_looked() -> None:
    entries = (
        {"MESSAGE": "an old cause", "_SYSTEMD_INVOCATION_ID": "a"},
        {"MESSAGE": "a line without a name, of the old run"},
        {"MESSAGE": "Starting it...", "INVOCATION_ID": "b"},
        {"MESSAGE": "no such disk", "_SYSTEMD_UNIT": "it.service"},
        {"MESSAGE": [110, 111, 255], "_SYSTEMD_INVOCATION_ID": "b"},
        {"MESSAGE": None, "_SYSTEMD_INVOCATION_ID": "b"},
        {"MESSAGE": "of the next run", "_SYSTEMD_INVOCATION_ID": "c"},
    )
    text = "".join(f"{json.dumps(entry)}\n" for entry in entries)
    assert _lines_of_run(text, "b") == [
        "Starting it...",
        "no such disk",
        "no\N{REPLACEMENT CHARACTER}",
    ]
    assert "an old cause" in _lines_of_run(text, "")

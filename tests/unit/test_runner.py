"""From the environment to the exit code: the answers that no agent can spoil."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import ocf_py as ocf
from ocf_py.deadline import DeadlinePassed
from ocf_py.environment import Environment
from ocf_py.log import Log
from ocf_py.runner import _report_unexpected, run
from tests.fakes.lamp import Beacon, Lamp, Panel
from tests.unit.conftest import Caller

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = {"lamp": "a"}


@pytest.fixture
def lamp(panel: Panel, tmp_path: Path) -> Caller:
    return Caller(Lamp, tmp_path)


def reasons(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the exit reasons; nothing else may stand on stderr, and nothing at all on stdout."""
    heard = capsys.readouterr()
    assert heard.out == ""
    lines = heard.err.splitlines()
    assert all(line.startswith("ocf-exit-reason:") for line in lines), heard.err
    return [line.partition(":")[2] for line in lines]


def test_an_unknown_action_is_3_and_names_the_known_ones(
    lamp: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lamp("dance") == 3
    known = "start stop monitor reload-agent validate-all meta-data"
    assert reasons(capsys) == [f"Lamp has no action 'dance' (one of: {known})"]


def test_no_action_is_3(panel: Panel) -> None:
    assert run(Lamp, [], Environment({"HA_LOGFACILITY": "none"})) == 3


@pytest.mark.parametrize("action", ["promote", "demote", "notify", "migrate_to", "status", ""])
def test_what_is_not_declared_is_3(lamp: Caller, action: str) -> None:
    assert lamp(action, GIVEN) == 3


def test_further_arguments_are_ignored(panel: Panel, tmp_path: Path) -> None:
    variables = {"OCF_RESKEY_lamp": "a", "HA_LOGFACILITY": "none"}
    file = Caller(Lamp, tmp_path).file
    assert run(Lamp, ["monitor", "start", "--help"], Environment(variables), file) == 7
    assert panel.told == []


@pytest.mark.parametrize("action", ["start", "stop", "monitor", "validate-all"])
def test_another_major_version_is_an_error_without_effect(
    lamp: Caller, panel: Panel, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lamp(action, GIVEN, OCF_RA_VERSION_MAJOR="2") == 1
    assert panel.told == []
    assert "OCF_RA_VERSION_MAJOR must be 1" in reasons(capsys)[0]


def test_metadata_needs_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(Lamp, ["meta-data"], Environment({"OCF_RA_VERSION_MAJOR": "2"})) == 0
    assert capsys.readouterr().out.startswith("<?xml")


def test_validate_all_is_silent_on_success(
    lamp: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lamp("validate-all", GIVEN) == 0
    assert reasons(capsys) == []


def test_every_problem_of_the_parameters_is_in_the_reason(
    lamp: Caller, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lamp("start", {"colour": "blue", "watts": "0"}) == 6
    assert reasons(capsys) == [
        "lamp is required and not set; colour='blue' is none of red, green; watts='0' is below 1"
    ]


def test_a_secret_is_not_in_the_reason(
    panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Vault(Lamp):
        """A lamp in a vault"""

        secret = ocf.Integer("The number", required=True)

    assert Caller(Vault, tmp_path)("start", {**GIVEN, "secret": "hush"}) == 6
    assert "hush" not in reasons(capsys)[0]


def test_a_reason_is_one_line_with_its_hint(
    lamp: Caller, panel: Panel, capsys: pytest.CaptureFixture[str]
) -> None:
    panel.broken["start"] = ocf.Failure("no\npower\udcff", hint="plug\nit in")
    assert lamp("start", GIVEN) == 1
    assert reasons(capsys) == ["no power\\udcff (plug it in)"]


def test_a_mark_in_a_value_does_not_cut_the_reason_off(
    lamp: Caller, panel: Panel, capsys: pytest.CaptureFixture[str]
) -> None:
    panel.broken["start"] = ocf.Failure("no power for ocf-exit-reason:x")
    assert lamp("start", GIVEN) == 1
    assert reasons(capsys) == ["no power for ocf-exit-reasonx"]


@pytest.mark.parametrize(
    "error", [RuntimeError("boom\nbang"), KeyError("x"), RecursionError(), MemoryError()]
)
def test_an_unexpected_exception_is_1_and_one_plain_line(
    lamp: Caller, panel: Panel, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    panel.broken["start"] = error
    assert lamp("start", GIVEN) == 1
    (reason,) = reasons(capsys)
    assert reason.startswith(f"unexpected {type(error).__name__}")


def test_a_deadline_that_passes_outside_the_action_is_no_unforeseen_exception(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert _report_unexpected(DeadlinePassed("gave up"), Log(facility="none")) == 1
    assert reasons(capsys) == ["gave up"]


def test_the_traceback_is_in_the_log(
    lamp: Caller, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []
    monkeypatch.setattr("ocf_py.log.Log.error", lambda _, text: heard.append(text))
    panel.broken["start"] = RuntimeError("boom")
    lamp("start", GIVEN)
    assert any("Traceback" in text and "lamp.py" in text for text in heard)


def test_a_degraded_service_says_why(
    panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Flickering(Lamp):
        """A lamp that flickers"""

        @ocf.action(timeout=20, interval=10)
        def monitor(self) -> ocf.Status:
            return ocf.DEGRADED.because("it flickers")

    assert Caller(Flickering, tmp_path)("monitor", GIVEN) == 190
    assert reasons(capsys) == ["it flickers"]


def test_the_advertised_timeout_counts_where_the_caller_gives_none(
    panel: Panel, tmp_path: Path
) -> None:
    seen: list[float] = []

    class Curious(Lamp):
        """A lamp that looks at the clock"""

        @ocf.action(timeout=77)
        def start(self) -> None:
            seen.append(self.call.deadline.timeout)
            super().start()

    caller = Caller(Curious, tmp_path)
    caller("start", GIVEN, timeout=0)
    caller("stop")
    caller("start", GIVEN, timeout=5000)
    assert seen == [77, 5]


def test_a_call_knows_its_level_and_whether_it_recurs(panel: Panel, tmp_path: Path) -> None:
    seen: list[tuple[int, bool]] = []

    class Curious(Lamp):
        """A lamp that looks around"""

        @ocf.action(timeout=20, interval=10)
        def monitor(self) -> ocf.Status:
            seen.append((self.call.level, self.call.is_recurring))
            return super().monitor()

    caller = Caller(Curious, tmp_path)
    caller("monitor", GIVEN, level=20)
    caller("monitor", GIVEN, level=10, interval=10_000)
    caller("start", GIVEN, level=20, interval=10_000)
    assert seen[:2] == [(20, False), (10, True)]
    assert set(seen[2:]) == {(0, False)}


def test_actions_of_a_base_agent_are_inherited(panel: Panel, tmp_path: Path) -> None:
    assert Caller(Beacon, tmp_path)("reload-agent", GIVEN) == 0


def test_a_long_reason_gives_way_to_its_remedy(
    lamp: Caller, panel: Panel, capsys: pytest.CaptureFixture[str]
) -> None:
    panel.broken["start"] = ocf.Failure("none of " + "eth0, " * 40, hint="name one with nic=")
    assert lamp("start", GIVEN) == 1
    (reason,) = reasons(capsys)
    assert len(reason) <= 127
    assert reason.startswith("none of eth0")
    assert reason.endswith("... (name one with nic=)")


def test_a_monitor_that_returns_no_status_is_told_so(
    panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Numeric(Lamp):
        """A lamp whose author thinks in numbers"""

        @ocf.action(timeout=20, interval=10)
        def monitor(self) -> ocf.Status:
            return 3  # type: ignore[return-value]

    assert Caller(Numeric, tmp_path)("monitor", GIVEN) == 1
    assert "monitor returned 3, which is no status" in reasons(capsys)[0]

"""One table pins what the runner makes of every action; the rules beside it have their sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import ocf_py as ocf
from ocf_py.cluster import Cluster
from tests.fakes.lamp import Beacon, KeenLamp, Lamp, Panel, SlowLamp
from tests.unit.conftest import Caller

if TYPE_CHECKING:
    from pathlib import Path

GIVEN = {"lamp": "a"}
BOOM = RuntimeError("boom")


@pytest.fixture
def lamp(panel: Panel, tmp_path: Path) -> Caller:
    return Caller(Lamp, tmp_path)


@pytest.fixture
def beacon(panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Caller:
    caller = Caller(Beacon, tmp_path)
    monkeypatch.setattr(
        Cluster, "set_promotion_score", lambda _, score: caller.scores.append(str(score))
    )
    monkeypatch.setattr(
        Cluster, "delete_promotion_score", lambda _: caller.scores.append("deleted")
    )
    return caller


# action, state before, what the method does (None: its work; "lame": nothing; an exception),
# → exit code, calls that reached the panel, state after
TABLE = [
    ("start", "off", None, 0, ["start a"], "on"),
    ("start", "on", None, 0, ["start a"], "on"),  # no record: it converges
    ("start", "promoted", None, 0, ["start a"], "on"),
    ("start", "off", "lame", 1, ["start a"], "off"),
    ("start", "off", ocf.Failure("no power"), 1, ["start a"], "off"),
    ("start", "off", ocf.UnusableHere("no such lamp"), 2, ["start a"], "off"),
    ("start", "off", ocf.NotPermitted("locked"), 4, ["start a"], "off"),
    ("start", "off", ocf.NotInstalled("no panel"), 5, ["start a"], "off"),
    ("start", "off", ocf.Misconfigured("no such lamp"), 6, ["start a"], "off"),
    ("start", "off", BOOM, 1, ["start a"], "off"),
    ("start", "off", ocf.NotRunning("no"), 1, ["start a"], "off"),
    ("stop", "on", ocf.NotRunning("no"), 1, ["stop a"], "on"),
    ("stop", "on", ocf.PromotedFailure("no"), 1, ["stop a"], "on"),
    ("promote", "on", ocf.Misconfigured("no"), 1, ["promote a"], "on"),
    ("stop", "off", None, 0, [], "off"),
    ("stop", "on", None, 0, ["stop a"], "off"),
    ("stop", "promoted", None, 0, ["stop a"], "off"),
    ("stop", "on", "lame", 1, ["stop a"], "on"),
    ("stop", "on", ocf.Failure("stuck"), 1, ["stop a"], "on"),
    ("stop", "on", ocf.UnusableHere("no such lamp"), 1, ["stop a"], "on"),
    ("stop", "on", ocf.NotInstalled("no panel"), 1, ["stop a"], "on"),
    ("stop", "on", ocf.Misconfigured("no such lamp"), 1, ["stop a"], "on"),
    ("stop", "on", BOOM, 1, ["stop a"], "on"),
    ("monitor", "off", None, 7, [], "off"),
    ("monitor", "on", None, 0, [], "on"),
    ("monitor", "promoted", None, 8, [], "promoted"),
    ("monitor", "on", ocf.Failure("dark"), 1, [], "on"),
    ("monitor", "on", ocf.PromotedFailure("dark"), 9, [], "on"),
    ("monitor", "on", BOOM, 1, [], "on"),
    ("promote", "off", None, 7, [], "off"),
    ("promote", "on", None, 0, ["promote a"], "promoted"),
    ("promote", "promoted", None, 0, [], "promoted"),
    ("promote", "on", "lame", 1, ["promote a"], "on"),
    ("promote", "on", ocf.Failure("not now"), 1, ["promote a"], "on"),
    ("promote", "on", BOOM, 1, ["promote a"], "on"),
    ("demote", "off", None, 7, [], "off"),
    ("demote", "on", None, 0, [], "on"),
    ("demote", "promoted", None, 0, ["demote a"], "on"),
    ("demote", "promoted", "lame", 1, ["demote a"], "promoted"),
    ("demote", "promoted", ocf.Misconfigured("no"), 1, ["demote a"], "promoted"),
    ("demote", "promoted", BOOM, 1, ["demote a"], "promoted"),
    ("notify", "on", None, 0, ["notify pre"], "on"),
    ("validate-all", "off", None, 0, [], "off"),
    ("recover", "on", None, 3, [], "on"),
]


@pytest.mark.parametrize(("action", "before", "does", "code", "told", "after"), TABLE)
def test_the_table(
    panel: Panel,
    beacon: Caller,
    action: str,
    before: str,
    does: Exception | str | None,
    code: int,
    told: list[str],
    after: str,
) -> None:
    if before != "off":
        panel.lit["a"] = before
    if isinstance(does, Exception):
        panel.broken[action] = does
    elif does == "lame":
        panel.lame.add(action)
    answer = beacon(action, GIVEN, OCF_RESKEY_CRM_meta_notify_type="pre")
    assert answer == code
    assert panel.told == told
    panel.broken.clear()
    assert panel.look("a") == after


@pytest.mark.parametrize(
    "failure", [ocf.UnusableHere, ocf.NotInstalled, ocf.Misconfigured, ocf.NotPermitted]
)
@pytest.mark.parametrize(
    ("interval", "started", "code"),
    [(0, False, 7), (0, True, 1), (10_000, False, 1), (10_000, True, 1)],
)
def test_a_monitor_never_answers_a_hard_code(
    panel: Panel, lamp: Caller, failure: type[ocf.Failure], interval: int, started: bool, code: int
) -> None:
    panel.broken["monitor"] = failure("the tool is gone")
    if started:
        lamp.record(lamp="a")
    assert lamp("monitor", GIVEN, interval=interval) == code


WRONG = {"lamp": "a", "watts": "13"}
UNUSABLE = [{}, {"lamp": ""}, {"lamp": "a", "watts": "many"}, {"lamp": "a", "watts": "13"}]


@pytest.mark.parametrize("parameters", UNUSABLE)
class TestUnusableParameters:
    def test_start_and_validate_all_say_6(
        self, lamp: Caller, panel: Panel, parameters: dict[str, str]
    ) -> None:
        assert lamp("start", parameters) == 6
        assert lamp("validate-all", parameters) == 6
        assert panel.told == []
        assert lamp.recorded is None

    def test_with_no_record_nothing_runs(self, lamp: Caller, parameters: dict[str, str]) -> None:
        assert lamp("stop", parameters) == 0
        assert lamp("monitor", parameters) == 7

    def test_a_recurring_monitor_that_cannot_tell_says_1(
        self, lamp: Caller, parameters: dict[str, str]
    ) -> None:
        assert lamp("monitor", parameters, interval=10_000) == 1

    def test_the_record_tells_what_runs_and_what_to_stop(
        self, lamp: Caller, panel: Panel, parameters: dict[str, str]
    ) -> None:
        assert lamp("start", GIVEN) == 0
        assert lamp("monitor", parameters) == 0
        assert lamp("monitor", parameters, interval=10_000) == 190
        assert lamp("stop", parameters) == 0
        assert panel.lit == {}
        assert lamp.recorded is None
        assert lamp("monitor", parameters) == 7

    def test_an_unreadable_record_makes_stop_1(
        self, lamp: Caller, panel: Panel, parameters: dict[str, str]
    ) -> None:
        lamp.spoil_record()
        assert lamp("stop", parameters) == 1
        assert lamp("monitor", parameters) == 1


def test_an_unreadable_record_still_has_the_callers_resource_stopped(
    lamp: Caller, panel: Panel
) -> None:
    panel.lit["a"] = "on"
    lamp.spoil_record()
    assert lamp("stop", GIVEN) == 1
    assert panel.lit == {}


def test_an_unreadable_record_is_not_overwritten_by_start(lamp: Caller, panel: Panel) -> None:
    lamp.spoil_record()
    assert lamp("start", GIVEN) == 1
    assert panel.told == []


def test_start_skips_what_runs_with_the_recorded_parameters(lamp: Caller, panel: Panel) -> None:
    assert lamp("start", GIVEN) == 0
    assert lamp("start", GIVEN) == 0
    assert panel.told == ["start a"]


def test_start_ends_unpromoted(beacon: Caller, panel: Panel) -> None:
    beacon("start", GIVEN)
    panel.lit["a"] = "promoted"
    assert beacon("start", GIVEN) == 0
    assert panel.told == ["start a", "demote a"]
    assert panel.lit == {"a": "on"}


def test_start_converges_when_a_reloadable_parameter_differs(lamp: Caller, panel: Panel) -> None:
    lamp("start", GIVEN)
    assert lamp("start", {**GIVEN, "colour": "green"}) == 0
    assert panel.told == ["start a", "start a"]
    assert lamp.recorded == {"lamp": "a", "colour": "green"}


def test_a_default_written_out_is_no_difference(lamp: Caller, panel: Panel) -> None:
    lamp("start", GIVEN)
    assert lamp("start", {**GIVEN, "colour": "red"}) == 0
    assert panel.told == ["start a"]


def test_the_record_is_there_before_the_first_effect_and_after_a_failed_start(
    lamp: Caller, panel: Panel
) -> None:
    panel.broken["start"] = ocf.Failure("half way")
    assert lamp("start", GIVEN) == 1
    assert lamp.recorded == {"lamp": "a"}
    assert lamp("stop") == 0
    assert lamp.recorded is None


def test_a_start_that_is_refused_here_leaves_no_record(lamp: Caller, panel: Panel) -> None:
    assert lamp("start", {"lamp": "elsewhere"}) == 2
    assert lamp.recorded is None
    assert panel.told == []


def test_a_start_that_cannot_record_has_no_effect(
    lamp: Caller, panel: Panel, tmp_path: Path
) -> None:
    (tmp_path / "ocfpy").write_text("a file is in the way")
    assert lamp("start", GIVEN) == 1
    assert panel.told == []


def test_a_failed_stop_keeps_the_record(lamp: Caller, panel: Panel) -> None:
    lamp("start", GIVEN)
    panel.lame.add("stop")
    assert lamp("stop") == 1
    assert lamp.recorded == {"lamp": "a"}


def test_a_secret_is_not_recorded(lamp: Caller) -> None:
    lamp("start", {**GIVEN, "password": "hush"})
    assert lamp.recorded == {"lamp": "a"}


def test_start_stops_another_recorded_identity_first(lamp: Caller, panel: Panel) -> None:
    lamp("start", GIVEN)
    assert lamp("start", {"lamp": "b"}) == 0
    assert panel.told == ["start a", "stop a", "start b"]
    assert panel.lit == {"b": "on"}
    assert lamp.recorded == {"lamp": "b"}


def test_start_fails_when_the_other_identity_cannot_be_stopped(lamp: Caller, panel: Panel) -> None:
    lamp("start", GIVEN)
    panel.lame.add("stop")
    assert lamp("start", {"lamp": "b"}) == 1
    assert panel.lit == {"a": "on"}
    assert lamp.recorded == {"lamp": "a"}


def test_a_probe_that_finds_the_recorded_identity_alive_says_1(lamp: Caller, panel: Panel) -> None:
    lamp("start", GIVEN)
    assert lamp("monitor", {"lamp": "b"}) == 1
    assert lamp("monitor", {"lamp": "b"}, interval=10_000) == 7
    panel.lit.clear()
    assert lamp("monitor", {"lamp": "b"}) == 7


def test_stop_follows_the_record_and_then_the_environment(lamp: Caller, panel: Panel) -> None:
    lamp("start", GIVEN)
    panel.lit["b"] = "on"
    assert lamp("stop", {"lamp": "b"}) == 0
    assert panel.lit == {}


def test_a_monitor_adopts_what_it_finds_running(lamp: Caller, panel: Panel) -> None:
    panel.lit["a"] = "on"
    assert lamp("monitor", GIVEN, interval=10_000) == 0
    assert lamp.recorded == {"lamp": "a"}
    assert lamp("stop") == 0
    assert panel.lit == {}


def test_what_stop_has_to_know_of_the_adopted_is_kept_with_its_record(
    panel: Panel, tmp_path: Path
) -> None:
    lamp = Caller(KeenLamp, tmp_path)
    panel.lit["a"] = "on"
    panel.broken["adopt"] = ocf.Failure("it flickers")
    assert lamp("monitor", GIVEN) == 0, "it runs all the same"
    assert lamp.facts == {}
    lamp.file.remove()
    panel.broken.clear()
    assert lamp("monitor", GIVEN) == 0
    assert lamp.facts == {"found": "on"}
    panel.lit["a"] = "promoted"
    assert lamp("monitor", GIVEN) == 8
    assert lamp.facts == {"found": "on"}, "it is adopted once"


def test_a_monitor_that_cannot_record_still_says_what_it_sees(
    lamp: Caller, panel: Panel, tmp_path: Path
) -> None:
    panel.lit["a"] = "on"
    (tmp_path / "ocfpy").write_text("a file is in the way")
    assert lamp("monitor", GIVEN) == 0


def test_an_effect_that_settles_is_awaited(panel: Panel, tmp_path: Path) -> None:
    panel.late = 2
    assert Caller(SlowLamp, tmp_path)("start", GIVEN) == 0


def test_an_effect_that_never_settles_ends_inside_the_deadline(
    panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    panel.lame.add("start")
    assert Caller(SlowLamp, tmp_path)("start", GIVEN, timeout=600) == 1
    assert "gave up after 0.6 s" in capsys.readouterr().err


def test_a_method_that_blocks_is_interrupted_with_a_reason(
    panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Blocking(Lamp):
        """A lamp whose switch jams"""

        @ocf.action(timeout=20)
        def start(self) -> None:
            import time

            time.sleep(30)

    assert Caller(Blocking, tmp_path)("start", GIVEN, timeout=400) == 1
    assert "ocf-exit-reason:gave up shortly before the timeout" in capsys.readouterr().err


def test_a_look_that_blocks_does_not_eat_the_interrupt(panel: Panel, tmp_path: Path) -> None:
    class Stuck(Lamp):
        """A lamp that cannot be looked at"""

        @ocf.action(timeout=20, interval=10)
        def monitor(self) -> ocf.Status:
            import time

            time.sleep(30)
            return ocf.STOPPED

    assert Caller(Stuck, tmp_path)("stop", GIVEN, timeout=400) == 1


def test_an_agent_that_handles_everything_is_interrupted_all_the_same(
    panel: Panel, tmp_path: Path
) -> None:
    class Stubborn(Lamp):
        """A lamp whose author handles every exception"""

        @ocf.action(timeout=20)
        def start(self) -> None:
            import time

            for _ in range(10):
                try:  # noqa: SIM105 - as authors do
                    time.sleep(30)
                except Exception:  # noqa: BLE001, S110 - as authors do
                    pass

    assert Caller(Stubborn, tmp_path)("start", GIVEN, timeout=400) == 1


def test_a_stop_is_proven_although_its_record_cannot_be_taken_away(
    lamp: Caller, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        raise OSError(30, "Read-only file system")

    lamp("start", GIVEN)
    monkeypatch.setattr("ocf_py.start_record.RecordFile.remove", refuse)
    assert lamp("stop", GIVEN) == 0
    assert panel.lit == {}


def test_a_probe_replaces_the_record_of_what_is_gone(lamp: Caller, panel: Panel) -> None:
    lamp("start", GIVEN)
    panel.lit = {"b": "on"}
    assert lamp("monitor", {"lamp": "b"}) == 0
    assert lamp.recorded == {"lamp": "b"}
    assert lamp("stop") == 0
    assert panel.lit == {}


def test_facts_are_known_to_the_identity_they_are_about_alone(panel: Panel, tmp_path: Path) -> None:
    seen: list[str] = []

    class Mindful(Lamp):
        """A lamp that remembers"""

        @ocf.action(timeout=20)
        def start(self) -> None:
            super().start()
            self.call.facts.remember("fuse", f"of {self.lamp}")

        @ocf.action(timeout=20, interval=10)
        def monitor(self) -> ocf.Status:
            seen.append(f"{self.lamp}: {self.call.facts.recall('fuse')}")
            return super().monitor()

    lamp = Caller(Mindful, tmp_path)
    lamp("start", GIVEN)
    seen.clear()
    assert lamp("monitor", {"lamp": "b"}) == 1
    assert seen == ["b: ", "a: of a"]
    assert lamp("start", {"lamp": "b"}) == 0
    assert seen[-1] == "b: of b"
    seen.clear()
    lamp("stop")
    assert seen == ["b: of b"]


def test_a_record_whose_reloadable_parameter_is_refused_now_still_tells_what_to_stop(
    lamp: Caller, panel: Panel
) -> None:
    panel.lit["a"] = "on"
    lamp.record(lamp="a", colour="blue")
    assert lamp("stop") == 0
    assert panel.lit == {}


def test_a_record_whose_identity_is_refused_now_makes_stop_1(lamp: Caller) -> None:
    lamp.record(lamp="a", watts="many")
    assert lamp("stop") == 1


def test_a_trace_that_cannot_be_had_stops_no_resource(lamp: Caller, panel: Panel) -> None:
    assert lamp("start", {**GIVEN, "trace_ra": "2", "trace_file": "relative"}) == 0
    assert panel.lit == {"a": "on"}


class TestSecret:
    class Vault(Lamp):
        """A lamp behind a door"""

        secret = ocf.String("What opens the door", required=True)

        @ocf.action(timeout=20)
        def stop(self) -> None:
            self.panel.switch(f"stop with {self.secret}", self.lamp, "off")

    def test_that_the_caller_gives_is_there_for_the_recorded_stop(
        self, panel: Panel, tmp_path: Path
    ) -> None:
        vault = Caller(self.Vault, tmp_path)
        assert vault("start", {**GIVEN, "secret": "hush"}) == 0
        assert vault.recorded == {"lamp": "a"}
        assert vault("stop", {**GIVEN, "secret": "hush"}) == 0
        assert panel.told[-1] == "stop with hush a"

    def test_that_nobody_gives_is_missing(
        self, panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        vault = Caller(self.Vault, tmp_path)
        assert vault("start", {**GIVEN, "secret": "hush"}) == 0
        assert vault("stop") == 1
        assert "without its required 'secret'" in capsys.readouterr().err


class TestReloadAgent:
    def test_hears_what_changed(self, lamp: Caller, panel: Panel) -> None:
        lamp("start", GIVEN)
        assert lamp("reload-agent", {**GIVEN, "colour": "green"}) == 0
        assert panel.told[-1] == "reload[colour] a"
        assert lamp.recorded == {"lamp": "a", "colour": "green"}

    def test_refuses_what_needs_a_restart(self, lamp: Caller, panel: Panel) -> None:
        lamp("start", GIVEN)
        assert lamp("reload-agent", {"lamp": "b"}) == 1
        assert panel.lit == {"a": "on"}

    @pytest.mark.parametrize("wrong", [{"colour": "blue"}, {"watts": "13"}])
    def test_keeps_what_runs_where_the_values_are_unusable(
        self, lamp: Caller, panel: Panel, wrong: dict[str, str]
    ) -> None:
        lamp("start", GIVEN)
        assert lamp("reload-agent", {**GIVEN, **wrong}) == 0
        assert panel.told == ["start a"]
        assert lamp.recorded == GIVEN
        assert lamp("reload-agent", {**GIVEN, "colour": "green"}) == 0
        assert lamp.recorded == {**GIVEN, "colour": "green"}
        assert lamp.facts == {}

    @pytest.mark.parametrize("failure", [ocf.UnusableHere, ocf.Failure])
    def test_keeps_what_runs_where_the_values_cannot_be_taken_over(
        self,
        lamp: Caller,
        panel: Panel,
        capsys: pytest.CaptureFixture[str],
        failure: type[ocf.Failure],
    ) -> None:
        green = {**GIVEN, "colour": "green"}
        lamp("start", GIVEN)
        panel.broken["reload[colour]"] = failure("no green bulb", hint="buy one")
        assert lamp("reload-agent", green) == 0
        assert lamp.recorded == GIVEN
        capsys.readouterr()
        assert lamp("monitor", green, interval=10_000) == 190
        said = "ocf-exit-reason:not taken over: no green bulb (buy one)\n"
        assert capsys.readouterr().err == said
        panel.broken.clear()
        assert lamp("reload-agent", green) == 0
        assert lamp("monitor", green, interval=10_000) == 0

    def test_that_was_refused_is_forgotten_by_a_start(self, lamp: Caller, panel: Panel) -> None:
        lamp("start", GIVEN)
        lamp("reload-agent", {**GIVEN, "colour": "blue"})
        assert lamp("start", GIVEN) == 0
        assert lamp("monitor", GIVEN, interval=10_000) == 0
        assert panel.told == ["start a", "start a"]

    def test_that_breaks_in_an_unforeseen_way_says_1(self, lamp: Caller, panel: Panel) -> None:
        lamp("start", GIVEN)
        panel.broken["reload[colour]"] = BOOM
        assert lamp("reload-agent", {**GIVEN, "colour": "green"}) == 1

    def test_says_1_for_unusable_parameters_where_nothing_runs(
        self, lamp: Caller, panel: Panel
    ) -> None:
        assert lamp("reload-agent", {"lamp": "a", "colour": "blue"}) == 1
        lamp("start", GIVEN)
        panel.lit.clear()
        assert lamp("reload-agent", {"lamp": "a", "colour": "blue"}) == 1
        lamp.spoil_record()
        assert lamp("reload-agent", {"lamp": "a", "colour": "blue"}) == 1


class TestValuesThatBecomeUnusable:
    def test_are_told_by_every_monitor_of_what_runs_on(
        self, beacon: Caller, panel: Panel, capsys: pytest.CaptureFixture[str]
    ) -> None:
        beacon("start", GIVEN)
        assert beacon("monitor", WRONG, interval=10_000) == 190
        assert (
            "reason:not taken over: watts=13 brings bad luck (take another)"
            in capsys.readouterr().err
        )
        panel.lit["a"] = "promoted"
        assert beacon("monitor", WRONG, interval=10_000) == 191
        assert beacon("monitor", WRONG) == 8, "a probe asks for the role alone"
        panel.lit.clear()
        assert beacon("monitor", WRONG, interval=10_000) == 7
        assert beacon.scores == ["5", "5", "10", "10"]

    def test_give_way_to_a_trouble_of_its_own(
        self, panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        class Dim(Lamp):
            """A lamp that is old"""

            @ocf.action(timeout=20, interval=10)
            def monitor(self) -> ocf.Status:
                return ocf.DEGRADED.because("it is dim") if self.panel.lit else ocf.STOPPED

        lamp = Caller(Dim, tmp_path)
        lamp("start", GIVEN)
        capsys.readouterr()
        assert lamp("monitor", WRONG, interval=10_000) == 190
        assert capsys.readouterr().err == "ocf-exit-reason:it is dim\n"

    @pytest.mark.parametrize(("active", "code"), [("n2", 2), ("n1 n2", 2), ("n1", 6), (" ", 6)])
    def test_cost_no_other_instance_of_the_clone_its_place_at_a_start(
        self, beacon: Caller, active: str, code: int
    ) -> None:
        def call(action: str) -> int:
            return beacon(
                action,
                WRONG,
                OCF_RESKEY_CRM_meta_on_node="n1",
                OCF_RESKEY_CRM_meta_notify="true",
                OCF_RESKEY_CRM_meta_notify_active_uname=active,
            )

        assert call("start") == code
        assert call("validate-all") == 6


class TestPromotionScore:
    def test_is_set_by_start_probe_and_monitor(self, beacon: Caller) -> None:
        beacon("start", GIVEN)
        beacon("monitor", GIVEN)
        beacon("monitor", GIVEN, interval=10_000)
        assert beacon.scores == ["5", "5", "5"]

    def test_is_not_set_by_a_probe_that_finds_nothing(self, beacon: Caller) -> None:
        beacon("monitor", GIVEN)
        assert beacon.scores == []

    def test_follows_the_role(self, beacon: Caller) -> None:
        beacon("start", GIVEN)
        beacon("promote", GIVEN)
        beacon("demote", GIVEN)
        assert beacon.scores == ["5", "10", "5"]

    def test_is_minus_infinity_before_a_promote_that_refuses_returns(
        self, beacon: Caller, panel: Panel
    ) -> None:
        beacon("start", GIVEN)
        for refusal in (ocf.Failure("stale"), BOOM):
            beacon.scores.clear()
            panel.broken["promote"] = refusal
            assert beacon("promote", GIVEN) == 1
            assert beacon.scores == [str(ocf.MINUS_INFINITY)]

    def test_is_minus_infinity_when_it_cannot_be_told(self, beacon: Caller, panel: Panel) -> None:
        panel.broken["score"] = ocf.Failure("no peer answers")
        beacon("start", GIVEN)
        assert beacon.scores == [str(ocf.MINUS_INFINITY)]

    def test_is_deleted_by_stop_alone(self, beacon: Caller) -> None:
        beacon("start", GIVEN)
        beacon("stop")
        assert beacon.scores == ["5", "deleted"]


@pytest.mark.parametrize("action", ["promote", "demote"])
def test_a_role_of_what_has_died_is_refused_with_the_cause(
    panel: Panel, tmp_path: Path, capsys: pytest.CaptureFixture[str], action: str
) -> None:
    class Frail(Beacon):
        """A lamp that knows why it is dark"""

        @ocf.action(timeout=20, interval=10)
        def monitor(self) -> ocf.Status:
            return ocf.STOPPED.because("the bulb has burnt out")

    assert Caller(Frail, tmp_path)(action, GIVEN) == 7
    said = f"ocf-exit-reason:cannot {action}: the bulb has burnt out\n"
    assert capsys.readouterr().err == said


def test_demote_without_parameters_follows_the_record(beacon: Caller, panel: Panel) -> None:
    beacon("start", GIVEN)
    beacon("promote", GIVEN)
    assert beacon("demote") == 0
    assert panel.lit == {"a": "on"}
    beacon("stop")
    assert beacon("demote") == 7


def test_validate_all_looks_at_the_machine_from_level_10_on(lamp: Caller) -> None:
    assert lamp("validate-all", {"lamp": "elsewhere"}) == 0
    assert lamp("validate-all", {"lamp": "elsewhere"}, level=10) == 2

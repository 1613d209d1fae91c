"""What a scene waits for between two plays, on a lab that only says what it is asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.lab.cluster_state import FailedAction
from ocf_py.lab.errors import LabError
from ocf_py.rehearsal.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeLab:
    """Two nodes, on the first of which all runs; asked to wait, Pacemaker does `at_wait`."""

    def __init__(self, at_wait: Callable[[FakeLab], None]) -> None:
        self.at_wait = at_wait
        self.fenced: list[str] = []
        self.healed = 0
        self.cleaned = 0
        self.refusals: list[int] = []
        self.failures: list[FailedAction] = []
        self.nodes = [SimpleNamespace(name=name, run=self._run) for name in ("n1", "n2")]

    def _run(self, command: list[str], **_: object) -> Any:
        if self.refusals:
            return SimpleNamespace(returncode=self.refusals.pop(), stderr="Connection refused")
        if "--cleanup" in command:
            self.cleaned += 1
            self.failures.clear()
        if "--wait" in command:
            self.at_wait(self)
        return SimpleNamespace(returncode=0, stderr="")

    def heal(self) -> None:
        self.healed += 1

    def start(self, _name: str) -> None:
        pass

    def await_online(self) -> None:
        pass

    def running_nodes(self) -> list[Any]:
        return self.nodes

    def fenced_since(self, _since: float) -> list[str]:
        return self.fenced

    def wait_until(self, _what: str, condition: Callable[[], Any], *, timeout: float) -> Any:
        while True:
            found = condition()
            if found:
                return found

    def state(self) -> Any:
        return SimpleNamespace(node_of=lambda *_: "n1", failures=self.failures)


def scene_on(lab: FakeLab) -> Scene:
    stage: Any = SimpleNamespace(
        anchor=SimpleNamespace(id="vip"), mirrors=[], mirrored_disks=[], pace=1.0
    )
    anything: Any = lab
    return Scene(anything, stage)


def test_who_is_fenced_while_all_comes_to_rest_is_waited_for_anew() -> None:
    def fence_once(lab: FakeLab) -> None:
        if not lab.fenced:
            lab.fenced.append("n1")
            raise LabError("n1: crm_resource --wait: ended with 137")

    lab = FakeLab(fence_once)
    scene_on(lab).calm()
    assert lab.healed == 2


def test_whose_daemon_is_being_started_anew_is_asked_again() -> None:
    lab = FakeLab(lambda _: None)
    scene = scene_on(lab)
    lab.refusals = [102, 124]
    scene.calm()
    assert lab.cleaned == 1
    lab.refusals = [1]
    with pytest.raises(LabError, match="n1: crm_resource --cleanup: Connection refused"):
        scene.calm()


def test_what_does_not_come_to_rest_without_a_fencing_is_an_error() -> None:
    def never_end(_lab: FakeLab) -> None:
        raise LabError("n1: crm_resource --wait: no end within 150 s")

    lab = FakeLab(never_end)
    with pytest.raises(LabError, match="no end"):
        scene_on(lab).calm()
    assert lab.healed == 1


def test_a_cluster_that_fences_on_and_on_is_an_error() -> None:
    def fence(lab: FakeLab) -> None:
        lab.fenced.append("n1")
        raise LabError("n1: crm_resource --wait: ended with 137")

    lab = FakeLab(fence)
    with pytest.raises(LabError, match="137"):
        scene_on(lab).calm()
    assert lab.healed == 2


def test_a_probe_of_fencing_that_fails_after_the_cleanup_is_cleaned_up_once_more() -> None:
    """Pacemaker's fencer, killed by the play before, lost its connection amid the probe."""

    def fail_once(lab: FakeLab) -> None:
        if lab.cleaned == 1:
            lab.failures = [failure_of("fence-n1_monitor_0")]

    lab = FakeLab(fail_once)
    scene_on(lab).calm()
    assert (lab.cleaned, lab.failures) == (2, [])


def test_what_fails_of_the_examples_own_stays_to_be_judged() -> None:
    def fail(lab: FakeLab) -> None:
        lab.failures = [failure_of("vip_monitor_0")]

    lab = FakeLab(fail)
    scene_on(lab).calm()
    assert (lab.cleaned, len(lab.failures)) == (1, 1)


def test_a_degraded_state_that_is_over_is_cleaned_up() -> None:
    """As where a cleanup had a mirrored disk probed while it still synced."""

    def be_degraded_once(lab: FakeLab) -> None:
        if lab.cleaned == 1:
            lab.failures = [failure_of("disk_monitor_0", 191)]

    lab = FakeLab(be_degraded_once)
    scene_on(lab).calm()
    assert (lab.cleaned, lab.failures) == (2, [])


def test_a_monitor_that_the_cleanup_itself_cancelled_is_cleaned_up() -> None:
    reason = "Controller on n2 did not return result in time"

    def lose_one(lab: FakeLab) -> None:
        if lab.cleaned == 1:
            lab.failures = [FailedAction("db_monitor_10000", "n2", 1, "error", reason)]

    lab = FakeLab(lose_one)
    scene_on(lab).calm()
    assert (lab.cleaned, lab.failures) == (2, [])


def test_a_degraded_state_that_stays_is_there_to_be_judged() -> None:
    def be_degraded(lab: FakeLab) -> None:
        lab.failures = [failure_of("disk_monitor_0", 190)]

    lab = FakeLab(be_degraded)
    scene_on(lab).calm()
    assert (lab.cleaned, len(lab.failures)) == (2, 1)


def failure_of(operation_key: str, code: int = 1) -> FailedAction:
    return FailedAction(operation_key, "n1", code, "as it is called", "Lost connection to fencer")

"""What even SIGKILL does not end: named by the reason, and never joined by another like it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.service.disposable import Finding
from ocf_py.system.processes import Protected
from tests.fakes.service_world import FakeServiceWorld
from tests.service.world import RECURRING, asked, find

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ocf_py.service.checks import Check
    from ocf_py.service.program import Program
    from ocf_py.system.processes import ProcessIdentity
    from tests.fakes.processes import FakeMachine


@pytest.fixture
def world(tmp_path: Path) -> FakeServiceWorld:
    return FakeServiceWorld(tmp_path)


def _spare(world: FakeServiceWorld, monkeypatch: pytest.MonkeyPatch, says: str = "") -> None:
    def send(_machine: FakeMachine, _identity: ProcessIdentity, _number: int) -> bool:
        if says:
            raise Protected(1, says)
        return True

    monkeypatch.setattr(type(world.machine), "send", send)
    monkeypatch.setattr(type(world.machine), "kill_all", lambda *_: None)


def test_a_stop_names_what_it_cannot_end(
    world: FakeServiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    it = asked(world, *["workers"] * 3)
    assert world.call("start", **it) == 0
    with monkeypatch.context() as patch:
        _spare(world, patch)
        assert world.call("stop", timeout=2, **it) == 1
        assert f"even SIGKILL does not end {find(world, 'main')} (main, user 0)" in world.reason
        assert "and 3 more" in world.reason
        assert world.records() == ["Service.svc"]
        assert world.call("start", timeout=4, **it) == 0
    assert world.call("stop") == 0


def test_a_stop_says_at_once_what_it_must_not_signal(
    world: FakeServiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.call("start", **asked(world, "stay")) == 0
    with monkeypatch.context() as patch:
        _spare(world, patch, "it is a part of the cluster stack")
        assert world.call("stop", timeout=300) == 1
    assert "is not to be signalled: it is a part of the cluster stack" in world.reason
    assert world.call("stop") == 0


def test_while_one_check_hangs_in_the_kernel_no_other_is_asked(
    world: FakeServiceWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = world.machine.add("checker", "/bin/hanging")
    asks = []

    def ask(
        _machine: FakeMachine, check: Check, _build: Callable[[], Program], _seconds: float
    ) -> Finding:
        asks.append(check)
        return Finding("no answer", 1.0, child.identity)

    it = asked(world, "stay", health="tcp://127.0.0.1:80")
    assert world.call("start", **it) == 0
    monkeypatch.setattr(type(world.machine), "ask", ask)
    for _ in range(3):
        assert world.call("monitor", interval=RECURRING, level=10, **it) == 1
    assert "still hangs" in world.reason
    assert len(asks) == 1
    assert world.call("monitor", interval=RECURRING, **it) == 0
    world.machine.end(child, 0)
    monkeypatch.undo()
    assert world.call("monitor", interval=RECURRING, level=10, **it) == 1
    assert "refused" in world.reason

"""A scope of systemd that cannot be had, or not at once."""

from __future__ import annotations

import time

import pytest

import ocf_py.system
from ocf_py.service import cgroup, scope
from ocf_py.system import commands

_UNIT = scope.unit_name("Service.a", "t")


class _Systemd:
    """One that answers so many calls with a failure; `moves` where it has done it all the same."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, failures: int, *, moves: bool) -> None:
        self.asked = 0
        self._failures, self._moves, self._is_inside = failures, moves, False
        monkeypatch.setattr(scope, "_PAUSE", 0.01)
        monkeypatch.setattr(cgroup, "find_root", lambda: "/sys/fs/cgroup")
        monkeypatch.setattr(commands, "run", self._run)
        monkeypatch.setattr(ocf_py.system, "read_file", self._read)

    def _run(self, _argv: list[str], seconds: float) -> commands.Completed:
        assert 0 < seconds <= 5
        self.asked += 1
        fails = self.asked <= self._failures
        self._is_inside = self._moves or not fails
        return commands.Completed([], int(fails), "", "Connection reset by peer" if fails else "")

    def _read(self, _path: str) -> bytes:
        return f"0::/{_UNIT if self._is_inside else 'pacemaker.service'}\n".encode()


def test_without_version_2_no_start_waits_for_what_never_comes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    groups = b"4:memory:/x\n1:name=systemd:/system.slice/ocfpy-a.scope\n"
    monkeypatch.setattr(ocf_py.system, "read_file", lambda _path: groups)
    began = time.monotonic()
    with pytest.raises(OSError, match="version 2"):
        scope._wait_until_inside("/ocfpy-a.scope", 1, "", began + 10)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("failures", "moves", "asked"), [(0, False, 1), (2, False, 3), (1, True, 1)]
)
def test_a_call_that_fails_while_systemd_executes_itself_anew_is_repeated(
    monkeypatch: pytest.MonkeyPatch, failures: int, moves: bool, asked: int
) -> None:
    systemd = _Systemd(monkeypatch, failures, moves=moves)
    assert scope.enter("Service.a", "t", 1, 10) == f"/sys/fs/cgroup/{_UNIT}"
    assert systemd.asked == asked


def test_what_goes_on_failing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    systemd = _Systemd(monkeypatch, 99, moves=False)
    with pytest.raises(OSError, match="Connection reset by peer"):
        scope.enter("Service.a", "t", 1, 10)
    assert systemd.asked == 3


def test_no_pause_is_made_that_the_deadline_has_no_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    systemd = _Systemd(monkeypatch, 99, moves=False)
    monkeypatch.setattr(scope, "_PAUSE", 0.5)
    began = time.monotonic()
    with pytest.raises(OSError, match="Connection reset by peer"):
        scope.enter("Service.a", "t", 1, 0.6)
    assert systemd.asked == 1
    assert time.monotonic() - began < 0.3

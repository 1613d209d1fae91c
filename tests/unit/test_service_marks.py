"""The marks of a start: known by a digest, and read past who hangs."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

from ocf_py.service import marks

if TYPE_CHECKING:
    import pytest


def test_the_secret_alone_makes_a_starter() -> None:
    secret = marks.make_secret()
    known = marks.digest(secret)
    made = [
        subprocess.Popen(["sleep", "99"], env={"INVOCATION_ID": value}) for value in (secret, known)
    ]
    try:
        pids = [one.pid for one in made]
        assert marks.find_starters("INVOCATION_ID", known, pids) == {pids[0]}
        assert marks.find_bearers("INVOCATION_ID", known, pids) == {pids[1]}
    finally:
        for one in made:
            one.kill()
            one.wait()


def test_who_hangs_is_passed_and_waited_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(pid: int) -> list[bytes]:
        time.sleep(1000 if pid == 2 else 0)
        return [b"A=1"]

    monkeypatch.setattr(marks, "_read_environment", read)
    monkeypatch.setattr(marks, "_user_of", lambda _pid: 0)
    monkeypatch.setattr(marks, "_hung", set())
    began = time.monotonic()
    assert marks.find_bearers("A", "1", [1, 2, 3]) == {1, 3}
    assert time.monotonic() - began < 3
    began = time.monotonic()
    assert marks.find_bearers("A", "1", [1, 2, 3]) == {1, 3}
    assert time.monotonic() - began < 0.4

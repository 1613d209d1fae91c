"""A process identity goes into a record and comes back."""

from __future__ import annotations

import os
import subprocess
import time

import pytest

from ocf_py.system.processes import ProcessIdentity, identify


def test_one_is_at_rest_while_it_waits_and_not_while_it_computes() -> None:
    identity = identify(os.getpid())
    assert identity is not None
    assert not identity.is_at_rest(), "it asks itself"
    with subprocess.Popen(["sleep", "60"]) as waiting:
        sleeper = identify(waiting.pid)
        assert sleeper is not None
        deadline = time.monotonic() + 10
        while not sleeper.is_at_rest() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert sleeper.is_at_rest()
        assert not ProcessIdentity(sleeper.pid, sleeper.start_time + 1).is_at_rest(), "a successor"
        waiting.kill()
        os.waitid(os.P_PID, waiting.pid, os.WEXITED | os.WNOWAIT)
        assert not sleeper.is_at_rest(), "a zombie"
    assert not sleeper.is_at_rest(), "it has gone"


def test_its_text_form_comes_back() -> None:
    identity = identify(os.getpid())
    assert identity is not None
    assert identity.is_alive()
    assert ProcessIdentity.parse(str(identity)) == identity
    assert hash(ProcessIdentity.parse(str(identity))) == hash(identity)
    assert ProcessIdentity.parse("1234:567890") == ProcessIdentity(1234, 567890)
    assert ProcessIdentity(1, 2) != ProcessIdentity(1, 3)
    assert identity != str(identity)


@pytest.mark.parametrize(
    "text", ["", "1", "1:", ":1", "-1:2", "1:2:3", "1 :2", "a:b", "١:2", "²:1"]
)
def test_what_is_no_identity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no process identity"):
        ProcessIdentity.parse(text)

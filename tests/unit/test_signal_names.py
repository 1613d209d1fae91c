"""Signals are named as kill(1) does."""

from __future__ import annotations

import signal

import pytest

from ocf_py.system.signal_names import parse_signals


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("TERM", [signal.SIGTERM]),
        ("SIGTERM int, 9", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL]),
        ("hup,usr1", [signal.SIGHUP, signal.SIGUSR1]),
    ],
)
def test_signals_are_named_as_kill_does(text: str, numbers: list[int]) -> None:
    assert parse_signals(text) == numbers


@pytest.mark.parametrize("text", ["", " ,", "0", "65", "999", "-9", "_DFL", "STOPP", "TERM;", "٩"])
def test_what_is_no_signal_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="signal"):
        parse_signals(text)

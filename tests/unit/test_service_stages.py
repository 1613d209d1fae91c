"""Stages of a stop: read strictly, due in order, and always with KILL at the end."""

from __future__ import annotations

import signal

import pytest

from ocf_py.service.checks import parse_check
from ocf_py.service.program import parse_limits
from ocf_py.service.stages import parse_signal, parse_stages


@pytest.mark.parametrize(
    ("text", "stages"),
    [
        ("TERM", [("SIGTERM", 0, None), ("SIGKILL", 0.8, None)]),
        ("TERM@0 KILL@67%", [("SIGTERM", 0, 0), ("SIGKILL", 0.67, None)]),
        ("SIGQUIT,INT@50% KILL@80%", [("SIGQUIT", 0, 0), ("SIGINT", 0.5, 0), ("SIGKILL", 0.8, 0)]),
        ("15@1.5s KILL@2min", [("SIGTERM", 0, 1.5), ("SIGKILL", 0, 120)]),
        ("INT@200ms", [("SIGINT", 0, 0.2), ("SIGKILL", 0.8, None)]),
    ],
)
def test_stages_are_read(text: str, stages: list[tuple[str, float, float | None]]) -> None:
    found = [
        (signal.Signals(one.signal).name, one.fraction, one.seconds or 0)
        for one in parse_stages(text)
    ]
    assert found == [(name, fraction, seconds or 0) for name, fraction, seconds in stages]


@pytest.mark.parametrize(
    "name", ["", "SIG", "TERMINATE", "0", "999", "SIG_BLOCK", "-9", "IGN", "HUP 0"]
)
def test_what_is_no_signal_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="no signal"):
        parse_signal(name)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("tcp://db.example:5432", "db.example", "5432"),
        ("tcp://[::1]:80", "::1", "80"),
        ("http://[2001:db8::1]/x", "2001:db8::1", "80"),
        ("http://h:8080", "h", "8080"),
        ("http://h/a?b=c:d", "h", "80"),
    ],
)
def test_an_address_is_read_from_its_form(text: str, host: str, port: str) -> None:
    check = parse_check(text)
    assert (check.host, check.port) == (host, port)


def test_limits_are_read() -> None:
    import resource

    assert parse_limits("nofile=10:20, core=unlimited cpu=5") == [
        (resource.RLIMIT_NOFILE, 10, 20),
        (resource.RLIMIT_CORE, resource.RLIM_INFINITY, resource.RLIM_INFINITY),
        (resource.RLIMIT_CPU, 5, 5),
    ]

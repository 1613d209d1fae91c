"""Log lines name agent, instance and action, and never hold an action up."""

from __future__ import annotations

import io
import socket
import sys

import pytest

from ocf_py.log import Log


class Listener:
    """Stands in for the socket that reaches the system log."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.is_full = False

    def sendto(self, message: bytes, flags: int, path: str) -> None:
        assert path == "/dev/log"
        assert flags & socket.MSG_DONTWAIT
        if self.is_full:
            raise BlockingIOError
        self.lines.append(message.decode())


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    import _socket

    heard = Listener()
    monkeypatch.setattr(_socket, "socket", lambda *_: heard)
    return heard


def test_a_line_names_agent_instance_and_action(listener: Listener) -> None:
    Log("IPaddr", "vip:0", "start", facility="local3").info("added")
    assert listener.lines[0].startswith("<158>IPaddr(vip:0)[")
    assert listener.lines[0].endswith("]: INFO: start: added")


def test_every_line_of_a_text_is_its_own(listener: Listener) -> None:
    Log().error("one\ntwo\0\udcff")
    assert [line.rpartition("ERROR: ")[2] for line in listener.lines] == ["one", "two\\0\\udcff"]


def test_debug_is_heard_where_it_is_wanted(listener: Listener) -> None:
    Log().debug("detail")
    Log(wants_debug=True).debug("detail")
    assert len(listener.lines) == 1


def test_facility_none_turns_the_log_off(listener: Listener) -> None:
    Log(facility="none").error("nobody hears it")
    assert listener.lines == []


def test_a_log_that_is_full_drops_the_line(listener: Listener) -> None:
    listener.is_full = True
    Log().error("lost")


def test_a_tracer_hears_every_line(listener: Listener) -> None:
    heard: list[str] = []
    log = Log(facility="none")
    log.trace = heard.append
    log.debug("detail")
    log.error("trouble")
    assert heard == ["DEBUG: detail", "ERROR: trouble"]


def test_a_terminal_sees_the_lines_too_and_a_pipe_does_not(
    monkeypatch: pytest.MonkeyPatch, listener: Listener
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    pipe, terminal = io.StringIO(), Terminal()
    for stream in (pipe, terminal):
        monkeypatch.setattr(sys, "stderr", stream)
        Log("IPaddr", "vip", "stop").info("removed")
    assert pipe.getvalue() == ""
    assert terminal.getvalue() == "INFO: stop: removed\n"


def test_a_log_that_cannot_even_be_opened_drops_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    import _socket

    def refuse(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(_socket, "socket", refuse)
    Log().error("nobody hears it")

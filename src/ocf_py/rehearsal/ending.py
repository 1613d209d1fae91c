"""What ends a run in order, as Ctrl-C does: SIGTERM of `timeout`, SIGHUP of a closed terminal."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


_TERMINATING = (signal.SIGTERM, signal.SIGHUP)
_ENDING = (signal.SIGINT, *_TERMINATING)


class Terminated(SystemExit):
    """A signal other than Ctrl-C's came; the code is what a shell says of it."""

    def __init__(self, number: int = signal.SIGTERM) -> None:
        super().__init__(128 + number)
        self._name = signal.Signals(number).name

    def __str__(self) -> str:
        """What a record calls it."""
        return f"terminated by {self._name}"


@contextlib.contextmanager
def ended_in_order() -> Iterator[None]:
    """Raise Terminated at the first such signal, and hear no other: `timeout` sends two at once.

    What is ignored stays so, as SIGHUP by `nohup`.
    """
    heard = [one for one in _TERMINATING if signal.getsignal(one) is signal.SIG_DFL]
    for one in heard:
        signal.signal(one, _terminate)
    try:
        yield
    finally:
        for one in heard:
            signal.signal(one, signal.SIG_DFL)


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Let all of them wait; a process that is begun here hears them from `end_once` on."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end_once() -> None:
    """Have one signal end this process, and no other after it: not amid a lab's end.

    To all of a terminal or a job it comes at once, and from who began this process once more.
    """
    signal.signal(signal.SIGINT, _end)
    for one in _TERMINATING:
        if signal.getsignal(one) is not signal.SIG_IGN:
            signal.signal(one, _end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _terminate(number: int, _: object) -> None:
    for one in _TERMINATING:
        signal.signal(one, signal.SIG_IGN)
    _leave_terminal(number)
    raise Terminated(number)


def _end(number: int, _: object) -> None:
    for one in _ENDING:
        signal.signal(one, signal.SIG_IGN)
    _leave_terminal(number)
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated(number)


def _leave_terminal(number: int) -> None:
    """Say the rest to nobody where the terminal has gone: to write there would be an error."""
    if number != signal.SIGHUP:
        return
    nobody = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        with contextlib.suppress(OSError):  # it is closed
            # Of a terminal that has gone isatty(3) says that it is none. Who reads a pipe hears of
            # it, too, and goes.
            mode = os.fstat(stream).st_mode
            if stat.S_ISCHR(mode) or stat.S_ISFIFO(mode):
                os.dup2(nobody, stream)
    os.close(nobody)

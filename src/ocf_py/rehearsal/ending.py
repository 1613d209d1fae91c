"""SIGTERM, as `timeout` and batch systems send it, ends what plays in order, as Ctrl-C does."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


_ENDING = (signal.SIGINT, signal.SIGTERM)


class Terminated(SystemExit):
    """SIGTERM came; the code is what a shell says of it."""

    def __init__(self) -> None:
        super().__init__(128 + signal.SIGTERM)

    def __str__(self) -> str:
        """What a record calls it."""
        return "terminated by SIGTERM"


@contextlib.contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Raise Terminated at the first SIGTERM, unless it is ignored: `timeout` sends two at once."""
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextlib.contextmanager
def deaf() -> Iterator[None]:
    """Let both signals wait; a process that is begun here hears them from `end_once` on."""
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
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN:
        signal.signal(signal.SIGTERM, _end)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise Terminated


def _end(number: int, _: object) -> None:
    for one in _ENDING:
        signal.signal(one, signal.SIG_IGN)
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt

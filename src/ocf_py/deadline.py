"""One deadline an action: the caller's timeout less a margin, counted from the process's start.

Pacemaker kills the whole process group at the timeout and forgets the exit reason of an agent
that did not end by itself (protocol facts P2 and P3), so an agent gives up a little earlier, and
says why.
"""

from __future__ import annotations

import posix
import time

from .outcomes import Failure
from .system import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_START_TIME_FIELD = 22  # proc(5), /proc/PID/stat: clock ticks since boot


class DeadlinePassed(BaseException):
    """The action's time is up; `failure` says over what.

    No Exception, so that nobody who handles failures swallows the end of all of them.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.failure = Failure(message, hint=hint)


class Deadline:
    """The moment at which an action has to be through, in seconds of CLOCK_BOOTTIME."""

    __slots__ = ("end", "margin", "start", "timeout")

    def __init__(self, timeout: float, start: float | None = None) -> None:
        """Begin at `start` (seconds of CLOCK_BOOTTIME; default now), `timeout` seconds in all."""
        self.timeout = timeout
        self.margin = min(max(1.0, timeout * 0.05), timeout / 2)
        self.start = _now() if start is None else start
        self.end = self.start + timeout - self.margin

    @property
    def remaining(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.end - _now())

    def stage(self, fraction: float) -> float:
        """Seconds left until `fraction` (0 to 1) of the time is used: for staged escalation."""
        return max(0.0, self.start + (self.end - self.start) * fraction - _now())

    def sleep(self, seconds: float, waiting_for: str) -> None:
        """Sleep, or raise DeadlinePassed when the time ends before."""
        left = self.remaining
        if left <= seconds:
            time.sleep(left)
            raise DeadlinePassed(
                f"gave up after {self.timeout:g} s less {self.margin:g} s: {waiting_for}",
                hint="raise the operation's timeout if this takes so long by nature",
            )
        time.sleep(seconds)

    def wait(self, holds: Callable[[], bool], waiting_for: str, every: float = 0.1) -> None:
        """Return once `holds()` is true, asked every `every` seconds; else raise DeadlinePassed."""
        while not holds():
            self.sleep(every, waiting_for)


def process_start() -> float:
    """Return when this process was forked, in seconds of CLOCK_BOOTTIME (10 ms steps).

    The caller's clock for the timeout began there.
    """
    try:
        stat = read_file("/proc/self/stat")
    except OSError:
        return _now()
    # The command's name, in parentheses, may hold blanks and parentheses itself.
    ticks = int(stat[stat.rindex(b")") + 2 :].split()[_START_TIME_FIELD - 3])
    return ticks / posix.sysconf("SC_CLK_TCK")


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)

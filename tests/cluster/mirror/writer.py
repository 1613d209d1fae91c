"""A client in the service network that has line after line kept, and knows which were."""

from __future__ import annotations

import contextlib
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.lab.namespaces import open_socket_in
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.lab import Lab

_PATIENCE = 1.0  # seconds without an answer after which it connects anew
_PAUSE = 0.02  # seconds between two lines


def now() -> float:
    """The clock that all nodes of a lab share with the machine, CLOCK_BOOTTIME."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True)
class Line:
    """One number: when it was sent, and when it was acknowledged."""

    number: int
    sent: float
    acknowledged: float


class LineWriter(Watching):
    """Sends the numbers from `first` on; one whose answer got lost may be there or not.

    `kept` are those that were acknowledged, in their order; `sent` is when each was sent first.
    """

    def __init__(self, lab: Lab, address: str, port: int, first: int) -> None:
        super().__init__("writer of lines")
        self.kept: list[Line] = []
        self.sent: dict[int, float] = {}
        self._lab = lab
        self._next = first
        self._written_off: set[int] = set()
        self._place = (address, port)
        self._daemon = int(lab.describe()["daemon"])

    def watch(self) -> None:
        """Write until the end."""
        self.ready.set()
        while not self.ended.is_set():
            with contextlib.suppress(OSError), self._open() as line:
                line.connect(self._place)
                self._write_lines(line)
            self.ended.wait(_PAUSE)

    def _open(self) -> socket.socket:
        opened = open_socket_in(self._daemon, socket.AF_INET, socket.SOCK_STREAM, 0)
        opened.settimeout(_PATIENCE)
        return opened

    def _write_lines(self, line: socket.socket) -> None:
        """Until one is not acknowledged."""
        while not self.ended.is_set():
            number, self._next = self._next, self._next + 1
            text = b"%d\n" % number
            self.sent[number] = now()
            line.sendall(text)
            if line.recv(64) != text:
                return
            self.kept.append(Line(number, self.sent[number], now()))
            self.ended.wait(_PAUSE)

    def await_more(self, count: int = 10) -> None:
        """Wait until more lines are acknowledged."""
        before = len(self.kept)

        def has_more() -> bool:
            self.check()
            return len(self.kept) >= before + count

        self._lab.wait_until("lines are kept", has_more)

    def lost(self, read: Callable[[], set[int]]) -> set[int]:
        """Lines that had been acknowledged before they were `read`, and are not there."""
        kept = {one.number for one in list(self.kept)}
        return kept - read() - self._written_off

    def acknowledged_by(self, moment: float) -> set[int]:
        """Lines whose acknowledgement had come at a moment, CLOCK_BOOTTIME."""
        return {one.number for one in list(self.kept) if one.acknowledged < moment}

    def write_off(self, lost: set[int]) -> None:
        """Count lines as never acknowledged: their loss was found, and is accounted for."""
        self._written_off |= lost

    def end(self) -> None:
        """Write no more; returns when the last line was answered."""
        self.ended.set()
        self._thread.join()

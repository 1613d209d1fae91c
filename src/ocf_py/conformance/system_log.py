"""The system log of a sandbox: a socket at its /dev/log."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class SystemLog:
    """What syslogd would be, as a list of lines, or as one that no longer reads."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self._path)
        self._socket.settimeout(0)

    def take(self) -> list[str]:
        """The datagrams that have come since the last time; "<PRIORITY>TAG: TEXT" (RFC 3164)."""
        lines = []
        while True:
            try:
                lines.append(self._socket.recv(65536).decode(errors="backslashreplace"))
            except BlockingIOError:
                return lines

    def fill(self) -> None:
        """Lets the queue run over, so that the next writer has to wait, or to drop its line."""
        # One writer's own share of memory is used up before the queue is full.
        while self._write_until_refused():
            pass

    def _write_until_refused(self) -> int:
        """How many lines one more writer gets in."""
        count = 0
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as writer:
            writer.settimeout(0)
            try:
                while True:
                    writer.sendto(b"one line more", self._path)
                    count += 1
            except BlockingIOError:
                return count

    def close(self) -> None:
        """Stops listening."""
        self._socket.close()

"""Log lines to syslog, named after agent, instance and action; to a terminal as well.

Nothing goes to a stderr that is no terminal: pcs prints whatever a successful validate-all says
there as a warning.
"""

from __future__ import annotations

import posix
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _socket import socket
    from collections.abc import Callable

#: RFC 3164, section 4.1.1.
_FACILITIES = {"user": 1, "daemon": 3, "auth": 4, "syslog": 5, "cron": 9, "authpriv": 10}
_FACILITIES.update({f"local{number}": 16 + number for number in range(8)})


class Log:
    """Where an action tells what it does. Opens the system log with the first line."""

    __slots__ = ("_agent", "_facility", "_prefix", "_socket", "_wants_debug", "trace")

    def __init__(
        self,
        agent: str = "ocfpy",
        instance: str = "default",
        action: str = "",
        *,
        facility: str = "daemon",
        wants_debug: bool = False,
    ) -> None:
        self._agent = f"{agent}({instance})".encode("utf-8", "backslashreplace").decode()
        self._prefix = f"{action}: " if action else ""
        # "none" turns the log off; a name that does not exist counts as daemon.
        self._facility = None if facility == "none" else _FACILITIES.get(facility, 3) * 8
        self._wants_debug = wants_debug
        self._socket: socket | None = None
        #: A tracer hears every line, whatever the level.
        self.trace: Callable[[str], None] | None = None

    def debug(self, text: str) -> None:
        """Tell detail for whoever looks for a fault; syslog gets it where HA_debug is set."""
        if self._wants_debug:
            self._write(7, "DEBUG", text)
        elif self.trace:
            self.trace(f"DEBUG: {text}")

    def info(self, text: str) -> None:
        """Tell what was done."""
        self._write(6, "INFO", text)

    def warning(self, text: str) -> None:
        """Tell what is not as it should be while the action goes on."""
        self._write(4, "WARNING", text)

    def error(self, text: str) -> None:
        """Say why the action fails."""
        self._write(3, "ERROR", text)

    def _write(self, level: int, word: str, text: str) -> None:
        if self.trace:
            self.trace(f"{word}: {text}")
        if self._facility is not None:
            for line in text.splitlines():
                self._send(self._facility + level, f"{word}: {self._prefix}{line}")
        if sys.stderr is not None and sys.stderr.isatty():
            sys.stderr.write(f"{word}: {self._prefix}{text}\n")

    def _send(self, priority: int, line: str) -> None:
        """Hand one line to the system log, or drop it: a log that hangs must not hang a stop.

        syslog(3) blocks while the log's queue is full, hence the datagram of our own (RFC 3164).
        """
        # A lone surrogate or a NUL cannot stand in a log line: show it escaped instead.
        plain = line.encode("utf-8", "backslashreplace").replace(b"\0", b"\\0")
        message = f"<{priority}>{self._agent}[{posix.getpid()}]: ".encode() + plain
        try:
            import _socket

            if self._socket is None:
                self._socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
            self._socket.sendto(message, _socket.MSG_DONTWAIT | _socket.MSG_NOSIGNAL, "/dev/log")
        except (OSError, ImportError):  # nobody listens, or no descriptor is left to reach them
            pass

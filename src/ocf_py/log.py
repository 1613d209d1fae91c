"""Log lines to syslog, named after agent, instance and action; to a terminal as well.

Nothing goes to a stderr that is no terminal: pcs prints whatever a successful validate-all says
there as a warning.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Log:
    """Where an action tells what it does. Opens syslog with the first line, not before."""

    __slots__ = ("_agent", "_facility", "_open", "_prefix", "_wants_debug", "trace")

    def __init__(
        self,
        agent: str = "ocfpy",
        instance: str = "default",
        action: str = "",
        *,
        facility: str = "daemon",
        wants_debug: bool = False,
    ) -> None:
        self._agent = f"{agent}({instance})"
        self._prefix = f"{action}: " if action else ""
        self._facility = facility
        self._wants_debug = wants_debug
        self._open = False
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
        if self._facility != "none":
            import syslog

            if not self._open:
                name = "LOG_" + self._facility.upper()
                syslog.openlog(
                    self._agent, syslog.LOG_PID, getattr(syslog, name, syslog.LOG_DAEMON)
                )
                self._open = True
            for line in text.splitlines():
                # A NUL or a lone surrogate cannot go to syslog(3): show it escaped instead.
                plain = line.encode("utf-8", "backslashreplace").replace(b"\0", b"\\0").decode()
                syslog.syslog(level, f"{word}: {self._prefix}{plain}")
        if sys.stderr is not None and sys.stderr.isatty():
            sys.stderr.write(f"{word}: {self._prefix}{text}\n")

"""A server that keeps lines: it appends each to several files, and says so when all are safe.

``keeper.py DIRECTORY PORT``. A client sends numbers, a line each, and gets each one back. Beside
the logs, ``latest`` is replaced as a whole each time, as a careful program does it.
"""

from __future__ import annotations

import os
import socketserver
import sys
import threading

LOGS = ("log.0", "log.1", "log.2")
LATEST = "latest"
_APPENDING = os.O_WRONLY | os.O_APPEND | os.O_CREAT


class Keeper(socketserver.ThreadingTCPServer):
    """Keeps the lines of every client in one directory, one line at a time."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, directory: str, port: int) -> None:
        super().__init__(("", port), _Client)
        self._directory = directory
        self._logs = [os.open(f"{directory}/{name}", _APPENDING, 0o644) for name in LOGS]
        self._turn = threading.Lock()

    def keep(self, line: bytes) -> None:
        """Return when the line would survive a power loss."""
        with self._turn:
            for log in self._logs:
                os.write(log, line)
                os.fsync(log)
            new = f"{self._directory}/{LATEST}.new"
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.write(handle, line)
            os.fsync(handle)
            os.close(handle)
            os.rename(new, f"{self._directory}/{LATEST}")


class _Client(socketserver.StreamRequestHandler):
    server: Keeper

    def handle(self) -> None:
        for line in self.rfile:
            self.server.keep(line)
            self.wfile.write(line)


if __name__ == "__main__":
    with Keeper(sys.argv[1], int(sys.argv[2])) as keeper:
        keeper.serve_forever()

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
        self._newest = max(_last_number(f"{directory}/{name}") for name in LOGS)
        self._turn = threading.Lock()

    def keep(self, line: bytes) -> bool:
        """Return when the line would survive a power loss; False for one that is too late.

        A client that has waited for long enough sends its next number over another connection:
        the one before, if it comes to its turn after that, is not kept any more.
        """
        with self._turn:
            number = int(line)
            if number <= self._newest:
                return False
            self._newest = number
            for log in self._logs:
                os.write(log, line)
                os.fsync(log)
            new = f"{self._directory}/{LATEST}.new"
            handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
            os.write(handle, line)
            os.fsync(handle)
            os.close(handle)
            os.rename(new, f"{self._directory}/{LATEST}")
        return True


class _Client(socketserver.StreamRequestHandler):
    server: Keeper

    def handle(self) -> None:
        for line in self.rfile:
            if not self.server.keep(line):
                return
            self.wfile.write(line)


def _last_number(path: str) -> int:
    with open(path, "rb") as log:
        lines = log.read().splitlines()
    return int(lines[-1]) if lines else -1


if __name__ == "__main__":
    with Keeper(sys.argv[1], int(sys.argv[2])) as keeper:
        keeper.serve_forever()

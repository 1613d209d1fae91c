"""A database client in the service network that commits row after row, and keeps count."""

from __future__ import annotations

import contextlib
import queue
import subprocess
import threading
from typing import TYPE_CHECKING

from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from ocf_py.lab import Lab

_PATIENCE = 2.0  # seconds without an answer after which a client connects anew
_DONE = "INSERT 0 1"


class RowWriter(Watching):
    """Commits the numbers from 0 on, one a transaction; `acknowledged` are those that were told.

    A number whose answer got lost may be there or not: it is not counted, and the next one comes.
    """

    def __init__(self, lab: Lab, address: str) -> None:
        super().__init__("writer of rows")
        self.acknowledged: list[int] = []
        self._next = 0
        inside = ["nsenter", f"--net=/proc/{lab.describe()['daemon']}/ns/net"]
        self._psql = [*inside, "psql", "-qXw", "-h", address, "-U", "postgres", "postgres"]

    def watch(self) -> None:
        """Write until the end."""
        self.ready.set()
        while not self.ended.is_set():
            # What could not be written to one that has died is written again when it is closed.
            with contextlib.suppress(BrokenPipeError), self._connect() as client:
                replies: queue.Queue[str] = queue.Queue()
                reader = threading.Thread(target=_pass_on, args=(client, replies), daemon=True)
                reader.start()
                self._write_rows(client, replies)
                client.kill()

    def _write_rows(self, client: subprocess.Popen[str], replies: queue.Queue[str]) -> None:
        assert client.stdin is not None
        while not self.ended.is_set():
            number, self._next = self._next, self._next + 1
            try:
                client.stdin.write(f"\\set QUIET off\nINSERT INTO numbers VALUES ({number});\n")
                client.stdin.flush()
                reply = replies.get(timeout=_PATIENCE)
            except (OSError, queue.Empty):
                return
            if reply != _DONE:
                return
            self.acknowledged.append(number)

    def _connect(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._psql,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PGCONNECT_TIMEOUT": "2"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def stored(self) -> list[int]:
        """What the database has now, asked by a client of its own."""
        query = [*self._psql, "-At", "-c", "SELECT n FROM numbers ORDER BY n"]
        done = subprocess.run(query, capture_output=True, text=True, check=True, timeout=20)
        return [int(line) for line in done.stdout.split()]


def _pass_on(client: subprocess.Popen[str], replies: queue.Queue[str]) -> None:
    assert client.stdout is not None
    with contextlib.suppress(ValueError):
        for line in client.stdout:
            replies.put(line.strip())
    replies.put("")  # its end

"""A database client in the service network that commits row after row, and keeps count."""

from __future__ import annotations

import contextlib
import queue
import socket
import subprocess
import threading
import time
from typing import TYPE_CHECKING

from ocf_py.lab.namespaces import open_socket_in
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from typing_extensions import Self

    from ocf_py.lab import Lab

_PATIENCE = 2.0  # seconds without an answer after which a client connects anew
_PORT = 5432
_CONNECT = 0.25  # seconds for one attempt: a kernel sends a lost SYN again after a second
_PAUSE = 0.05  # seconds between two attempts
_DONE = "INSERT 0 1"


class RowWriter(Watching):
    """Commits the numbers from 0 on, one a transaction; `acknowledged` are those that were told.

    A number whose answer got lost may be there or not: it is not counted, and the next one comes.
    `told` is when each was acknowledged, CLOCK_MONOTONIC.
    """

    def __init__(self, lab: Lab, address: str) -> None:
        super().__init__("writer of rows")
        self.acknowledged: list[int] = []
        self.told: list[float] = []
        self._lab = lab
        self._next = 0
        self._daemon = int(lab.describe()["daemon"])
        self._place = (address, _PORT)
        inside = ["nsenter", f"--net=/proc/{self._daemon}/ns/net"]
        self._psql = [*inside, "psql", "-qXw", "-h", address, "-U", "postgres", "postgres"]

    @classmethod
    def going_on(cls, lab: Lab, address: str) -> Self:
        """One that goes on after the last row that is there."""
        writer = cls(lab, address)
        writer._next = max(writer.stored(), default=-1) + 1
        return writer

    def watch(self) -> None:
        """Write until the end."""
        self.ready.set()
        while not self.ended.is_set():
            if not self._is_answered():
                self.ended.wait(_PAUSE)
                continue
            # What could not be written to one that has died is written again when it is closed.
            with contextlib.suppress(BrokenPipeError), self._connect() as client:
                replies: queue.Queue[str] = queue.Queue()
                reader = threading.Thread(target=_pass_on, args=(client, replies), daemon=True)
                reader.start()
                self._write_rows(client, replies)
                client.kill()

    def _is_answered(self) -> bool:
        """Whether somebody listens there: a client of the database is slow to find out."""
        with open_socket_in(self._daemon, socket.AF_INET, socket.SOCK_STREAM, 0) as attempt:
            attempt.settimeout(_CONNECT)
            return attempt.connect_ex(self._place) == 0

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
            self.told.append(time.monotonic())

    def _connect(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._psql,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PGCONNECT_TIMEOUT": "2"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def await_more(self, count: int = 10, timeout: float = 60.0) -> int:
        """Wait until so many more rows are acknowledged; returns the last one."""
        before = len(self.acknowledged)

        def has_more() -> bool:
            self.check()
            return len(self.acknowledged) > before + count

        self._lab.wait_until("rows are committed", has_more, timeout=timeout)
        return self.acknowledged[-1]

    def stored(self) -> list[int]:
        """What the database has now, asked by a client of its own."""
        query = [*self._psql, "-At", "-c", "SELECT n FROM numbers ORDER BY n"]
        done = subprocess.run(query, capture_output=True, text=True, check=True, timeout=20)
        return [int(line) for line in done.stdout.split()]

    def lost(self) -> list[int]:
        """Rows that were acknowledged, and are not there."""
        acknowledged = list(self.acknowledged)  # it goes on writing
        return sorted(set(acknowledged) - set(self.stored()))

    def longest_silence(self, since: float) -> float:
        """Seconds of the longest time without a commit, of those that ended after ``since``."""
        told = list(self.told)
        pauses = (after - before for before, after in zip(told, told[1:]) if after >= since)
        return max(pauses, default=0.0)


def _pass_on(client: subprocess.Popen[str], replies: queue.Queue[str]) -> None:
    assert client.stdout is not None
    with contextlib.suppress(ValueError):
        for line in client.stdout:
            replies.put(line.strip())
    replies.put("")  # its end

"""Writers that keep count of what was acknowledged to them, and look at the end what is there."""

from __future__ import annotations

import contextlib
import os
import queue
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.namespaces import open_stream_in
from ocf_py.lab.witnesses.answers import Answer
from ocf_py.lab.witnesses.watching import Watching
from ocf_py.rehearsal.inside import keeper
from ocf_py.rehearsal.record import WRITER

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.lab.lab import Lab

KEEPER = "/var/lib/ocfpy-rehearsal-keeper.py"
_PATIENCE = 2.0  # seconds without an answer after which a writer connects anew
_PAUSE = 0.05
DATABASE_PORT = 5432
_STORED_SECONDS = 20  # what is there at the end a busy guest is given time to tell
_CONNECT = 0.25  # seconds for one attempt: a kernel sends a lost SYN again after a second
_DONE = "INSERT 0 1"
TABLE = "ocfpy_rehearsal"


class Writer(Watching):
    """Base of both: has number after number written, one at a time, and keeps when each was."""

    kind = ""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
        self.acknowledged: dict[int, float] = {}
        self.answers: list[Answer] = []
        self._next = time.monotonic_ns() // 1_000_000  # of no earlier play

    def watch(self) -> None:
        """Write until the end."""
        self.ready.set()
        while not self.ended.is_set():
            with contextlib.suppress(OSError, LabError):
                self.write_on()
            self.ended.wait(_PAUSE)

    def write_on(self) -> None:
        """Connect and write until something goes wrong."""
        raise NotImplementedError

    def stored(self, node: str = "") -> set[int]:
        """What is there now, `node` having it; LabError when nobody can tell."""
        raise NotImplementedError

    def acknowledge(self, number: int, asked: float) -> None:
        """Count a write that is safe since now."""
        self.acknowledged[number] = now = time.monotonic()
        self.answers.append(Answer(asked, now, ""))

    def take_number(self) -> int:
        """The next number: one whose answer got lost is never used again."""
        self._next += 1
        return self._next

    def end(self) -> None:
        """Write no more; returns when the last answer is in."""
        self.ended.set()
        self._thread.join()

    def lost(self, node: str = "") -> list[float]:
        """When each of those was acknowledged that are not there, in order."""
        acknowledged = dict(self.acknowledged)  # it may go on writing
        there = self.stored(node)
        return sorted(at for number, at in acknowledged.items() if number not in there)


class Conversation:
    """A program that answers each line with a line, within `patience` seconds."""

    def __init__(
        self,
        command: list[str],
        environment: dict[str, str] | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        self._patience = patience
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._replies: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._hear, daemon=True).start()

    def ask(self, line: str) -> str:
        """The answer; OSError where none comes."""
        if self._process.stdin is None:
            raise BrokenPipeError
        self._process.stdin.write(line)
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> str:
        """The next line it says, "" when it has ended; TimeoutError where none comes."""
        try:
            return self._replies.get(timeout=self._patience)
        except queue.Empty:
            raise TimeoutError from None

    def hear_now(self) -> list[str]:
        """The lines that it has said, and nobody has heard yet."""
        said = []
        with contextlib.suppress(queue.Empty):
            while True:
                said.append(self._replies.get_nowait())
        return said

    def _hear(self) -> None:
        with contextlib.suppress(ValueError):
            for line in self._process.stdout or ():
                self._replies.put(line.strip())
        self._replies.put("")  # its end

    def close(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            # What could not be written to one that has died is written again when it is closed.
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        self._process.wait()


class FileWriter(Writer):
    """An application on the active node, which appends to a file in a directory there.

    `where` names that node now, "" for none. A number counts as acknowledged only if the node was
    the active one before and after: what an application does that nobody stopped is not promised.
    """

    def __init__(
        self, lab: Lab, directory: str, *, mounted: bool, where: Callable[[], str]
    ) -> None:
        super().__init__(f"{WRITER} {directory}")
        self.kind = "disk" if mounted else "mirror"
        self._lab = lab
        self._directory = directory.rstrip("/")
        self._mode = "mounted" if mounted else "plain"
        self._where = where

    def write_on(self) -> None:
        """Until it is another node's turn."""
        node = self._where()
        if not node:
            return
        command = ["/usr/bin/python3", "-ISE", KEEPER, self._directory, self._mode]
        told = Conversation(self._lab.node(node).command_line(command))
        try:
            while not self.ended.is_set() and self._where() == node:
                number, asked = self.take_number(), time.monotonic()
                if told.ask(f"{number}\n") != str(number):
                    return
                if self._where() == node:
                    self.acknowledge(number, asked)
                self.ended.wait(_PAUSE)
        finally:
            told.close()

    def stored(self, node: str = "") -> set[int]:
        """What is in the file."""
        shown = self._lab.node(node).run(["cat", f"{self._directory}/{keeper.NAME}"]).stdout
        return {int(line) for line in shown.split() if line.isdecimal()}


class RowWriter(Writer):
    """A client in the service network that commits a row a transaction to PostgreSQL.

    `table` has one column, n; `pause` is what passes between two rows, in seconds.
    """

    kind = "database"
    pause = _PAUSE

    def __init__(self, lab: Lab, address: str, table: str = TABLE) -> None:
        super().__init__(f"{WRITER} the database at {address}")
        self._table = table
        self._place = (address, DATABASE_PORT)
        self._daemon = int(lab.describe()["daemon"])
        inside = ["nsenter", f"--net=/proc/{self._daemon}/ns/net"]
        self._psql = [*inside, "psql", "-qXw", "-h", address, "-U", "postgres", "postgres"]
        self._environment = {"PATH": os.defpath, "PGCONNECT_TIMEOUT": "2"}

    def _is_answered(self) -> bool:
        """Whether somebody listens there: a client of the database is slow to find out."""
        with open_stream_in(self._daemon, self._place[0]) as attempt:
            attempt.settimeout(_CONNECT)
            return attempt.connect_ex(self._place) == 0

    def write_on(self) -> None:
        """Until a row is not acknowledged."""
        if not self._is_answered():
            return
        told = Conversation(self._psql, self._environment)
        try:
            while not self.ended.is_set():
                number, asked = self.take_number(), time.monotonic()
                row = f"\\set QUIET off\nINSERT INTO {self._table} VALUES ({number});\n"
                if told.ask(row) != _DONE:
                    return
                self.acknowledge(number, asked)
                self.ended.wait(self.pause)
        finally:
            told.close()

    def stored(self, node: str = "") -> set[int]:  # noqa: ARG002 - the address leads there
        """What the database has, asked by a client of its own."""
        question = f"SELECT n FROM {self._table}"  # noqa: S608 - a name of ours
        query = [*self._psql, "-At", "-c", question]
        patient = {**self._environment, "PGCONNECT_TIMEOUT": str(_STORED_SECONDS)}
        try:
            done = subprocess.run(
                query,
                capture_output=True,
                text=True,
                check=True,
                timeout=2 * _STORED_SECONDS,
                env=patient,
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            said = error.stderr.strip() if isinstance(error.stderr, str) else error
            raise LabError(f"{self.name}: the database does not tell: {said}") from None
        return {int(line) for line in done.stdout.split()}


def install_keeper(lab: Lab) -> None:
    """Put the application into every node."""
    program = Path(keeper.__file__).read_bytes()
    for node in lab.nodes:
        node.run(["tee", KEEPER], stdin=program)

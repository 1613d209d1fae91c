"""A client that has a program answer it, again and again: an address alone proves no service."""

from __future__ import annotations

import contextlib
import ipaddress
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ocf_py.lab.namespaces import open_stream_in
from ocf_py.lab.witnesses.answers import Answer
from ocf_py.lab.witnesses.watching import Watching
from ocf_py.rehearsal.preparation import find_database
from ocf_py.rehearsal.stage import pick_address
from ocf_py.rehearsal.writing import DATABASE_PORT

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab
    from ocf_py.rehearsal.stage import Part, Stage

CHECKS = ("ready", "health", "deep_health")  # a program's parameters that name its port
INTERVAL = 0.05  # seconds between two questions
_PATIENCE = 0.5
# What makes the program itself say something: of one that hangs the kernel takes a connection.
_HTTP = b"HEAD / HTTP/1.0\r\n\r\n"
_POSTGRESQL = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # SSLRequest, PostgreSQL's protocol 55.2.10
_REDIS = b"PING\r\n"
_QUESTIONS = {80: _HTTP, 8080: _HTTP, DATABASE_PORT: _POSTGRESQL, 6379: _REDIS}


@dataclass(frozen=True)
class Door:
    """Where a program is asked, and what; an empty question asks for the connection alone."""

    program: str
    address: str
    port: int
    question: bytes

    @property
    def name(self) -> str:
        """What its client is called."""
        place = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.program} at {place}:{self.port}"


def find_doors(stage: Stage) -> list[Door]:
    """The programs whose port is known, by their checks, each at an address it goes with."""
    doors = []
    for program in stage.programs:
        address, port = _find_place(stage, program)
        if port and address:
            web = {check.port for check in _read_checks(program) if check.scheme == "http"}
            question = _HTTP if port in web else _QUESTIONS.get(port, b"")
            doors.append(Door(program.id, address, port, question))
    return doors


def find_unasked(stage: Stage) -> dict[str, str]:
    """The programs that have no door, each with the reason."""
    unasked = {}
    for program in stage.programs:
        address, port = _find_place(stage, program)
        if not port:
            unasked[program.id] = (
                "it is a unit, and no check of the CIB's names its port"
                if program.is_unit
                else "no ready or health of it names a port"
            )
        elif not address:
            unasked[program.id] = "no address goes with it"
    return unasked


def _find_place(stage: Stage, program: Part) -> tuple[str, int]:
    """The address and the port of a check that names both, else of each what is usual; "", 0."""
    own = [one for one in stage.addresses if one.top == program.top]
    some = own or (stage.addresses if len(stage.addresses) == 1 else [])
    checks = _read_checks(program)
    for check in checks:
        if check.host in {one.address for one in some}:
            return check.host, check.port
    usual = DATABASE_PORT if find_database(program) else 0
    return pick_address(some), next((check.port for check in checks), usual)


class _Check(NamedTuple):
    """What a check asks, an address as `ipaddress` writes it."""

    scheme: str
    host: str
    port: int


def _read_checks(program: Part) -> list[_Check]:
    """Those that name a port."""
    found = []
    for text in map(program.get, CHECKS):
        try:
            parts = urlsplit(text)
            port, host = parts.port or 80 * (parts.scheme == "http"), parts.hostname or ""
        except ValueError:
            continue
        with contextlib.suppress(ValueError):
            host = str(ipaddress.ip_address(host))
        if port and parts.scheme in ("tcp", "http"):
            found.append(_Check(parts.scheme, host, port))
    return found


class DoorClient(Watching):
    """Asks a program every 50 ms; `answers` name no node, as a connection does not tell."""

    def __init__(self, lab: Lab, door: Door) -> None:
        super().__init__(f"client of {door.program}")
        self.door = door
        self.answers: list[Answer] = []
        self._daemon = int(lab.describe()["daemon"])

    def watch(self) -> None:
        """Ask until the end."""
        self.ready.set()
        while not self.ended.is_set():
            asked = time.monotonic()
            with contextlib.suppress(OSError):
                self._ask()
                self.answers.append(Answer(asked, time.monotonic(), ""))
            self.ended.wait(max(0.0, asked + INTERVAL - time.monotonic()))

    def _ask(self) -> None:
        with open_stream_in(self._daemon, self.door.address) as asked:
            asked.settimeout(_PATIENCE)
            asked.connect((self.door.address, self.door.port))
            if self.door.question:
                asked.sendall(self.door.question)
                if not asked.recv(64):
                    raise ConnectionError

"""The world of Service's checks without a kernel: the runner in here, over fake processes."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ocf_py as ocf
from ocf_py.start_record import RecordFile
from service import Service
from tests.fakes.mortal import InHere, Mortal
from tests.fakes.processes import FakeMachine

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST_STEPS = 60
_QUESTIONS = frozenset(name for name in vars(FakeMachine) if not name.startswith("_")) - {
    "add",
    "behave",
    "end",
    "pass_time",
    "serving",
}


class MortalMachine(Mortal, FakeMachine):
    """A fake machine that may kill its user."""

    questions = _QUESTIONS


class FakeServiceWorld(InHere):
    """Programs are looked for on this machine, and never run."""

    instance = "svc"

    holds_escapees = True

    def __init__(self, directory: Path) -> None:
        self.daemon = str(Path(__file__).parents[1] / "service" / "daemon.py")
        self.well, self.ill = "/bin/true", "/bin/false"
        self.hanging, self.slow = (self._make_program(directory, it) for it in ("hanging", "slow"))
        self.machine = machine = MortalMachine()

        class Agent(Service):
            """The service

            on a fake machine.
            """

            @ocf.seam
            def machine(self) -> Any:
                return machine

        super().__init__("Service", Agent, machine, directory / "ocfpy")

    @staticmethod
    def _make_program(directory: Path, name: str) -> str:
        path = directory / name
        path.touch(0o755)
        return str(path)

    # ------------------------------------------------------------------ what a check does

    def steps(self, action: str) -> Sequence[int]:
        return range(_MOST_STEPS if action != "monitor" else _MOST_STEPS // 4)

    def processes(self) -> dict[int, str]:
        return {pid: process.role for pid, process in self.machine.alive.items()}

    def kill(self, pid: int) -> None:
        self.machine.end(self.machine.alive[pid], -signal.SIGKILL)

    def run_by_hand(self, *words: str) -> int:
        process = self.machine.add("main", self.daemon)
        self.machine.behave(process, list(words))
        return process.identity.pid

    def run_stranger(self) -> int:
        return self.machine.add("stranger", "/bin/stranger").identity.pid

    def run_stranger_as_recorded(self) -> int:
        file = RecordFile("Service", "svc", str(self._records), boot="this")
        record = file.read()
        assert record is not None
        pid = int(record.facts["main"].partition(":")[0])
        return self.machine.add("stranger", "/bin/stranger", pid=pid).identity.pid

    def age(self, path: str, seconds: float) -> None:
        self.machine.files[path] = (self.machine.files[path][0], time.time() - seconds)

    def write(self, path: str, text: str) -> None:
        self.machine.files[path] = (text, time.time())

    def read(self, path: str) -> str:
        if path.startswith("/run/ocfpy/"):
            return (self._records / path.rpartition("/")[2]).read_text(encoding="utf-8")
        return self.machine.files.get(path, ("", 0.0))[0]

    def is_ready(self, ready: str) -> bool:
        kind, _, target = ready.partition("://")
        port = target.partition("/")[0].rpartition(":")[2]
        wanted = {"tcp": f"tcp={port}", "unix": f"unix={target}", "http": f"http={port}:200"}
        is_there = target in self.machine.files if kind == "file" else kind == "notify"
        return wanted.get(kind) in self.machine.serving() or is_there

    def records(self) -> list[str]:
        return [path.name for path in self._records.glob("[!.]*")]

    def spoil_record(self) -> None:
        (self._records / "Service.svc").write_bytes(b"ocfpy-record 1\nboo")

    def lose_record(self) -> None:
        (self._records / "Service.svc").unlink()

"""Processes that do what the checks' daemon does, behind the seam of Service."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from ocf_py.service import checks
from ocf_py.service.disposable import Finding
from ocf_py.system.processes import ProcessIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ocf_py.service.checks import Check
    from ocf_py.service.program import Program


@dataclass
class Process:
    """One process; ``effects`` are due at their time, in seconds of the monotonic clock."""

    identity: ProcessIdentity
    role: str
    executable: str
    parent: int = 1
    tree: str = ""
    is_stubborn: bool = False
    leads: bool = False
    hears_hup: str = ""
    status: int | None = None
    effects: list[tuple[float, str, str]] = field(default_factory=list)
    busy_until: float = 0.0
    words: list[str] = field(default_factory=list)  # what it does then


class FakeSpawned:
    """The child as its parent sees it."""

    def __init__(self, process: Process, machine: FakeMachine) -> None:
        self._process = process
        self._machine = machine
        self.identity = process.identity

    def ended(self) -> int | None:
        self._machine.pass_time()
        return self._process.status


class FakeNotify:
    """A socket on which the daemon's notify word is heard."""

    def __init__(self, machine: FakeMachine) -> None:
        self.address = "@fake"
        self.is_ready = False
        self.main_pid = 0
        self.status = ""
        self._machine = machine

    def hear(self) -> None:
        self._machine.pass_time()
        self.is_ready = "notify" in self._machine.serving()

    def close(self) -> None:
        """Nothing is held."""


class FakeMachine:
    """Holds processes and files; commands are named by what they do."""

    def __init__(self) -> None:
        self.alive: dict[int, Process] = {}
        self.files: dict[str, tuple[str, float]] = {}
        self._numbers = count(100)
        self._ticks = count(1000)

    # ------------------------------------------------------------------ what happens in there

    def add(self, role: str, executable: str, **more: Any) -> Process:
        """Let a process live."""
        identity = ProcessIdentity(more.pop("pid", 0) or next(self._numbers), next(self._ticks))
        made = self.alive[identity.pid] = Process(identity, role, executable, **more)
        return made

    def end(self, process: Process, status: int) -> None:
        """Let a process end; its children go to init."""
        process.status = status
        self.alive.pop(process.identity.pid, None)
        for one in self.alive.values():
            if one.parent == process.identity.pid:
                one.parent = 1

    def behave(self, process: Process, words: list[str]) -> None:
        """Do as the daemon does with these words."""
        process.is_stubborn |= "stubborn" in words
        due = time.monotonic()
        for number, word in enumerate(words, 1):
            name, _, value = word.partition("=")
            like = {"tree": process.tree, "is_stubborn": process.is_stubborn}
            if name == "fork":
                behind = self.add("main", process.executable, leads=True, **like)
                self.end(process, 0)
                process = behind
            elif name == "workers":
                for _ in range(2):
                    pid = process.identity.pid
                    self.add("worker", process.executable, parent=pid, **like)
            elif name in ("orphans", "escape"):
                role = "worker" if name == "orphans" else "escapee"
                self.add(role, process.executable, **like)
            elif name == "exit":
                self.end(process, int(value))
                return
            elif name == "work":
                process.busy_until = time.monotonic() + float(value)
                process.words = words[number:]
                return
            elif name == "count":
                process.hears_hup = value
            else:
                due += float(value) if name == "after" else 0
                process.effects.append((due, name, value))

    def pass_time(self) -> None:
        """Do what is due by now."""
        for process in list(self.alive.values()):
            if process.words and process.busy_until <= time.monotonic():
                words, process.words = process.words, []
                self.behave(process, words)
        for process in self.alive.values():
            for effect in list(process.effects):
                due, name, value = effect
                if due <= time.monotonic() and name in ("pidfile", "file"):
                    self.files[value] = (f"{process.identity.pid}\n", time.time())
                    process.effects.remove(effect)

    def serving(self) -> set[str]:
        """What the living serve by now, as NAME=VALUE words."""
        now = time.monotonic()
        return {
            f"{name}={value}" if value else name
            for process in self.alive.values()
            for due, name, value in process.effects
            if due <= now
        }

    # ------------------------------------------------------------------ the seam

    def is_alive(self, identity: ProcessIdentity) -> bool:
        self.pass_time()
        found = self.alive.get(identity.pid)
        return found is not None and found.identity == identity

    def is_at_rest(self, identity: ProcessIdentity) -> bool:
        return self.is_alive(identity) and self.alive[identity.pid].busy_until <= time.monotonic()

    def start(
        self,
        program: Program,
        name: str,
        more: Mapping[str, str],
        seconds: float,
        remember: Callable[[str, ProcessIdentity, str], None],
    ) -> FakeSpawned:
        assert seconds > 0
        assert "NOTIFY_SOCKET" in more or not more
        process = self.add("main", program.argv[0], leads=True)
        process.tree = f"cgroup /fake/{name}.{process.identity.start_time}"
        try:
            remember(process.tree, process.identity, "")
        except BaseException:
            self.end(process, 1)
            raise
        words = program.argv[1:]
        if program.argv[0] == "/bin/sh":
            process.executable, words = "daemon", ["stay"]
        self.behave(process, words)
        return FakeSpawned(process, self)

    def members(
        self, tree: str, roots: Iterable[ProcessIdentity], *, everywhere: bool = False
    ) -> list[ProcessIdentity]:
        assert everywhere in (True, False)  # nobody is moved out of a group here
        ours = {root.pid for root in roots if self.is_alive(root)}
        ours |= {one.identity.pid for one in self._in_tree(tree)}
        while True:
            more = {pid for pid, one in self.alive.items() if one.parent in ours} - ours
            if not more:
                break
            ours |= more
        found = [self.alive[pid].identity for pid in ours]
        return sorted(found, key=lambda one: one.start_time)

    def _in_tree(self, tree: str) -> list[Process]:
        kind, _, name = tree.partition(" ")
        if kind in ("groups", "named"):
            made = f"cgroup /fake/{name}."
            return [one for one in self.alive.values() if one.tree.rpartition(".")[0] + "." == made]
        return [one for one in self.alive.values() if one.tree == tree != "descendants"]

    def tree_of(self, main: ProcessIdentity, name: str) -> str:
        assert self.is_alive(main)
        process = self.alive[main.pid]
        return process.tree if process in self._in_tree(f"groups {name}") else "descendants"

    def find_main(
        self, among: Iterable[ProcessIdentity], executable: str
    ) -> ProcessIdentity | None:
        for one in among:
            process = self.alive[one.pid]
            if process.leads and process.executable == executable:
                return one
        return None

    def release(self, tree: str) -> None:
        assert not self._in_tree(tree)

    def send(self, identity: ProcessIdentity, number: int) -> bool:
        if not self.is_alive(identity):
            return False
        process = self.alive[identity.pid]
        assert process.role != "stranger", "a stranger is signalled"
        if number == signal.SIGHUP and process.hears_hup:
            self.files[process.hears_hup] = ("HUP\n", time.time())
        elif number != signal.SIGCONT and not (number == signal.SIGTERM and process.is_stubborn):
            self.end(process, -number)
        return True

    def kill_all(self, tree: str) -> None:
        for process in self._in_tree(tree):
            self.end(process, -signal.SIGKILL)

    def describe(self, identity: ProcessIdentity) -> str:
        return f"{identity.pid} ({self.alive[identity.pid].role}, user 0)"

    def recognise(
        self, pidfile: str, executable: str, known: str, user: str
    ) -> ProcessIdentity | None:
        found, is_old = self._find_named(pidfile, known, user)
        return found.identity if found and found.executable == executable and not is_old else None

    def find_doubtful(
        self, pidfile: str, executable: str, known: str, user: str
    ) -> ProcessIdentity | None:
        found, is_old = self._find_named(pidfile, known, user)
        return found.identity if found and (found.executable == executable) == is_old else None

    def _find_named(self, pidfile: str, known: str, user: str) -> tuple[Process | None, bool]:
        """The process that the file names, and whether the file is older than that."""
        assert user
        assert not known  # no program executes another here
        found = self.alive.get(self.read_pid(pidfile))
        return found, time.time() - self.files.get(pidfile, ("", 0.0))[1] > 1

    def tell_other(self, main: ProcessIdentity, executable: str) -> str:
        assert self.is_alive(main)
        assert executable
        return ""

    def read_pid(self, pidfile: str) -> int:
        self.pass_time()
        text = self.files.get(pidfile, ("", 0.0))[0].strip()
        return int(text) if text.isdecimal() else 0

    def write_pid(self, pidfile: str, pid: int) -> None:
        self.files[pidfile] = (f"{pid}\n", time.time())

    def remove_pid(self, pidfile: str) -> None:
        pid = self.read_pid(pidfile)
        if pid and pid not in self.alive:
            del self.files[pidfile]

    def ask(
        self,
        check: Check,
        build: Callable[[], Program],
        seconds: float,
        *,
        leaves_nothing: bool = True,
    ) -> Finding:
        assert leaves_nothing in (True, False)
        assert build().argv
        self.pass_time()
        reason, took = self._answer(check), 0.0
        if reason == "hanging":
            reason, took = f"no answer within {seconds:.3g} s", seconds
        elif reason == "slow":
            reason, took = "", 0.3
        return Finding(f"{check} {reason}" if reason else "", took)

    def _answer(self, check: Check) -> str:  # noqa: PLR0911 - a form after the other
        serving = self.serving()
        if check.words[:1] == ("/bin/sh",):
            parts = check.words[-1].split(" && ")
            well = all(("false" in part) is part.startswith("!") for part in parts)
            return "" if well else "ended with 1"
        if check.kind == checks.COMMAND:
            name = check.words[-1].rpartition("/")[2]
            return {"false": "ended with 1", "hanging": "hanging", "slow": "slow"}.get(name, "")
        if check.kind == checks.FILE:
            is_there = check.target in self.files or check.target == "/run"
            return "" if is_there else "No such file"
        if check.kind == checks.UNIX:
            return "" if f"unix={check.target}" in serving else "No such file"
        if check.kind == checks.TCP:
            return "" if f"tcp={check.port}" in serving else "refused"
        if f"tcp={check.port}" in serving:
            return "hanging"
        statuses = [word for word in serving if word.startswith(f"http={check.port}:")]
        status = statuses[0].rpartition(":")[2] if statuses else "refused"
        return "" if status == "200" else status

    def listen(self, _uid: int) -> FakeNotify:
        return FakeNotify(self)

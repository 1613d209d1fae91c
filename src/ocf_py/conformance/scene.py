"""The place of one test as it is seen from outside: what runs in it, what lies in it."""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING

from ocf_py.conformance.fuzz.witness import Witness
from ocf_py.conformance.places import enclose, in_sandbox, list_descendants, on_machine
from ocf_py.conformance.sandbox import Sandbox
from ocf_py.conformance.system_log import SystemLog

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from ocf_py.conformance.caller import Answer, Caller
    from ocf_py.conformance.places import Place
    from ocf_py.conformance.subject import Command, Subject
    from ocf_py.conformance.tools import PacemakerTools


class Scene:
    """A fresh sandbox, or the machine itself, prepared for its subject; `inside` ends all in it."""

    def __init__(self, subject: Subject, place: Place = in_sandbox) -> None:
        self.subject = subject
        self._place = place
        self._inside = contextlib.ExitStack()
        self._others_records: list[Path] = []

    @cached_property
    def caller(self) -> Caller:
        """Who calls the agent.

        Made with its place when first used: many a rule sees at once that it has no object.
        """
        caller = self._inside.enter_context(self._place(self.subject))
        if self._place is on_machine:
            self._others_records = _list_records(caller.sandbox.root)
        return caller

    @property
    def tools(self) -> PacemakerTools:
        """What stands for Pacemaker's own tools."""
        return self.caller.tools

    @cached_property
    def log(self) -> SystemLog:
        """The system log: who asks for it first listens at /dev/log from then on."""
        log = SystemLog(self.path("/dev/log"))
        self._inside.callback(log.close)
        return log

    @cached_property
    def witness(self) -> Witness:
        """Somebody who looks at all that can be changed in the sandbox."""
        sandbox = self.caller.sandbox
        assert isinstance(sandbox, Sandbox)  # noqa: S101 - of a whole machine there is too much
        if self._place is in_sandbox:  # what others change on the machine is not to be seen
            enclose(sandbox, self.subject)
        witness = Witness(sandbox)
        self._inside.callback(witness.close)
        return witness

    def path(self, inside: str) -> Path:
        """Where a path of the sandbox is to be found from outside."""
        return self.caller.sandbox.root / inside.lstrip("/")

    def run(self, command: Command, *, expect: Collection[int | None] | None = (0,)) -> Answer:
        """Runs a command as root; RuntimeError unless it ends as expected."""
        return self.caller.run(command, expect=expect)

    def holds(self, command: Command) -> bool:
        """Whether a command that looks at something ends with 0."""
        return self.run(command, expect=None).code == 0

    def records(self) -> list[Path]:
        """The start records, seen from outside: what else is kept there has no dot in its name.

        On the machine itself, those that were not there before: other resources may run on it.
        """
        found = _list_records(self.caller.sandbox.root)
        return [one for one in found if one not in self._others_records]

    def processes(self) -> dict[int, str]:
        """The processes of the sandbox that are alive: pid → command line.

        On the machine itself, those alone that a call has started: each of them is a descendant.
        """
        found = {}
        is_shared = self._place is on_machine
        own = {str(pid) for pid in list_descendants(self.caller.pid)} if is_shared else ()
        for entry in self.path("/proc").iterdir():
            if entry.name.isdigit() and (not is_shared or entry.name in own):
                try:
                    line = (entry / "cmdline").read_text(errors="replace")
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if line:  # a zombie has none
                    found[int(entry.name)] = line.replace("\0", " ").strip()
        return found

    @property
    def spawner_pid(self) -> int:
        """The agent's parent, which stands for pacemaker-execd."""
        return self.caller.pid

    def spawn_stranger(self) -> int:
        """Starts a process that has nothing to do with the agent, and returns its pid."""
        detached = "setsid --fork sleep 1000 </dev/null >/dev/null 2>&1"
        return self.run(("sh", "-c", detached)).left[0]

    def end_processes(self, keep: int) -> None:
        """Kills every process of the sandbox but its init, the spawner and `keep`."""
        pids = [str(pid) for pid in self.processes() if pid not in (1, self.spawner_pid, keep)]
        self.run(("sh", "-c", f"kill -KILL {' '.join(pids)} 2>/dev/null"), expect=None)


def _list_records(root: Path) -> list[Path]:
    folder = root / "run/ocfpy"
    if not folder.is_dir() or folder.is_symlink():
        return []
    try:
        return sorted(entry for entry in folder.iterdir() if "." in entry.name)
    except (
        PermissionError
    ):  # it is root's, and an agent that somebody else runs writes nothing there
        return []

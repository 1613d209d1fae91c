"""One sandbox with one agent in it: what the rules call, see and expect."""

from __future__ import annotations

import contextlib
from functools import cached_property
from typing import TYPE_CHECKING

from ocf_py.conformance.caller import ORDINARY, Answer, Caller, SpawnerDied, Surroundings
from ocf_py.conformance.fuzz.witness import Witness
from ocf_py.conformance.manners import OF_THE_CODE, find_bad_manners
from ocf_py.conformance.places import in_sandbox, list_descendants, on_machine
from ocf_py.conformance.rule import Broken, Call, Evidence, NotApplicable
from ocf_py.conformance.sandbox import Sandbox
from ocf_py.conformance.system_log import SystemLog

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from typing_extensions import Self

    from ocf_py.catalogue.description import Description
    from ocf_py.conformance.manners import Problem
    from ocf_py.conformance.places import Place
    from ocf_py.conformance.subject import Command, Subject
    from ocf_py.conformance.tools import PacemakerTools

STRANGER = "stranger"  # another resource, asked about the same thing
_TIMEOUT = 20.0  # seconds: what nothing here takes, unless it hangs
RECURRING = 10_000  # ms

ACTIVE = frozenset((0, 8, 190, 191))
PROMOTED = frozenset((8, 191))
UNPROMOTED = frozenset((0, 190))
STOPPED = frozenset((7,))


class Stage:
    """A fresh sandbox, or the machine itself, prepared for its subject.

    Every call is held to the manners that all answers owe (`manners`), unless it says otherwise.
    With `offences` the first of each kind is put there, and breaks nothing by itself.
    """

    def __init__(
        self,
        subject: Subject,
        place: Place = in_sandbox,
        offences: dict[str, Evidence] | None = None,
    ) -> None:
        self.subject = subject
        self._place = place
        self._offences = offences
        self._answers: list[Answer] = []
        self._inside = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._inside:
            if self._place is on_machine and any(one.action == "start" for one in self._answers):
                with contextlib.suppress(SpawnerDied):
                    self.call("stop", politely=False)

    @cached_property
    def caller(self) -> Caller:
        """Who calls the agent.

        Made with its place when first used: many a rule sees at once that it has no object.
        """
        return self._inside.enter_context(self._place(self.subject))

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
        witness = Witness(sandbox)
        self._inside.callback(witness.close)
        return witness

    @property
    def description(self) -> Description:
        """What the agent says it can do."""
        return self.subject.description

    def path(self, inside: str) -> Path:
        """Where a path of the sandbox is to be found from outside."""
        return self.caller.sandbox.root / inside.lstrip("/")

    @property
    def unusable(self) -> Mapping[str, str]:
        """Parameters that do not tell the agent what its resource is."""
        if any(one.required for one in self.description.parameters):
            return {}
        if not self.subject.wrong:
            raise NotApplicable("every set of parameters that is known is usable")
        return {**self.subject.parameters, **self.subject.wrong[0]}

    # ------------------------------------------------------------------ calls

    def call(  # noqa: PLR0913 - a call has that many sides
        self,
        action: str,
        parameters: Mapping[str, str] | None = None,
        *,
        expect: Collection[int | None] | None = None,
        because: str = "",
        instance: str | None = None,
        interval_ms: int = 0,
        level: str = "",
        timeout: float = _TIMEOUT,
        environment: Mapping[str, str | None] | None = None,
        further: tuple[str, ...] = (),
        surroundings: Surroundings = ORDINARY,
        politely: bool = True,
        killed_after: float | None = None,
    ) -> Answer:
        """Calls the agent as Pacemaker does; Broken unless its code is among `expect`.

        `environment` changes variables, None removes one. `further` are arguments behind the
        action. Without `politely`, the manners are not looked at. `timeout` is what the agent is
        told, and when it is killed, unless that comes `killed_after` so many seconds.
        """
        variables = self.caller.environment(
            self.subject.parameters if parameters is None else parameters,
            instance=self.subject.instance if instance is None else instance,
            interval_ms=interval_ms,
            timeout=timeout,
            level=level,
            action=action,
        )
        for name, value in (environment or {}).items():
            variables.pop(name, None)
            if value is not None:
                variables[name] = value
        return self.ask(
            (action, *further) if action else (),
            variables,
            expect=expect,
            because=because,
            timeout=timeout if killed_after is None else killed_after,
            surroundings=surroundings,
            politely=politely,
        )

    def ask(
        self,
        arguments: tuple[str, ...],
        variables: Mapping[str, str],
        *,
        expect: Collection[int | None] | None = None,
        because: str = "",
        timeout: float = _TIMEOUT,
        surroundings: Surroundings = ORDINARY,
        politely: bool = True,
    ) -> Answer:
        """Calls the agent with exactly these variables."""
        answer = self.caller.call(arguments, variables, timeout=timeout, surroundings=surroundings)
        self.judge(answer, expect=expect, because=because, politely=politely)
        return answer

    def judge(
        self,
        answer: Answer,
        *,
        expect: Collection[int | None] | None,
        because: str,
        politely: bool = True,
    ) -> None:
        """Broken unless the answer's code is among `expect`, and its manners are good."""
        self._answers.append(answer)
        is_other = expect is not None and answer.code not in expect
        for problem in find_bad_manners(answer) if politely else ():
            # A code that breaks the rule itself is not to be told of twice.
            if self._offences is None or not (is_other and problem.manner in OF_THE_CODE):
                self._blame(problem, answer)
        if expect is not None and is_other:
            self.fail(f"{answer.action} to answer {_name(expect)}{_since(because)}", "", answer)

    def _blame(self, problem: Problem, answer: Answer) -> None:
        if self._offences is None:
            self.fail(problem.expected, problem.seen, answer)
        elif problem.manner not in self._offences:
            self._offences[problem.manner] = self._testify(problem.expected, problem.seen, answer)

    def start(self, parameters: Mapping[str, str] | None = None) -> Answer:
        """A start that has to succeed."""
        return self.call("start", parameters, expect=(0,))

    def stop(self, parameters: Mapping[str, str] | None = None, *, because: str = "") -> Answer:
        """A stop that has to succeed."""
        return self.call("stop", parameters, expect=(0,), because=because)

    def expect_active(
        self, parameters: Mapping[str, str] | None = None, *, because: str = ""
    ) -> Answer:
        """Looks as somebody who knows no record of it, and has to find the resource active.

        Where a resource is known by its name, nobody of another could.
        """
        return self._look(ACTIVE, parameters, because)

    def expect_stopped(
        self, parameters: Mapping[str, str] | None = None, *, because: str = ""
    ) -> Answer:
        """Looks as somebody who knows no record of it, and has to find nothing."""
        return self._look(STOPPED, parameters, because)

    def _look(
        self, expected: Collection[int | None], parameters: Mapping[str, str] | None, because: str
    ) -> Answer:
        who = self.subject.instance if self.subject.is_known_by_name else STRANGER
        answer = self.call("monitor", parameters, instance=who, expect=expected, because=because)
        # A monitor that finds something active records it: the stranger must not.
        for path in self.records():
            if f".{STRANGER}" in path.name:
                path.unlink()
        return answer

    # ------------------------------------------------------------------ the sandbox

    def run(self, command: Command, *, expect: Collection[int | None] | None = (0,)) -> Answer:
        """Runs a command as root; RuntimeError unless it ends as expected."""
        return self.caller.run(command, expect=expect)

    def holds(self, command: Command) -> bool:
        """Whether a command that looks at something ends with 0."""
        return self.run(command, expect=None).code == 0

    def records(self) -> list[Path]:
        """The start records, seen from outside: what else is kept there has no dot in its name."""
        folder = self.path("/run/ocfpy")
        if not folder.is_dir() or folder.is_symlink():
            return []
        return sorted(entry for entry in folder.iterdir() if "." in entry.name)

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

    # ------------------------------------------------------------------ verdicts

    def expect_promotable(self) -> None:
        """NotApplicable where the agent's instances have no roles."""
        if not self.description.is_promotable:
            raise NotApplicable("its instances have no roles")

    def expect_advertised(self, action: str) -> None:
        """NotApplicable where the agent does not say that it has the action."""
        if action not in self.description.action_names:
            raise NotApplicable(f"advertises no {action}")

    def expect(self, holds: object, expected: str, seen: str, answer: Answer | None = None) -> None:
        """Broken unless `holds`."""
        if not holds:
            self.fail(expected, seen, answer)

    def fail(self, expected: str, seen: str, answer: Answer | None = None) -> None:
        """Raises Broken, with all that is needed to see it again."""
        lines = [f"{self.subject.name}: expected {expected}"]
        evidence = self._testify(expected, seen, answer)
        lines.append(f"  seen: {evidence.seen}")
        said = (f"{one.action or '(no action)'} → {one.outcome}" for one in self._answers)
        lines.append(f"  calls: {'; '.join(said)}")
        if answer:
            if answer.stderr.strip():
                lines.append(f"  stderr: {answer.stderr.strip()[-2000:]!r}")
            lines.append(f"  repeat: {answer.repeat}")
        raise Broken("\n".join(lines), evidence)

    def _testify(self, expected: str, seen: str, answer: Answer | None) -> Evidence:
        return Evidence(
            expected,
            seen or (answer.outcome if answer else "otherwise"),
            tuple(Call(one.action, one.by_hand, one.outcome) for one in self._answers),
            answer.stderr.strip()[-2000:] if answer else "",
        )


def _name(codes: Collection[int | None]) -> str:
    return " or ".join(sorted(map(str, codes)))


def _since(because: str) -> str:
    return f", since {because}" if because else ""

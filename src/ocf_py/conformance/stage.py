"""One sandbox with one agent in it: what the rules call, see and expect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.cib.times import parse_ms
from ocf_py.conformance.caller import ORDINARY, Answer, Surroundings
from ocf_py.conformance.manners import OF_THE_CODE, find_bad_manners
from ocf_py.conformance.places import in_sandbox, on_machine
from ocf_py.conformance.rule import Broken, Call, Evidence, NotApplicable
from ocf_py.conformance.scene import Scene
from ocf_py.conformance.undoing import undo

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from typing_extensions import Self

    from ocf_py.catalogue.description import Description
    from ocf_py.conformance.manners import Problem
    from ocf_py.conformance.places import Place
    from ocf_py.conformance.subject import Subject
    from ocf_py.conformance.undoing import Left

STRANGER = "stranger"  # another resource, asked about the same thing
# Seconds: Pacemaker's own default, which an agent may advertise more than, within reason.
_TIMEOUT, _LONGEST = 20.0, 300.0
RECURRING = 10_000  # ms

ACTIVE = frozenset((0, 8, 190, 191))
PROMOTED = frozenset((8, 191))
UNPROMOTED = frozenset((0, 190))
STOPPED = frozenset((7,))


class Stage(Scene):
    """A scene whose agent is called.

    Every call is held to the manners that all answers owe (`manners`), unless it says otherwise.
    With `offences` the first of each kind is put there, and breaks nothing by itself; with `left`
    what remains on the machine itself.
    """

    def __init__(
        self,
        subject: Subject,
        place: Place = in_sandbox,
        offences: dict[str, Evidence] | None = None,
        left: list[Left] | None = None,
    ) -> None:
        super().__init__(subject, place)
        self._offences = offences
        self._left = [] if left is None else left
        self._answers: list[Answer] = []
        self._starts: list[dict[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._inside:
            # On the machine itself nobody else ends what was begun, under whatever parameters, also
            # where the test was interrupted before it had an answer.
            if self._starts and self._place is on_machine:
                self._left.extend(undo(self, self._starts, ACTIVE))

    @property
    def description(self) -> Description:
        """What the agent says it can do."""
        return self.subject.description

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
        timeout: float | None = None,
        environment: Mapping[str, str | None] | None = None,
        further: tuple[str, ...] = (),
        surroundings: Surroundings = ORDINARY,
        politely: bool = True,
        killed_after: float | None = None,
    ) -> Answer:
        """Calls the agent as Pacemaker does; Broken unless its code is among `expect`.

        `environment` changes variables, None removes one. `further` are arguments behind the
        action. Without `politely`, the manners are not looked at. `timeout` is what the agent is
        told, `timeout_of` by default, and when it is killed, unless that comes `killed_after` so
        many seconds.
        """
        timeout = self.timeout_of(action) if timeout is None else timeout
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

    def timeout_of(self, action: str) -> float:
        """How many seconds the action has: of an agent that was asked, what it says it needs."""
        described = self.subject.described  # to ask it now would be to run it outside
        advertised = [
            (parse_ms(one.timeout) or 0) / 1000
            for one in (described.actions if described else ())
            if one.name == action
        ]
        return min(max((_TIMEOUT, *advertised)), _LONGEST)

    def ask(
        self,
        arguments: tuple[str, ...],
        variables: Mapping[str, str],
        *,
        expect: Collection[int | None] | None = None,
        because: str = "",
        timeout: float | None = None,
        surroundings: Surroundings = ORDINARY,
        politely: bool = True,
    ) -> Answer:
        """Calls the agent with exactly these variables."""
        action = arguments[0] if arguments else ""
        if action == "start" and variables not in self._starts:
            self._starts.append(dict(variables))
        answer = self.caller.call(
            arguments,
            variables,
            timeout=self.timeout_of(action) if timeout is None else timeout,
            surroundings=surroundings,
        )
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

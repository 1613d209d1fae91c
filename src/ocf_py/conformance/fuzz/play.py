"""One environment played out: the odd call, what leads up to it, and what undoes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.conformance.fuzz.cases import UNKNOWN
from ocf_py.conformance.fuzz.judgement import (
    LOOKS,
    REFUSED,
    find_faults,
    is_new_folder,
    is_record_folder,
    is_trace,
    list_unlawful,
)
from ocf_py.conformance.fuzz.protocol import INSTANCE
from ocf_py.conformance.fuzz.views import DEAD
from ocf_py.conformance.fuzz.witness import compare
from ocf_py.conformance.rule import Broken
from ocf_py.conformance.stage import ACTIVE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from ocf_py.conformance.caller import Answer
    from ocf_py.conformance.fuzz.cases import Case
    from ocf_py.conformance.fuzz.machine import Machine
    from ocf_py.conformance.fuzz.witness import Change, Picture

_TIMEOUT = 20.0  # seconds, as everywhere in the contract tier
_NOTHING: dict[str, str] = {}
_AS_USUAL: dict[str, str | None] = {}


class Play:
    """Plays one case on a machine where nothing of the agent's runs, and leaves it so.

    Raises Broken at the first thing that is not as it has to be. `answers` are the calls made.
    """

    def __init__(self, machine: Machine, case: Case) -> None:
        self._machine = machine
        self._case = case
        self._type = machine.subject.type
        self._now = self._idle = machine.witness.seen
        self._traces: set[str] = set()
        self.answers: list[Answer] = []

    def run(self) -> None:
        """Plays it."""
        if self._case.in_life:
            self._live()
        else:
            self._call_while_idle()
        self._clear_traces()

    # ------------------------------------------------------------------ the two plays

    def _call_while_idle(self) -> None:
        """The odd call where nothing runs."""
        case = self._case
        answer, changes = self._make_odd_call()
        if case.action in LOOKS or case.action in (UNKNOWN, "stop"):
            self._expect_no_change(answer, changes)
            self._expect_truth_of_idle(answer)
            return
        if case.action == "start":
            if answer.code in REFUSED:
                self._expect_no_change(answer, changes)
            if case.is_valid and answer.code != 0:
                self._fail("a start with valid parameters to succeed", answer.outcome)
        # After a call that has changed nothing, it would be a stop where nothing runs: of these,
        # the fuzz of stop has as many.
        if changes or self._list_records() or (case.action == "start" and answer.code == 0):
            self._undo()
        self._expect_idle("after the stop that undoes it")

    def _live(self) -> None:
        """The odd call while the resource runs, between a valid start and a valid stop."""
        parameters = self._machine.subject.parameters
        self._call("start", parameters, expect=(0,))
        self._now = self._machine.settle()
        answer, changes = self._call("monitor", parameters, expect=ACTIVE)
        self._expect_no_change(answer, changes)
        recorded = self._list_records()
        answer, changes = self._make_odd_call()
        if self._case.action in LOOKS or self._case.action == UNKNOWN:
            self._expect_no_change(answer, changes)
        elif self._case.action == "stop":
            if answer.code == 0 and recorded and self._means_the_same_instance:
                self._expect_idle("after a stop of what was recorded, whatever its parameters")
        else:
            self._undo()
        if self._list_records() - recorded:  # adopted under another name
            self._undo()
        bare = self._case.stops_bare and bool(self._list_records())
        self._call("stop", _NOTHING if bare else parameters, expect=(0,))
        self._expect_idle("after the stop")

    def _undo(self) -> None:
        """The stop that Pacemaker would ask for: same parameters, same name.

        Where something was recorded, no parameters at all are enough. A strained environment
        would be a reason to fail, so the stop has an ordinary one.
        """
        case = self._case
        parameters = _NOTHING if case.stops_bare and self._list_records() else case.parameters
        protocol = case.protocol
        if case.is_strained:
            protocol = {name: word for name, word in protocol.items() if name == INSTANCE}
        self._call("stop", parameters, protocol, expect=(0,))

    # ------------------------------------------------------------------ calls

    def _make_odd_call(self) -> tuple[Answer, list[Change]]:
        case = self._case
        return self._call(case.action, case.parameters, case.protocol, case=case)

    def _call(
        self,
        action: str,
        parameters: Mapping[str, str],
        protocol: Mapping[str, str | None] = _AS_USUAL,
        *,
        expect: Collection[int] | None = None,
        case: Case | None = None,
    ) -> tuple[Answer, list[Change]]:
        """Calls the agent; what has changed is what differs from the look after the last call."""
        variables = self._machine.caller.environment(
            parameters,
            instance=self._machine.subject.instance,
            interval_ms=0,
            timeout=_TIMEOUT,
            level="",
            action=action,
        )
        for name, word in protocol.items():
            variables.pop(name, None)
            if word is not None:
                variables[name] = word
        answer = self._machine.caller.call((action,), variables, timeout=_TIMEOUT)
        self.answers.append(answer)
        for problem in find_faults(answer, case):
            self._fail(problem.expected, problem.seen)
        if expect is not None and answer.code not in expect:
            self._fail(
                f"{action} to answer {' or '.join(map(str, sorted(expect)))}", answer.outcome
            )
        changes = self._machine.find_changes(self._now)
        self._now = self._machine.witness.seen
        self._traces |= {one.thing for one in changes if is_trace(one, answer)}
        return answer, changes

    # ------------------------------------------------------------------ what has to hold

    def _expect_no_change(self, answer: Answer, changes: list[Change]) -> None:
        """Nothing may have changed but what the design allows.

        A process that the start left may come to its end by itself at any time; that the resource
        does not miss it is then asked of monitor.
        """
        unlawful = list_unlawful(
            answer, changes, type_name=self._type, is_strained=self._case.is_strained
        )
        ended = [one for one in unlawful if self._is_end_of_own_process(one)]
        others = [one for one in unlawful if one not in ended]
        if others:
            code = f" that answers {answer.code}" if answer.action == "start" else ""
            self._fail(f"{answer.action}{code} to change nothing", _list(others))
        if ended:
            parameters = self._machine.subject.parameters
            still, _ = self._call("monitor", parameters)
            if still.code not in ACTIVE:
                self._fail(f"{answer.action} to leave what runs alone", _list(ended))

    def _is_end_of_own_process(self, change: Change) -> bool:
        is_process = change.thing.startswith("process ")
        return is_process and change.after in (None, DEAD) and change.thing not in self._idle

    def _expect_truth_of_idle(self, answer: Answer) -> None:
        """Where nothing runs, no environment makes an agent say or fear that something does."""
        case = self._case
        if case.action == "monitor" and answer.code in ACTIVE | {9}:
            self._fail("monitor to find nothing, since nothing was started", answer.outcome)
        if case.is_strained:
            return
        if case.action == "stop" and answer.code != 0:
            self._fail("stop of what does not run to succeed", answer.outcome)
        if case.action == "monitor" and case.is_probe and answer.code != 7:  # noqa: PLR2004
            self._fail("a probe where nothing was started to answer 7", answer.outcome)
        if case.action == UNKNOWN and answer.code != 3:  # noqa: PLR2004 - OCF_ERR_UNIMPLEMENTED
            self._fail("an action that the agent does not have to answer 3", answer.outcome)

    def _expect_idle(self, when: str) -> None:
        """The machine has to be, or soon to become, as it was before the play."""
        self._now = self._machine.look_until(lambda picture: not self._find_left(picture))
        left = self._find_left(self._now)
        if left:
            self._fail(f"the machine to be as it was before, {when}", _list(left))

    def _find_left(self, picture: Picture) -> list[Change]:
        return [
            one
            for one in compare(self._idle, picture)
            if not (is_record_folder(one) or one.thing in self._traces or self._may_stay(one))
        ]

    def _may_stay(self, change: Change) -> bool:
        return self._machine.subject.leaves_folders and is_new_folder(change)

    def _list_records(self) -> set[str]:
        return {thing for thing in self._now if thing.startswith("path /run/ocfpy/")}

    @property
    def _means_the_same_instance(self) -> bool:
        return INSTANCE not in self._case.protocol

    def _clear_traces(self) -> None:
        for thing in self._traces:
            self._machine.caller.run(("rm", "-f", thing[len("path ") :]), expect=(0,))
        if self._traces:
            self._machine.witness.look()

    def _fail(self, expected: str, seen: str) -> None:
        calls = [f"    {one.repeat}   # {one.outcome}" for one in self.answers]
        raise Broken("\n".join([f"expected {expected}", f"  seen: {seen}", "  calls:", *calls]))


def _list(changes: list[Change]) -> str:
    return "; ".join(map(str, changes[:10]))

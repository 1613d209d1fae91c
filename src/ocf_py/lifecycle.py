"""The protocol's actions: idempotent, reconciled with the start record, and checked by monitor.

Two instances of the agent may stand for one resource: `given` with the caller's parameters, and
`recorded` with those of the last start. What each action asks of which is the whole of this file;
`tests/unit/test_lifecycle.py` pins it in one table.
"""

from __future__ import annotations

from .outcomes import (
    MINUS_INFINITY,
    STOPPED,
    Failure,
    Misconfigured,
    NotRunning,
)
from .parameters import parse_parameters
from .start_record import RecordUnreadable, StartRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .agent import Agent
    from .call import Call
    from .outcomes import Status
    from .start_record import RecordFile

_LOOKS_AT_THE_MACHINE = 10  # OCF 1.1, "Check levels", for validate-all
_SETTLE_INTERVAL = 0.2  # seconds between two looks at an effect that settles


class Lifecycle:
    """One action of one resource."""

    def __init__(
        self, agent_class: type[Agent], texts: dict[str, str], file: RecordFile, call: Call
    ) -> None:
        self._class = agent_class
        self._texts = texts
        self._file = file
        self._call = call
        self._unreadable = ""
        self._record: StartRecord | None = None
        self._given, self._problem = self._build(texts)
        self._recorded: Agent | None = None
        if call.action != "validate-all":
            self._read_record()

    @property
    def was_started(self) -> bool:
        """Whether something was started here, as far as can be told."""
        return self._record is not None or bool(self._unreadable)

    def perform(self, action: str) -> Status | None:
        """Do `action`; return monitor's status, None for the others; Failure says why not."""
        method: Callable[[], Status | None] = getattr(
            self, "_" + action.replace("-", "_"), self._plain
        )
        return method()

    # ------------------------------------------------------------------ the two instances

    def _build(
        self, texts: dict[str, str], *, is_record: bool = False
    ) -> tuple[Agent | None, Failure | None]:
        values, problems = parse_parameters(
            self._class.ocf_parameters, texts, missing_is_wrong=not is_record
        )
        if problems:
            return None, Misconfigured("; ".join(problems))
        agent = self._class(call=self._call, **values)
        if not is_record:  # what was started was valid then
            try:
                agent.validate()
            except Failure as problem:
                return None, problem
        return agent, None

    def _read_record(self) -> None:
        try:
            self._record = self._file.read()
        except RecordUnreadable as error:
            self._unreadable = str(error)
            return
        if self._record is None:
            return
        self._call.facts.record = self._record
        self._recorded, problem = self._build(self._record.parameters, is_record=True)
        if problem is not None:
            self._unreadable = (
                f"record {self._file.path} holds what this version cannot use: {problem}"
            )

    def _usable(self) -> Agent:
        if self._given is None:
            raise self._problem or Misconfigured("the parameters are not usable")
        return self._given

    def _is_same_identity(self) -> bool:
        """Whether record and caller mean the same thing: equal in all that is not reloadable."""
        return self._recorded is not None and not self._differences(reloadable=False)

    def _differences(self, *, reloadable: bool) -> frozenset[str]:
        """Name the parameters, of this kind, whose values differ between record and caller."""
        given = self._given.ocf_given if self._given else {}
        recorded = self._recorded.ocf_given if self._recorded else {}
        return frozenset(
            name
            for name, parameter in self._class.ocf_parameters.items()
            if parameter.reloadable is reloadable
            and not parameter.is_secret
            and given.get(name, parameter.default) != recorded.get(name, parameter.default)
        )

    def _write_record(self) -> None:
        """Record the caller's parameters; the facts of what runs stay with it."""
        parameters = self._class.ocf_parameters
        texts = {
            name: text
            for name, text in self._texts.items()
            if name in parameters and not parameters[name].is_secret
        }
        self._record = StartRecord(texts, self._record.facts if self._record else None)
        self._call.facts.record = self._record
        self._file.write(self._record)

    def _forget_record(self) -> None:
        try:
            self._file.remove()
        except OSError as error:
            raise Failure(f"cannot remove {self._file.path}: {error.strerror}") from error
        self._record = self._recorded = None
        self._call.facts.record = None

    # ------------------------------------------------------------------ monitor

    def _monitor(self) -> Status:
        if self._given is None:
            return self._monitor_recorded()
        status = self._ask(self._given)
        if (
            not self._call.is_recurring
            and self._recorded is not None
            and not self._is_same_identity()
        ):
            self._refuse_recorded_alive(self._recorded)
        if status.is_active:
            if not self.was_started:
                self._adopt()
            self._set_score(self._given, status)
        return status

    def _monitor_recorded(self) -> Status:
        """Judge by the record what the caller's parameters do not tell."""
        if self._unreadable:
            raise Failure(f"{self._unreadable}; and {self._problem}")
        if self._recorded is not None:
            status = self._ask(self._recorded)
            if status.is_active:
                self._set_score(self._recorded, status)
            return status
        if self._call.is_recurring:
            raise Failure(f"cannot tell whether it runs: {self._problem}")
        return STOPPED

    def _ask(self, agent: Agent) -> Status:
        return agent.monitor()

    def _refuse_recorded_alive(self, recorded: Agent) -> None:
        if self._ask(recorded).is_active:
            changed = ", ".join(sorted(self._differences(reloadable=False)))
            raise Failure(
                f"what the last start brought up with another {changed} is still active",
                hint="stop the resource before it is changed",
            )

    def _adopt(self) -> None:
        """Give a resource that somebody else started a stop that needs no parameters either."""
        try:
            self._write_record()
        except OSError as error:
            self._call.log.warning(
                f"cannot record what runs in {self._file.path}: {error.strerror}"
            )

    # ------------------------------------------------------------------ start and stop

    def _start(self) -> None:
        given = self._usable()
        if self._unreadable:
            raise Failure(
                self._unreadable, hint="stop what it stands for by hand and remove the file"
            )
        if self._recorded is not None and not self._is_same_identity():
            self._call.log.info("what the last start brought up differs: stopping that first")
            self._end(self._recorded)
            self._forget_record()
        before = self._look(given)
        if not (
            before
            and before.is_active
            and self._recorded
            and not self._differences(reloadable=True)
        ):
            given.validate_here()
            try:
                self._write_record()
            except OSError as error:
                raise Failure(f"cannot write {self._file.path}: {error.strerror}") from error
            given.start()
            self._confirm(given, "start", lambda status: status.is_active)
        status = self._ask(given)
        if status.is_promoted:  # OCF 1.1: start ends unpromoted
            given.demote()
            status = self._confirm(
                given, "demote", lambda now: now.is_active and not now.is_promoted
            )
        self._set_score(given, status)

    def _stop(self) -> None:
        if self._recorded is not None:
            self._end(self._recorded)
        if self._given is not None and not self._is_same_identity():
            before = self._look(self._given)
            if before is None or before.is_active or self._unreadable:
                self._end(self._given)
        if self._unreadable:
            raise Failure(self._unreadable, hint="make sure nothing of it runs and remove the file")
        self._forget_record()
        if self._class.is_promotable():
            self._call.cluster.delete_promotion_score()

    def _end(self, agent: Agent) -> None:
        """Stop one instance and prove it: a wrong success here corrupts data."""
        agent.stop()
        self._confirm(agent, "stop", lambda status: not status.is_active)

    def _look(self, agent: Agent) -> Status | None:
        """Ask for the state before an action; None where that itself fails."""
        try:
            return self._ask(agent)
        except Failure as failure:
            self._call.log.debug(f"before {self._call.action}: {failure.reason}")
            return None

    def _confirm(self, agent: Agent, action: str, is_reached: Callable[[Status], bool]) -> Status:
        """Hold an action to its word by asking monitor; wait where the action says it settles."""
        while True:
            failure = None
            status = STOPPED
            try:
                status = self._ask(agent)
            except Failure as error:
                failure = error
            if failure is None and is_reached(status):
                return status
            problem = failure.reason if failure else f"it is {status.name}"
            if not self._class.ocf_actions[action].settles:
                raise Failure(f"{action} is through, but {problem}")
            self._call.deadline.sleep(_SETTLE_INTERVAL, f"after {action}, {problem}")

    # ------------------------------------------------------------------ roles

    def _promote(self) -> None:
        try:
            agent = self._active_or_not_running()
            if not self._ask(agent).is_promoted:
                agent.promote()
                self._confirm(agent, "promote", lambda status: status.is_promoted)
        except BaseException:
            # With its score kept, Pacemaker would demote the healthy primary for it, again
            # and again.
            self._call.cluster.set_promotion_score(MINUS_INFINITY)
            raise
        self._set_score(agent, self._ask(agent))

    def _demote(self) -> None:
        agent = self._active_or_not_running()
        if self._ask(agent).is_promoted:
            agent.demote()
            status = self._confirm(
                agent, "demote", lambda now: now.is_active and not now.is_promoted
            )
            self._set_score(agent, status)

    def _active_or_not_running(self) -> Agent:
        agent = self._given or self._recorded
        if agent is None and self._unreadable:
            raise Failure(self._unreadable)
        if agent is None or not self._ask(agent).is_active:
            raise NotRunning(f"cannot {self._call.action}: it is not running")
        return agent

    def _set_score(self, agent: Agent, status: Status) -> None:
        if not self._class.is_promotable():
            return
        try:
            score = agent.promotion_score(status)
        except Failure as failure:
            self._call.log.warning(f"no promotion here: {failure.reason}")
            score = MINUS_INFINITY
        self._call.cluster.set_promotion_score(score)

    # ------------------------------------------------------------------ the others

    def _validate_all(self) -> None:
        given = self._usable()
        if self._call.level >= _LOOKS_AT_THE_MACHINE:
            given.validate_here()

    def _reload_agent(self) -> None:
        given = self._usable()
        fixed = self._differences(reloadable=False) if self._recorded else frozenset()
        if fixed:
            raise Failure(f"{', '.join(sorted(fixed))} cannot be changed without a restart")
        self._call.changed = self._differences(reloadable=True)
        given.reload_agent()
        self._write_record()

    def _plain(self) -> None:
        """Run an action without a state of its own: notify, reload, migrate_to, migrate_from."""
        agent = self._given or self._recorded
        if agent is None:
            agent = self._usable()
        getattr(agent, self._call.action)()

"""The protocol's actions: idempotent, reconciled with the start record, and checked by monitor.

What each action asks of which of the two instances is the whole of this file;
`tests/unit/test_lifecycle.py` pins it in one table.
"""

from __future__ import annotations

from .outcomes import (
    MINUS_INFINITY,
    STOPPED,
    Failure,
    Misconfigured,
    NotRunning,
    Status,
    UnusableHere,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .agent import Agent
    from .call import Call
    from .instances import Instances

_LOOKS_AT_THE_MACHINE = 10  # OCF 1.1, "Check levels", for validate-all
_SETTLE_INTERVAL = 0.2  # seconds between two looks at an effect that settles


class Lifecycle:
    """One action of one resource."""

    def __init__(self, agent_class: type[Agent], instances: Instances, call: Call) -> None:
        self._class = agent_class
        self._instances = instances
        self._call = call

    def perform(self, action: str) -> Status | None:
        """Do `action`; return monitor's status, None for the others; Failure says why not."""
        method: Callable[[], Status | None] = getattr(
            self, "_" + action.replace("-", "_"), self._plain
        )
        return method()

    # ------------------------------------------------------------------ monitor

    def _monitor(self) -> Status:
        if self._instances.given is None:
            return self._monitor_recorded()
        status = self._ask(self._instances.given)
        is_stale = False
        if (
            not self._call.is_recurring
            and self._instances.recorded is not None
            and not self._instances.is_same_identity
        ):
            if not (self._instances.unreadable and status.is_active):
                self._refuse_recorded_alive(self._instances.recorded)
            is_stale = not self._instances.unreadable
        if status.is_active:
            if is_stale or not self._instances.was_started:
                self._adopt(self._instances.given)
            self._set_score(self._instances.given, status)
            return self._tell_of_refused(self._instances.given, status)
        return status

    def _monitor_recorded(self) -> Status:
        """Judge by the record what the caller's parameters do not tell."""
        if self._instances.lost:
            raise self._instances.lost
        if self._instances.recorded is not None:
            status = self._ask(self._instances.recorded)
            if not status.is_active:
                return status
            self._set_score(self._instances.recorded, status)
            return self._tell_of_refused(self._instances.recorded, status)
        if self._call.is_recurring:
            raise Failure(f"cannot tell whether it runs: {self._instances.problem}")
        return STOPPED

    def _tell_of_refused(self, agent: Agent, status: Status) -> Status:
        refused = self._instances.refused if self._call.is_recurring else ""
        return agent.degrade(status, refused) if refused else status

    def _ask(self, agent: Agent) -> Status:
        status = agent.monitor()
        if not isinstance(status, Status):
            raise TypeError(f"monitor returned {status!r}, which is no status")
        return status

    def _refuse_recorded_alive(self, recorded: Agent) -> None:
        if self._ask(recorded).is_active:
            if self._instances.unreadable:
                raise self._instances.unreadable
            changed = ", ".join(sorted(self._instances.differences(reloadable=False)))
            raise Failure(
                f"what the last start brought up with another {changed} is still active",
                hint="stop the resource before it is changed",
            )

    def _adopt(self, given: Agent) -> None:
        """Give a resource that somebody else started a stop that needs no parameters either."""
        try:
            self._instances.write_record()
        except OSError as error:
            self._call.log.warning(
                f"cannot record what runs in {self._instances.record_path}: {error.strerror}"
            )
            return
        try:
            given.adopt()
        except Failure as failure:
            self._call.log.warning(f"what runs is not known in full: {failure.reason}")

    # ------------------------------------------------------------------ start and stop

    def _start(self) -> None:
        given = self._usable_to_start
        if self._instances.lost:
            raise self._instances.lost
        if self._instances.recorded is not None and not self._instances.is_same_identity:
            self._call.log.info("what the last start may have brought up is stopped first")
            self._end(self._instances.recorded)
            self._instances.forget_record()
        status = self._found_as_recorded(given) or self._bring_up(given)
        if status.is_promoted:  # OCF 1.1: start ends unpromoted
            given.demote()
            status = self._confirm(
                given, "demote", lambda now: now.is_active and not now.is_promoted
            )
        self._set_score(given, status)

    @property
    def _usable_to_start(self) -> Agent:
        """The caller's instance; a Failure where there is none, which costs no other its place.

        For Misconfigured Pacemaker would stop the clone's other instances, too, which run on with
        the values from before.
        """
        told = self._call.cluster.notification if self._call.is_notified else None
        try:
            return self._instances.usable
        except Misconfigured as problem:
            if told is None or {*told.nodes("active")} <= {self._call.node}:
                raise
            raise UnusableHere(problem.message, hint=problem.hint) from problem

    def _found_as_recorded(self, given: Agent) -> Status | None:
        """Return the status of what runs as the record says; None where start has to act."""
        status = self._look(given)
        is_recorded = self._instances.recorded and not (
            self._instances.refused or self._instances.differences(reloadable=True)
        )
        return status if status and status.is_active and is_recorded else None

    def _bring_up(self, given: Agent) -> Status:
        given.validate_here()
        try:  # before the first effect: what stop is to find must be known by then
            self._instances.write_record()
        except OSError as error:
            raise Failure(
                f"cannot write {self._instances.record_path}: {error.strerror}"
            ) from error
        given.start()
        return self._confirm(given, "start", lambda status: status.is_active)

    def _stop(self) -> None:
        if self._instances.recorded is not None and not self._instances.by_name:
            self._end(self._instances.recorded)
        if self._instances.given is not None and not self._instances.is_same_identity:
            before = self._look(self._instances.given)
            if before is None or before.is_active or self._instances.unreadable:
                self._end(self._instances.given)
        if self._instances.lost:
            raise self._instances.lost
        if self._instances.by_name:  # behind the caller's own way to stop
            self._end(self._instances.by_name)
        self._instances.forget_record()
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
        agent = self._instances.given or self._instances.recorded
        if agent is None and self._instances.lost:
            raise self._instances.lost
        status = STOPPED if agent is None else self._ask(agent)
        if agent is None or not status.is_active:
            # The last word that the cluster shows of a failure: it is to hold the cause.
            cause = status.reason or "it is not running"
            raise NotRunning(f"cannot {self._call.action}: {cause}")
        return agent

    def _set_score(self, agent: Agent, status: Status) -> None:
        if not self._class.is_promotable():
            return
        score: int | None
        try:
            score = agent.promotion_score(status)
        except Failure as failure:
            self._call.log.warning(f"no promotion here: {failure.reason}")
            score = MINUS_INFINITY
        if score is not None:
            self._call.cluster.set_promotion_score(score)

    # ------------------------------------------------------------------ the others

    def _validate_all(self) -> None:
        given = self._instances.usable
        if self._call.level >= _LOOKS_AT_THE_MACHINE:
            given.validate_here()

    def _reload_agent(self) -> None:
        """Have the caller's values taken over, or keep what runs on those before.

        A reload that fails is a failed start to Pacemaker (2.1.5), and never tried again on any
        node: for one wrong value the resource would be stopped everywhere. Monitor tells of it.
        """
        try:
            self._take_over()
        except Failure as failure:
            recorded = None if self._instances.unreadable else self._instances.recorded
            found = recorded and self._look(recorded)
            if not found or not found.is_active or self._instances.fixed:
                raise
            self._call.log.error(f"the values before are kept: {failure.reason}")
            self._instances.refuse(failure)

    def _take_over(self) -> None:
        given = self._instances.usable
        if self._instances.unreadable:
            raise self._instances.unreadable
        if self._instances.fixed:
            names = ", ".join(sorted(self._instances.fixed))
            raise Failure(f"{names} cannot be changed without a restart")
        self._call.changed = self._instances.differences(reloadable=True)
        given.reload_agent()
        self._instances.write_record()

    def _plain(self) -> None:
        """Run an action without a state of its own: notify, reload, migrate_to, migrate_from."""
        agent = self._instances.given or self._instances.recorded
        if agent is None:
            agent = self._instances.usable
        getattr(agent, self._call.action)()

"""A service that is a unit of systemd: its jobs awaited inside the deadline, its states judged."""

from __future__ import annotations

from ocf_py.outcomes import (
    RUNNING,
    STOPPED,
    Failure,
    Misconfigured,
    NotInstalled,
    Status,
    UnusableHere,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocf_py.call import Call

    from .units import State, Units

_ACTIVE = ("active", "reloading", "refreshing")
_PENDING = ("activating", "deactivating", "maintenance")
_ENDED = ("inactive", "failed")
_ENABLED = ("enabled", "enabled-runtime")
_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\@")
_KINDS = (
    ".service", ".socket", ".timer", ".mount", ".path", ".target", ".scope", ".slice", ".automount",
    ".swap", ".device",
)  # fmt: skip
_LONGEST_NAME = 255
_AGAIN = 0.2  # seconds between two questions to a systemd that does not answer
#: systemd leaves the restart to the cluster, and the cluster ends before what it runs. While the
#: cluster itself ends, that order would have the unit wait for it in turn: stop lifts it.
_MARK = "# Of the cluster resource {instance}; gone with the next boot.\n"
_SETTING = """\
{mark}[Unit]
Before=pacemaker.service pacemaker_remote.service
{service}"""
_RESTART = "\n[Service]\nRestart=no\n"


def refuse_name(unit: str) -> None:
    """Raise Misconfigured for what is no unit's name: systemd.unit(5)."""
    name = _full_name(unit)
    is_name = set(name) <= _LETTERS and len(name) <= _LONGEST_NAME and unit[:1] not in ".-@"
    if not is_name:
        raise Misconfigured(f"unit={unit!r} is no name of a unit", hint="such as nginx.service")
    if name.rpartition(".")[0].endswith("@"):
        raise Misconfigured(f"unit={unit!r} is a template", hint="name an instance behind the @")


def _full_name(unit: str) -> str:
    """As systemctl(1) completes it: what has no kind of a unit at its end is a service."""
    return unit if unit.endswith(_KINDS) else f"{unit}.service"


def _is_pending(state: State) -> bool:
    """Whether it is on its way, or waits for what goes before it, as during a boot."""
    return state.active in _PENDING or (state.active in _ENDED and state.has_job)


def find_started(units: Units, call: Call) -> list[UnitService]:
    """The units that a start of this resource has laid its setting over since the boot."""
    if not units.is_there():
        return []
    return [UnitService(units, call, name) for name in units.find_drop_ins(_mark(call))]


def _mark(call: Call) -> str:
    return _MARK.format(instance=" ".join(call.instance.split()))


class UnitService:
    """One unit, which the cluster starts and stops."""

    def __init__(self, units: Units, call: Call, unit: str) -> None:
        self._units = units
        self._call = call
        self.name = _full_name(unit)

    def judge(self) -> Status:
        """Tell whether it runs; what is on its way to a state gets half of the time to reach it."""
        if not self._units.is_there():
            if self._call.is_recurring:
                raise Failure(f"systemd does not run here, and {self.name} with it")
            return STOPPED
        state = self._show()
        while _is_pending(state) and self._call.deadline.stage(0.5):
            self._call.deadline.sleep(0.1, f"{self.name} is {state.active}")
            state = self._show()
        if state.active in _ACTIVE:
            return RUNNING
        if _is_pending(state):
            raise Failure(f"{self.name} stays {_describe(state)}")
        left = self._left(state)
        if left:
            raise Failure(f"{self.name} is {state.active}, and left behind {left}")
        if state.active == "failed" and self._call.is_recurring:
            return STOPPED.because(self._explain(state))
        if state.active not in _ENDED:
            raise Failure(f"{self.name} is in a state that means nothing here: {state.active!r}")
        return STOPPED

    def validate_here(self) -> None:
        """Raise NotInstalled or UnusableHere for a unit that cannot be started, or not by us."""
        if not self._units.is_there():
            raise UnusableHere("systemd does not run here", hint="use command instead of unit")
        state = self._show()
        if state.load == "not-found":
            raise NotInstalled(f"{self.name} is no unit here", hint="install its package")
        if state.load == "masked":
            raise UnusableHere(f"{self.name} is masked", hint=f"systemctl unmask {self.name}")
        if state.load != "loaded":
            raise UnusableHere(f"{self.name} cannot be used: it is {state.load}")
        if state.enabled in _ENABLED:
            self._call.log.warning(f"{self.name} is enabled: the boot would start it as well")
            if self._call.action == "validate-all":
                _warn(f"{self.name} is enabled: systemctl disable {self.name}")
        for trigger in self._find_triggers(state, with_enabled=True):
            self._call.log.warning(f"{trigger} would start {self.name} past the cluster")
            if self._call.action == "validate-all":
                _warn(
                    f"{trigger} would start {self.name} past the cluster: "
                    f"systemctl disable --now {trigger}"
                )

    def _find_triggers(self, state: State, *, with_enabled: bool = False) -> list[str]:
        """The sockets, timers and paths that start it by themselves, as they are active now."""
        found = [(name, self._show(name)) for name in state.triggers]
        return [
            name
            for name, its in found
            if its.active not in _ENDED or (with_enabled and its.enabled in _ENABLED)
        ]

    def start(self) -> None:
        """Start it and wait until it is active; Failure, with what it said last, if it is not."""
        deadline = self._call.deadline
        state = self._show()
        if self._left(state):
            self.stop()
        try:
            self._lay_setting(state)
            self._units.start(self.name)
        except OSError as error:
            raise Failure(f"{self.name} cannot be started: {error.strerror}") from error
        state = self._show()
        while state.active in _PENDING or state.has_job:
            if not deadline.stage(0.8):
                self._give_up()
                raise Failure(f"{self.name} stayed {_describe(state)}")
            deadline.sleep(0.05, f"{self.name} is {state.active}")
            state = self._show()
        if state.active not in _ACTIVE:
            has_done = state.active == "inactive" and state.result == "success"
            hint = "one that does its work and ends needs RemainAfterExit=yes" if has_done else ""
            raise Failure(self._explain(state), hint=hint)

    def adopt(self) -> None:
        """Take over what somebody else has started: as a start would have found it."""
        try:
            self._lay_setting(self._show())
        except OSError as error:
            raise Failure(f"{self.name} keeps its own setting: {error.strerror}") from error

    def _lay_setting(self, state: State) -> None:
        service = _RESTART if self.name.endswith(".service") else ""
        setting = _SETTING.format(mark=_mark(self._call), service=service)
        self._units.write_drop_in(self.name, setting, is_unread=state.is_unread)

    def _lift_setting(self) -> None:
        """Leave the mark alone, by which the unit is found; no stop fails for want of that."""
        try:
            self._units.lift_drop_in(self.name, _mark(self._call))
        except OSError as error:
            self._call.log.warning(f"{self.name} keeps its setting: {error.strerror}")

    def _give_up(self) -> None:
        """Take the start back: what hangs in it must not come up later."""
        try:
            self.stop()
        except Failure as failure:
            self._call.log.warning(failure.reason)

    def stop(self, _stages: object = None) -> None:
        """Stop it and wait until nothing of it runs; what does not end by then is killed.

        The unit itself says in which stages. What would start it again ends before it.
        """
        if not self._units.is_there():
            return
        state = self._show()
        try:
            self._stop_triggers(state)
            if state.active not in _ENDED or state.has_job:
                self._lift_setting()
                self._units.stop(self.name)
                state = self._show()
            state = self._await_end(state)
        except OSError as error:
            raise Failure(f"{self.name} cannot be stopped: {error.strerror}") from error
        if state.active == "failed":
            self._call.log.info(self._explain(state))
            try:
                self._units.reset_failed(self.name)
            except OSError as error:  # nothing of it runs all the same
                self._call.log.warning(f"{self.name} stays failed: {error.strerror}")

    def _stop_triggers(self, state: State) -> None:
        for trigger in self._find_triggers(state):
            self._call.log.info(f"{trigger} would start {self.name} again: it is stopped as well")
            self._units.stop(trigger)
        while self._find_triggers(state):
            self._call.deadline.sleep(0.05, f"what starts {self.name} has not stopped")

    def _await_end(self, state: State) -> State:
        """Wait until it has ended and nobody is left: KillMode= may spare processes."""
        deadline = self._call.deadline
        began = deadline.remaining
        sent = ""
        while True:
            left = self._left(state)
            if state.active in _ENDED and not left and not state.has_job:
                return state
            how = f"leaves behind {left}" if left else f"stays {_describe(state)}"
            due = "SIGTERM" if left else ""
            if deadline.remaining < began / 3 and (left or state.active not in _ENDED):
                due = "SIGKILL"
            if due not in ("", sent):
                self._call.log.warning(f"{self.name} {how}: {due}")
                self._units.kill(self.name, due)
                sent = due
            deadline.sleep(0.05, f"{self.name} {how}")
            state = self._show()

    def _left(self, state: State) -> str:
        """Name the processes of a unit that has ended; "" where there are none."""
        if state.active not in _ENDED:
            return ""
        members = self._units.members(state)
        if not members:
            return ""
        from .tree import name_some

        return name_some(members)

    def reload(self) -> None:
        """Have it read its configuration again, and wait until it has."""
        try:
            self._units.reload(self.name)
        except OSError as error:
            raise Failure(f"{self.name} cannot be reloaded: {error.strerror}") from error
        self._call.deadline.wait(
            lambda: not self._show().has_job, f"{self.name} is reloading", every=0.05
        )

    def wait_for_end(self, seconds: float) -> None:
        """Give it this time to end by itself."""
        until = self._call.deadline.remaining - seconds
        while self._call.deadline.remaining > until and self.is_there():
            self._call.deadline.sleep(0.1, f"{self.name} to end")

    def is_there(self) -> bool:
        """Whether anything of it may run."""
        if not self._units.is_there():
            return False
        state = self._show()
        return state.active not in _ENDED or bool(self._left(state))

    def _show(self, name: str = "") -> State:
        """Ask for its state; what executes itself anew meanwhile (daemon-reexec) is asked again."""
        while True:
            try:
                return self._units.show(name or self.name)
            except OSError as error:
                if not self._call.deadline.stage(0.5):
                    raise Failure(
                        f"systemd does not answer for {self.name}: {error.strerror}"
                    ) from error
            self._call.deadline.sleep(_AGAIN, f"systemd does not answer for {self.name}")

    def _explain(self, state: State) -> str:
        last = self._units.journal(self.name, state.invocation)
        return f"{self.name} is {state.active}: {state.result}" + (f"; {last}" if last else "")


def _describe(state: State) -> str:
    return f"{state.active} ({'a job of it waits' if state.has_job else state.sub})"


def _warn(text: str) -> None:
    """Say it to whoever validates: pcs and crmsh show what comes on stderr."""
    import sys

    sys.stderr.write(f"WARNING: {text}\n")

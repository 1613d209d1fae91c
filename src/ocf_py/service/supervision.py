"""A service that is a process of ours: found, brought up until it is ready, and ended for certain.

What is known of it stands in the start record: ``main``, its main process; ``tree``, how to tell
which processes belong to it, a line for each of its trees (see `tree`); and ``executes``, what its
main process executes where that is not the command, as behind a wrapper (see `executable`). Where
no record tells, its name does.
"""

from __future__ import annotations

from ocf_py.outcomes import RUNNING, STOPPED, Failure, Status
from ocf_py.system.processes import ProcessIdentity

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable, Sequence

    from ocf_py.call import Call

    from .machine import Machine
    from .stages import Stage
else:
    import _signal

_MAIN, _TREE, _EXECUTES = "main", "tree", "executes"
_LAST_WORDS = 0.02  # seconds to say what survives


class Supervision:
    """One service. Without an ``executable`` nothing is recognised by its pid file."""

    def __init__(
        self,
        machine: Machine,
        call: Call,
        name: str,
        executable: str = "",
        pidfile: str | None = None,
        user: str = "root",
    ) -> None:
        self.machine = machine
        self.call = call
        self.name = name
        self.executable = executable
        self.pidfile = pidfile
        self.user = user
        self._found: ProcessIdentity | None = None  # a main process that no record speaks of
        self._found_tree = ""

    # ------------------------------------------------------------------ what runs

    def find_main(self) -> ProcessIdentity | None:
        """The living main process: the recorded one, or one that somebody restarted by hand."""
        known = self.call.facts.recall(_MAIN)
        if known:
            recorded = ProcessIdentity.parse(known)
            if self.machine.is_alive(recorded):
                return recorded
        found = self._found = self._find_unrecorded() if self.executable else None
        if found and self.call.is_recurring and self.call.facts.record is not None:
            self.call.log.info(f"process {found.pid} is the service's main process now")
            self.remember(found)
        return found

    def _find_unrecorded(self) -> ProcessIdentity | None:
        found = None
        if self.pidfile:
            known = self.call.facts.recall(_EXECUTES)
            found = self.machine.recognise(self.pidfile, self.executable, known, self.user)
        if found is None and self._named:
            living = self._members_of(self._named)
            found = self.machine.find_main(living, self.executable) if living else None
        return found

    def remember(self, main: ProcessIdentity, tree: str = "") -> None:
        """Keep what is known of the service until it has been stopped."""
        facts = self.call.facts
        if not tree:
            # Workers of an old tree may live beside a main process that was restarted by hand.
            living = {one: self.machine.members(one, ()) for one in self.trees}
            if not any(main in members for members in living.values()):
                kept = [one for one, members in living.items() if members]
                tree = "\n".join(dict.fromkeys([*kept, self.machine.tree_of(main, self.name)]))
        if tree:
            facts.remember(_TREE, tree)
        if facts.recall(_MAIN) != str(main):
            facts.remember(_MAIN, str(main))

    def remember_executable(self, main: ProcessIdentity) -> None:
        """Keep what it executes that is not the command, for when its pid file names another."""
        if self.executable and self.pidfile:
            other = self.machine.tell_other(main, self.executable)
            if other:
                self.call.facts.remember(_EXECUTES, other)
            else:  # what the same record says of an earlier start
                self.call.facts.forget(_EXECUTES)

    def find_doubtful(self) -> ProcessIdentity | None:
        """Who is named by the pid file, is not recognised, and may be the service all the same."""
        if not self.pidfile:
            return None
        known = self.call.facts.recall(_EXECUTES)
        return self.machine.find_doubtful(self.pidfile, self.executable, known, self.user)

    @property
    def trees(self) -> list[str]:
        """How to tell what belongs to it; nothing where nothing is known of it."""
        known = self.call.facts.recall(_TREE)
        return known.split("\n") if known else []

    @property
    def _named(self) -> str:
        """The tree that its name alone makes known; "" where a record makes a better one known."""
        if self.trees or self.call.is_record_of_another:
            return ""
        from .tree import GROUPS, NAMED

        return f"{NAMED if self.call.is_record_lost else GROUPS} {self.name}"

    @property
    def _trees(self) -> list[str]:
        if not self.trees and not self._found_tree and self._found:
            self._found_tree = self.machine.tree_of(self._found, self.name)
        return [tree for tree in (*(self.trees or [self._found_tree]), self._named) if tree]

    def members(self, *known: ProcessIdentity, everywhere: bool = False) -> list[ProcessIdentity]:
        """All its living processes, the oldest first; ``known`` are more that belong to it.

        Those that were moved out of its control group are found if asked for ``everywhere``.
        """
        recorded = self.call.facts.recall(_MAIN)
        roots = [*known, *([ProcessIdentity.parse(recorded)] if recorded else [])]
        found = {
            one
            for tree in self._trees
            for one in self._members_of(tree, roots, everywhere=everywhere)
        }
        return sorted(found, key=lambda one: (one.start_time, one.pid))

    def _members_of(
        self, tree: str, roots: Sequence[ProcessIdentity] = (), *, everywhere: bool = False
    ) -> list[ProcessIdentity]:
        try:
            return self.machine.members(tree, roots, everywhere=everywhere)
        except OSError as error:
            raise Failure(f"what lives of it cannot be told: {error.strerror}") from error

    def is_there(self) -> bool:
        """Whether anything of it lives."""
        return bool(self.find_main() or self.members(everywhere=True))

    def judge(self) -> Status:
        """Tell whether it runs; Failure where workers outlive their main process."""
        if self.find_main():
            return RUNNING
        rest = self.members(everywhere=True)
        if not rest:
            return STOPPED
        if self.call.facts.recall(_MAIN):
            raise Failure(f"the main process has ended, and left behind {self.name_all(rest)}")
        raise Failure(f"nothing tells the main process among {self.name_all(rest)}")

    def name_all(self, processes: Sequence[ProcessIdentity]) -> str:
        """Name processes for the operator."""
        from .tree import name_some

        return name_some([self.machine.describe(one) for one in processes])

    # ------------------------------------------------------------------ how it ends

    def stop(self, stages: Callable[[], Sequence[Stage]]) -> None:
        """End it in these stages, and take away what is left; Failure names what survives."""
        self.end(stages())
        self.clear()

    def end(self, stages: Sequence[Stage], *, fraction: float = 1.0) -> None:
        """Ask its processes to end in these stages, within a part of the time that is left.

        What is not KILL goes to the main process while that lives, and then to all that it has
        left behind. Failure names what survives.
        """
        deadline = self.call.deadline
        total = deadline.remaining * fraction
        until = max(deadline.remaining - total, _LAST_WORDS)
        reached: dict[ProcessIdentity, int] = {}
        refused: dict[ProcessIdentity, str] = {}
        # Whose parents have ended is known no more by them.
        known: dict[ProcessIdentity, None] = {}
        pause = 0.005
        everywhere = True  # who was moved out of its group is to be known while its parents live
        while True:
            main = self.find_main()
            members = self.members(*known, *([main] if main else ()), everywhere=everywhere)
            if not members:
                if everywhere:
                    return
                everywhere = True
                continue
            everywhere = False
            known = dict.fromkeys((*known, *members))
            is_over = deadline.remaining <= until
            if is_over or all(one in refused for one in members):
                raise Failure(self._name_survivors(members, refused))
            number = _current(stages, total, total - (deadline.remaining - until))
            if number >= 0:
                self._apply(number, stages[number], main, members, reached, refused)
            deadline.sleep(min(pause, max(deadline.remaining / 2, 0.001)), "processes to end")
            pause = min(pause * 1.5, 0.1)

    def wait_for_end(self, seconds: float) -> None:
        """Give its processes this time to end by themselves."""
        until = self.call.deadline.remaining - seconds
        while self.call.deadline.remaining > until and self.is_there():
            self.call.deadline.sleep(0.02, "processes to end")

    def _apply(
        self,
        number: int,
        stage: Stage,
        main: ProcessIdentity | None,
        members: Sequence[ProcessIdentity],
        reached: dict[ProcessIdentity, int],
        refused: dict[ProcessIdentity, str],
    ) -> None:
        kills = stage.signal == _signal.SIGKILL
        targets = members if kills or main is None or main in refused else [main]
        for one in targets:
            if reached.get(one, -1) >= number or one in refused:
                continue
            reached[one] = number
            try:
                self.machine.send(one, stage.signal)
                if not kills:  # a stopped one would not take it
                    self.machine.send(one, _signal.SIGCONT)
            except OSError as error:
                refused[one] = error.strerror or str(error)
        if kills and not refused:
            for tree in self._trees:
                self.machine.kill_all(tree)

    def _name_survivors(
        self, members: Sequence[ProcessIdentity], refused: dict[ProcessIdentity, str]
    ) -> str:
        for one in members:
            if one in refused:
                return f"{self.machine.describe(one)} is not to be signalled: {refused[one]}"
        return f"even SIGKILL does not end {self.name_all(members)}"

    def clear(self) -> None:
        """Take away what is left of a service that has ended: its group, its pid file."""
        try:
            for tree in self._trees:
                self.machine.release(tree)
            if self.pidfile:
                self.machine.remove_pid(self.pidfile)
        except OSError as error:
            self.call.log.warning(f"not all that went with it is removed: {error}")


def _current(stages: Sequence[Stage], total: float, passed: float) -> int:
    """The number of the last stage that is due; -1 before the first."""
    number = -1
    for this, stage in enumerate(stages):
        due = total * stage.fraction
        if stage.seconds is not None:
            due = min(stage.seconds, total * 0.9)  # KILL has to come before the end
        if passed >= due:
            number = this
    return number

"""Bringing a supervised service up: until it is ready, or nothing of it remains."""

from __future__ import annotations

from time import time

from ocf_py.deadline import DeadlinePassed
from ocf_py.outcomes import Failure

from .checks import NOTIFY
from .stages import Stage

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal

    from ocf_py.system.processes import ProcessIdentity

    from .checks import Check
    from .notify import NotifySocket
    from .program import Program
    from .spawn import Spawned
    from .supervision import Supervision
else:
    import _signal

_PATIENCE = 0.8  # of the time: the rest is for ending what does not become ready
_SETTLING = 0.1  # seconds, in which what is started wrongly tends to end
_LONGEST_SETTLING = 1.0  # for what does not come to rest, and no more than that share of the time
_SETTLING_SHARE = 0.5
_PID_FILE_SECONDS = 2.0  # for a service that forks to write its pid file
_LONGEST_ASK = 5.0
_LAST_WORDS = 1.0  # seconds to read what it said last
_CLOCK_TICK = 0.01  # seconds by which a file's time may lag behind
_SHORTEST_ASK = 0.1
_CLEAN_UP = (Stage(_signal.SIGTERM), Stage(_signal.SIGKILL, fraction=0.5))


class Starting:
    """One start of one service."""

    def __init__(self, supervision: Supervision, program: Program, ready: Check | None) -> None:
        self._supervision = supervision
        self._call = supervision.call
        self._machine = supervision.machine
        self._program = program
        self._ready = ready
        self._command = program.argv[0].rpartition("/")[2]
        self._problem = ""
        self._has_group = True
        self._seen: list[ProcessIdentity] = []
        self._began = time() - _CLOCK_TICK

    def run(self) -> None:
        """Start it, or leave it as it is where it runs; Failure if it does not become ready."""
        main = self._supervision.find_main()
        if main:
            self._supervision.remember(main)
            return
        self._end_leftovers()
        self._refuse_a_second()
        notify = None
        if self._ready and self._ready.kind == NOTIFY:
            notify = self._machine.listen(self._program.owner.uid)
        try:
            self._start(notify)
        except (Failure, OSError, DeadlinePassed) as problem:
            raise self._clean_up(problem) from problem
        finally:
            if notify:
                notify.close()

    def _end_leftovers(self) -> None:
        rest = self._supervision.members(everywhere=True)
        if rest:
            self._call.log.warning(f"ending what is left: {self._supervision.name_all(rest)}")
            self._supervision.end(_CLEAN_UP, fraction=0.4)
        self._supervision.clear()

    def _refuse_a_second(self) -> None:
        """Start nothing beside what may be the service: two of them would share its data."""
        it = self._supervision
        found = it.find_doubtful()
        if found:
            raise Failure(
                f"pidfile {it.pidfile} names {self._machine.describe(found)}, which runs and "
                f"is not known to be {self._command}",
                hint="end it, or remove the file if it is another",
            )

    def _start(self, notify: NotifySocket | None) -> None:
        deadline = self._call.deadline
        more = {"NOTIFY_SOCKET": notify.address} if notify else {}

        def remember(tree: str, process: ProcessIdentity, problem: str) -> None:
            self._supervision.remember(process, tree)
            if problem:
                self._has_group = False
                self._call.log.warning(
                    f"no control group to be had ({problem}): until its next start, a process "
                    "that leaves its session and its parents, and writes over its environment, is "
                    "not seen by monitor and not ended by stop"
                )

        spawned = self._machine.start(
            self._program, self._supervision.name, more, deadline.stage(_PATIENCE), remember
        )
        began = deadline.remaining
        main: ProcessIdentity | None = None
        pause = 0.01
        while True:
            passed = began - deadline.remaining
            main = self._find_main(spawned, notify, passed)
            if main and self._is_ready(notify, passed):
                main = self._find_main(spawned, notify, passed)  # it may have ended meanwhile
                if main:
                    break
            if not deadline.stage(_PATIENCE):
                because = f": {self._problem}" if self._problem else ""
                raise self._explain(f"{self._command} runs but is not ready{because}")
            deadline.sleep(pause, f"{self._command} is not ready")
            pause = min(pause * 1.5, 0.2)
        self._supervision.remember(main)
        self._supervision.remember_executable(main)
        self._write_pid(main)
        self._call.log.info(f"{self._command} runs as process {main.pid}")

    def _explain(self, what: str, hint: str = "") -> Failure:
        """What happened, and what the program itself said last.

        That is read from its log alone: a pipe would end in SIGPIPE, or block it, as soon as nobody
        reads it any more, and a file that nobody sees would grow for as long as it runs.
        """
        words = self._program.last_words(self._began, _LAST_WORDS)
        if words:
            return Failure(f"{what}: {words}")
        has_log = self._program.errlogfile or self._program.logfile
        return Failure(what, hint=hint if has_log else hint or "set errlogfile to see what it says")

    def _find_main(
        self, spawned: Spawned, notify: NotifySocket | None, passed: float
    ) -> ProcessIdentity | None:
        """The main process as far as it can be told by now; Failure if it has ended."""
        status = spawned.ended()
        if status is None:
            return self._named(notify) or spawned.identity
        if status != 0:
            how = f"with status {status}" if status > 0 else f"by signal {-status}"
            raise self._explain(f"{self._command} ended {how} before it was ready")
        members = self._supervision.members()
        if not members:
            raise self._explain(*self._say_gone())
        named = self._named(notify)
        if named:
            return named
        may_come = self._supervision.pidfile and passed < _PID_FILE_SECONDS
        return None if may_come else members[0]

    def _say_gone(self) -> tuple[str, str]:
        """What is known of a program whose first process has ended well, and the remedy."""
        ended = f"{self._command} ended with status 0"
        if self._has_group:
            return f"{ended} and left nothing that runs", "it has to go on running"
        return (
            f"{ended}, and without a control group nothing of it is found",
            "it has to go on running, in the foreground",
        )

    def _named(self, notify: NotifySocket | None) -> ProcessIdentity | None:
        """The process of the tree that the service itself calls its main one."""
        pid = 0
        if notify:
            notify.hear()
            pid = notify.main_pid
        if not pid and self._supervision.pidfile:
            pid = self._machine.read_pid(self._supervision.pidfile)
        if not pid:
            return None
        return next((one for one in self._supervision.members() if one.pid == pid), None)

    def _is_ready(self, notify: NotifySocket | None, passed: float) -> bool:
        if self._ready is None:
            is_at_rest = self._is_at_rest()
            has_time = passed < _LONGEST_SETTLING and self._call.deadline.stage(_SETTLING_SHARE)
            return passed >= _SETTLING and (is_at_rest or not has_time)
        if notify:
            notify.hear()
            self._problem = notify.status or "it has not said READY=1"
            return notify.is_ready
        seconds = min(_LONGEST_ASK, self._call.deadline.stage(_PATIENCE))
        if seconds <= _SHORTEST_ASK:  # in which nothing could answer: the answer before says more
            return False
        finding = self._machine.ask(self._ready, lambda: self._program, seconds)
        self._problem = finding.reason
        if finding.hanging:
            raise Failure(f"{finding.reason}, and hangs in the kernel")
        return not finding.reason

    def _is_at_rest(self) -> bool:
        """Whether it has the processes of the last look, and none is busy: no fork is under way."""
        before, self._seen = self._seen, self._supervision.members()
        return self._seen == before and all(map(self._machine.is_at_rest, self._seen))

    def _write_pid(self, main: ProcessIdentity) -> None:
        pidfile = self._supervision.pidfile
        if not pidfile or self._machine.read_pid(pidfile) == main.pid:
            return
        try:
            self._machine.write_pid(pidfile, main.pid)
        except OSError as error:
            raise Failure(f"cannot write pidfile {pidfile}: {error.strerror}") from error

    def _clean_up(self, problem: BaseException) -> Failure:
        """End what was started; returns the failure to raise."""
        failure = problem.failure if isinstance(problem, DeadlinePassed) else problem
        if not isinstance(failure, Failure):
            failure = Failure(_say(failure))
        reason = failure.reason
        try:
            self._supervision.end(_CLEAN_UP)
        except Failure as left:
            return Failure(f"{reason}; and {left.reason}")
        except DeadlinePassed as left:
            return Failure(f"{reason}; and {left.failure.reason}")
        self._supervision.clear()
        return failure


def _say(problem: BaseException) -> str:
    return getattr(problem, "strerror", None) or str(problem)

"""Taking mounts away inside one deadline: plainly first, then by asking their holders to go.

All that is mounted in or over one mount shares its deadline. Signalled are processes that hold one
of these very mounts; never init, this process or its ancestors, and never the cluster's own.
"""

from __future__ import annotations

import posix

from .commands import CommandTimedOut
from .processes import ProcessIdentity, Protected, find_protection, send_signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.deadline import Deadline
    from ocf_py.log import Log

    from .storage import Storage
    from .unmount_plan import Plan

_PAUSE = 0.05  # seconds between two looks at whether a holder has gone
_RETRY = 0.25  # seconds between two attempts where nobody is there to be signalled
_LOOK_SECONDS = 5.0
_FAST_SECONDS = 3.0  # a stage, for who wants to fail soon
_SHOWN = 3
# The parts of the time after which the stages of signals are over; where a server is silent, force
# comes behind them.
_ANSWERED = (0.5, 0.85)
_SILENT = (0.4, 0.6)
_PLAIN, _FORCED = 0.3, 0.8
_ANSWER_SECONDS = 10.0
_SIGKILL = 9
_LAST = 0.95  # the part of the time after which a reason is given


class Signals:
    """How holders are asked to go: the signals of each stage, and the seconds between two.

    With ``spare`` nobody is signalled; with ``fast`` each stage takes 3 s at most.
    """

    __slots__ = ("delay", "fast", "kill", "spare", "term")

    def __init__(
        self, term: list[int], kill: list[int], delay: float, *, spare: bool, fast: bool
    ) -> None:
        self.term = term
        self.kill = kill
        self.delay = delay
        self.spare = spare
        self.fast = fast


class StillMounted(OSError):  # noqa: N818 - says what is
    """It is still there when the time is up; the message names who holds it."""


class Unmounting:
    """One stop's work on the mounts that ``make_plan`` finds, asked anew before each attempt."""

    def __init__(
        self,
        storage: Storage,
        make_plan: Callable[[], Plan],
        signals: Signals,
        deadline: Deadline,
        log: Log,
    ) -> None:
        self._storage = storage
        self._make_plan = make_plan
        self._signals = signals
        self._deadline = deadline
        self._log = log
        self._complaint = ""
        self._is_late = False  # the last umount(8) had no end
        self._held = ""

    def run(self) -> None:
        """Return once nothing of the plan is left; StillMounted when the time is up."""
        if self._attempt(_PLAIN):
            return
        was_silent = self._is_silent()
        asked, told = _SILENT if was_silent else _ANSWERED  # one that has answered is not forced
        for numbers, until in ((self._signals.term, asked), (self._signals.kill, told)):
            # Silence takes time, and whoever waits for the server hears no signal.
            is_over = was_silent and self._deadline.stage(until) <= 0
            if not is_over and self._stage(numbers, until):
                return
        # Not asked between the two: the first has cut the connection.
        is_dead = was_silent and (self._is_late or self._is_silent())
        for flags, until in ((("-f",), _FORCED), (("-f", "-l"), _LAST)) if is_dead else ():
            self._log.warning(f"umount {' '.join(flags)}: {self._complaint}")
            if self._attempt(until, *flags):
                return
        raise StillMounted(0, self._held or self._complaint)

    def _is_silent(self) -> bool:
        """Whether it is kept by a server that does not answer now: the server alone tells.

        That umount(8) takes long, or says that it is busy, may as well be the fault of what is
        still to be written, or of a process.
        """
        mounts = self._make_plan().served
        seconds = min(_ANSWER_SECONDS, self._deadline.remaining / 5)
        return any(self._storage.is_silent(one.point, seconds) for one in mounts)

    def _stage(self, numbers: list[int], until: float) -> bool:
        """Signal and try again until this part of the time is used; whether all has gone."""
        left = self._deadline.stage(until)
        end = self._deadline.remaining - (min(left, _FAST_SECONDS) if self._signals.fast else left)
        while True:
            for number in numbers:
                self._ask_to_go(number, until, end)
                if self._attempt(until + 0.05):
                    return True
            if self._deadline.remaining <= end:
                return False

    def _attempt(self, fraction: float, *flags: str) -> bool:
        """Unmount what can be; whether all has gone. A server that is dead is not waited for."""
        plan = self._make_plan()
        if len(plan.mounts) > 1:
            self._part(plan)
        for mount in plan.mounts:
            table = self._storage.read_table()
            stack = table.look(mount.point).stack
            if not stack or stack[-1].mount_id != mount.mount_id:
                if all(one.mount_id != mount.mount_id for one in table):
                    continue  # gone together with another: mounts propagate
                top = table.look(mount.point).above
                self._complaint = (
                    f"{mount.point} lies under {top.point if top else 'another mount'}"
                )
                break
            is_served = mount in plan.served
            left = self._deadline.stage(fraction) if is_served else self._deadline.remaining
            self._is_late = False
            try:
                self._complaint = self._storage.unmount(
                    mount.point, *(flags if is_served else ()), seconds=left
                )
            except CommandTimedOut as late:
                self._complaint = str(late.strerror)
                self._is_late = True
            if self._complaint:
                self._log.debug(self._complaint)
                break
            self._log.info(f"{mount.source} unmounted from {mount.point}")
        now = self._make_plan()
        if not now.mounts:
            self._complaint = now.release.find_complaint() if now.release else ""
        return not (now.mounts or self._complaint)

    def _part(self, plan: Plan) -> None:
        """Keep what goes from taking along what it is a copy of."""
        for mount in plan.mounts:
            if any(one.parent_id == mount.mount_id for one in plan.mounts):
                said = self._storage.part(mount.point)
                if said:
                    raise StillMounted(0, f"what is mounted in it is left: {said}")

    def _ask_to_go(self, number: int, until: float, last: float) -> None:
        """Signal the holders, and give them time to go while more than ``last`` seconds remain."""
        found = self._find(until)
        asked = [] if self._signals.spare else self._signal(found, number)
        wait = max(self._signals.delay, _PAUSE) if asked else _RETRY
        end = max(self._deadline.remaining - wait, last)
        while self._deadline.remaining > end:
            if asked and not any(one.is_alive() for one in asked):
                return
            self._deadline.sleep(min(_PAUSE, wait), self._held or self._complaint)

    def _signal(
        self, found: list[tuple[ProcessIdentity, str]], number: int
    ) -> list[ProcessIdentity]:
        asked = []
        for identity, words in found:
            try:
                if send_signal(identity, number):
                    self._log.info(f"signal {number} to {words}")
                    asked.append(identity)
            except Protected as protected:
                self._log.warning(f"not signalled: {words}: {protected.strerror}")
            except OSError as error:
                self._log.warning(f"not signalled: {words}: {error.strerror}")
        return asked

    def _find(self, until: float) -> list[tuple[ProcessIdentity, str]]:
        """Find the holders, in half of what is left of the stage; say who they are if they stay."""
        from .holders import Mounts

        plan = self._make_plan()
        spec = Mounts(plan.mounts, plan.devices, plan.lost)
        seconds = max(
            self._deadline.stage(until) / 2, min(_LOOK_SECONDS, self._deadline.remaining / 2)
        )
        found, kernel, problem = self._storage.find_holders(spec, seconds)
        holders = [
            (ProcessIdentity(pid, ticks), f"pid {pid} ({command}, {_user(owner)}): {what}")
            for pid, ticks, command, owner, what in found
        ]
        shown = [
            f"{words}{', spared' if find_protection(identity.pid) else ''}"
            for identity, words in holders
        ]
        every = [*kernel, *shown]
        if problem:
            every.append(f"others, maybe: {problem}")
        more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
        self._held = ""
        if plan.mounts:
            where = plan.mounts[-1].point
        elif plan.release:
            where = plan.release.words
            every = every or [plan.release.find_users()]
        else:
            return holders
        if every:
            self._held = f"{where} is held by {'; '.join(every[:_SHOWN])}{more}"
        return holders


def end_mounting(storage: Storage, point: str, mark: str, deadline: Deadline, log: Log) -> None:
    """End what a start that was killed has left at work; StillMounted where it does not end.

    Without a mark nothing was ever run. Whom nobody can look at is passed over: a mount(8) at work
    is none of those.
    """
    while mark:
        left, problem = storage.find_mounting(mark, min(_LOOK_SECONDS, deadline.remaining / 4))
        if problem:
            log.warning(f"whether anybody is about to mount {point} is not told by all: {problem}")
        if not left:
            return
        for identity in left:
            try:
                send_signal(identity, _SIGKILL)
            except OSError:
                pass  # it may not be signalled: then it has to end by itself
        problem = f"pid {left[0].pid} is still about to mount {point}"
        if deadline.stage(_LAST) <= 0:
            raise StillMounted(0, problem)
        deadline.sleep(_PAUSE, problem)


def leave() -> None:
    """Go where nothing is mounted: whoever called us may stand in what is to be unmounted."""
    posix.chdir("/")


def _user(number: int) -> str:
    try:
        import pwd

        return pwd.getpwuid(number).pw_name
    except (ImportError, KeyError):
        return f"user {number}"

"""The seam through which a supervised service is reached: its processes and its pid file."""

from __future__ import annotations

from ocf_py.system import write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ocf_py.system.processes import ProcessIdentity

    from .checks import Check
    from .disposable import Finding
    from .notify import NotifySocket
    from .program import Program
    from .spawn import Spawned


_STORAGE_SECONDS = 2.0  # what a pid file may take that is not in memory


class Machine:
    """This machine. Everything but `is_alive` imports what it needs when it is asked."""

    _storage_hangs = False

    def is_alive(self, identity: ProcessIdentity) -> bool:
        """Whether this very process runs."""
        return identity.is_alive()

    def is_at_rest(self, identity: ProcessIdentity) -> bool:
        """Whether this very process runs, and waits for no CPU and no disk."""
        return identity.is_at_rest()

    def start(
        self,
        program: Program,
        name: str,
        more: Mapping[str, str],
        seconds: float,
        remember: Callable[[str, ProcessIdentity, str], None],
    ) -> Spawned:
        """Execute the program in a tree of its own, called ``name``: see `tree`.

        ``remember(tree, process, problem)`` is called before anything is executed; ``problem`` says
        why there is no control group, "" where there is one. Raises NotExecuted.
        """
        from .marks import digest, make_secret
        from .spawn import spawn
        from .tree import MARK, NAME_MARK, SESSION_OF

        secret = make_secret()
        known = digest(secret)

        def admit(identity: ProcessIdentity) -> None:
            try:
                _take_in(name, known, identity, seconds, remember)
            except (OSError, LookupError) as error:  # read-only, or not ours to use
                problem = getattr(error, "strerror", None) or str(error)
                remember(f"{SESSION_OF} {identity} {known}", identity, problem)

        return spawn(program, {**more, MARK: secret, NAME_MARK: name}, admit, seconds)

    def members(
        self, tree: str, roots: Iterable[ProcessIdentity], *, everywhere: bool = False
    ) -> list[ProcessIdentity]:
        """The living processes of a tree, the oldest first; see `tree`."""
        from .tree import members

        return members(tree, roots, everywhere=everywhere)

    def tree_of(self, main: ProcessIdentity, name: str) -> str:
        """The tree of a main process that no record speaks of; see `tree`."""
        from .tree import tree_of

        return tree_of(main, name)

    def find_main(
        self, among: Iterable[ProcessIdentity], executable: str
    ) -> ProcessIdentity | None:
        """The oldest of these that executes this and leads its session, as no worker does.

        None as well where the storage of the executable hangs.
        """
        from ocf_py.system.probing import Hung, look

        from .tree import lead_and_execute

        if self._storage_hangs:
            return None
        candidates = list(among)
        try:
            number = look(lambda: lead_and_execute(candidates, executable), _STORAGE_SECONDS)
        except Hung:
            self._storage_hangs = True
            return None
        return None if number < 0 else candidates[number]

    def release(self, tree: str) -> None:
        """Take away what held a tree that has ended; OSError while somebody is in it."""
        from .tree import groups_of

        for path in groups_of(tree):
            if not path.endswith(".scope"):  # which systemd takes away
                from .cgroup import remove

                remove(path)

    def send(self, identity: ProcessIdentity, signal: int) -> bool:
        """Send a signal to this very process; False if it has gone. PermissionError: Protected."""
        from ocf_py.system.processes import send_signal

        return send_signal(identity, signal)

    def kill_all(self, tree: str) -> None:
        """Kill a tree in one step where the kernel can (Linux 5.14): none forks away from it."""
        from .tree import groups_of

        for path in groups_of(tree):
            try:
                write_file(f"{path}/cgroup.kill", b"1")
            except OSError:
                pass  # an older kernel, or it was removed meanwhile

    def describe(self, identity: ProcessIdentity) -> str:
        """Name a process for the operator."""
        from .tree import describe

        return describe(identity)

    def recognise(
        self, pidfile: str, executable: str, known: str, user: str
    ) -> ProcessIdentity | None:
        """The process that the pid file names, if it executes this for this user: `pidfile`."""
        from .pidfile import StorageHangs, recognise

        if self._storage_hangs:  # one child that cannot be killed is enough
            return None
        try:
            return recognise(pidfile, executable, known, user, _STORAGE_SECONDS)
        except StorageHangs:
            self._storage_hangs = True
            return None

    def find_doubtful(
        self, pidfile: str, executable: str, known: str, user: str
    ) -> ProcessIdentity | None:
        """The process that the pid file names and that may be the service: see `pidfile`."""
        from .pidfile import find_doubtful

        try:
            return find_doubtful(pidfile, executable, known, user, _STORAGE_SECONDS)
        except OSError:  # it has gone, or its storage hangs, which start has told by now
            return None

    def tell_other(self, main: ProcessIdentity, executable: str) -> str:
        """What a main process executes where that is not this: see `executable`; "" if it is.

        "" as well where it has gone, or where the storage of either hangs.
        """
        from ocf_py.system.probing import Hung, look

        from .executable import executes, tell_executable

        pid = main.pid
        try:
            other: str = look(
                lambda: "" if executes(pid, executable) else tell_executable(pid), _STORAGE_SECONDS
            )
        except (OSError, Hung):
            return ""
        return other

    def read_pid(self, pidfile: str) -> int:
        """The pid in the file; 0 where there is none, or where its storage hangs."""
        from .pidfile import StorageHangs, in_time, read_pid

        if self._storage_hangs:
            return 0
        try:
            return in_time(pidfile, lambda: read_pid(pidfile)[0], _STORAGE_SECONDS)
        except StorageHangs:
            self._storage_hangs = True
            return 0

    def write_pid(self, pidfile: str, pid: int) -> None:
        """Put a pid file in place in one step; OSError if that cannot be done."""
        from .pidfile import in_time, write_pid

        in_time(pidfile, lambda: write_pid(pidfile, pid), _STORAGE_SECONDS)

    def remove_pid(self, pidfile: str) -> None:
        """Take a pid file away unless a living process is named in it; OSError if that fails."""
        from .pidfile import in_time, remove_stale

        if not self._storage_hangs:
            in_time(pidfile, lambda: remove_stale(pidfile), _STORAGE_SECONDS)

    def ask(
        self,
        check: Check,
        build: Callable[[], Program],
        seconds: float,
        *,
        leaves_nothing: bool = True,
    ) -> Finding:
        """Ask a check once, in the surroundings of the program that ``build`` makes."""
        return check.ask(build, seconds, leaves_nothing=leaves_nothing)

    def listen(self, uid: int) -> NotifySocket:
        """Open a socket for sd_notify(3)."""
        from .notify import NotifySocket

        return NotifySocket(uid)


def _take_in(
    name: str,
    known: str,
    identity: ProcessIdentity,
    seconds: float,
    remember: Callable[[str, ProcessIdentity, str], None],
) -> None:
    """Move a process into a control group of its own; OSError, LookupError if there is none."""
    from . import cgroup, scope
    from .tree import CGROUP

    if scope.is_systemd_running():
        path = scope.enter(name, known, identity.pid, seconds)
        remember(f"{CGROUP} {path}", identity, "")
        return
    path = cgroup.choose(f"{name}.{known}")
    if not path:
        raise LookupError("no hierarchy of version 2 is mounted")
    remember(f"{CGROUP} {path}", identity, "")  # before it is made: nothing of it is left unknown
    try:
        cgroup.create(path)
        cgroup.enter(path, identity.pid)
    except OSError:
        cgroup.remove(path)
        raise

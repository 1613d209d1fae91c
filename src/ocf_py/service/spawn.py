"""Starting the service's process: cut loose, inside its tree before it executes anything.

The child waits until its caller has recorded it: no process of a service ever runs that no record
speaks of, whenever the action is killed.
"""

from __future__ import annotations

import posix
from posix import _exit

from ocf_py.system import background
from ocf_py.system.processes import ProcessIdentity, identify

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable, Mapping

    from .program import Program
else:
    import _signal

_GO = b"."
_REAP_TURNS = 30


class NotExecuted(OSError):  # noqa: N818 - says what is
    """The program could not be executed; the message says at which step, and why."""


class Spawned:
    """A process that this one has started: its identity, and how it ended once it has."""

    __slots__ = ("_status", "identity")

    def __init__(self, identity: ProcessIdentity) -> None:
        self.identity = identity
        self._status: int | None = None

    def ended(self) -> int | None:
        """Its exit status, or minus the signal that ended it; None while it runs."""
        if self._status is None:
            pid, status = posix.waitpid(self.identity.pid, posix.WNOHANG)
            if pid:
                self._status = posix.waitstatus_to_exitcode(status)
        return self._status


def spawn(
    program: Program,
    more: Mapping[str, str],
    admit: Callable[[ProcessIdentity], None],
    seconds: float,
) -> Spawned:
    """Execute the program; ``admit`` records its process and takes it into its tree before.

    ``more`` joins its environment. Raises NotExecuted, or what ``admit`` raises, in which case
    nothing was executed. Returns as soon as the program has been.
    """
    import select

    background.fill_standard()
    go_reader, go_writer = posix.pipe2(posix.O_CLOEXEC)
    reader, writer = posix.pipe2(posix.O_CLOEXEC)
    child = posix.fork()
    if not child:
        _become(program, more, go_reader, writer)
    posix.close(go_reader)
    posix.close(writer)
    try:
        try:
            identity = identify(child)
            if identity is None:
                raise NotExecuted(0, "the process for it died at once")
            admit(identity)
            posix.write(go_writer, _GO)
        finally:
            posix.close(go_writer)  # without the word before, the child ends
        executed = select.poll()
        executed.register(reader, select.POLLIN)
        if not executed.poll(int(seconds * 1000)):
            raise NotExecuted(0, f"{program.argv[0]}: not executed within {seconds:g} s")
        problem = posix.read(reader, 4096)  # its end without a word is the exec
        if problem:
            raise NotExecuted(0, problem.decode("utf-8", "replace"))
    except BaseException:
        _reap(child)
        raise
    finally:
        posix.close(reader)
    return Spawned(identity)


def _become(program: Program, more: Mapping[str, str], go: int, writer: int) -> None:
    """Wait for the word, and execute the program; never returns."""
    try:
        posix.setsid()
        background.cut_loose((go, writer))
        if posix.read(go, 1) == _GO:
            program.become(more)
    except BaseException as error:  # noqa: BLE001 - a forked copy of the action must not go on
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        posix.write(writer, text.encode("utf-8", "replace"))
    finally:
        _exit(1)


def _reap(child: int) -> None:
    """End a child that was to execute nothing more; what it executed by then is its tree's."""
    import time

    try:
        # It is our child and not waited for: the number is its own.
        posix.kill(child, _signal.SIGKILL)
        for _ in range(_REAP_TURNS):  # one that sleeps in the kernel is not awaited
            if posix.waitpid(child, posix.WNOHANG)[0]:
                return
            time.sleep(0.01)
    except (ProcessLookupError, ChildProcessError):
        pass

"""Starting a part of this library that outlives the action, cut loose from Pacemaker.

The executor kills the whole process group of an action at its timeout, and waits for the end of
the action's output. What stays behind therefore gets its own session, no inherited descriptor,
no environment of the action, and the defaults of a daemon (protocol facts P1 and P2). It runs as
``detached.py MODULE ARGUMENT...``, so that ps(1) shows what it is.
"""

from __future__ import annotations

import errno
import posix
import sys
from posix import _exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable, Sequence

    from .processes import ProcessIdentity
else:
    import _signal

_ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
_UMASK = 0o077
_STANDARD = (0, 1, 2)
_GO = b"g"
_PROBLEM = "!"  # begins what a child says that does not get as far as its program


def start(
    module: str,
    arguments: Sequence[str],
    *,
    admit: Callable[[ProcessIdentity], None] | None = None,
    niceness: int = 0,
    keep: Sequence[int] = (),
    seconds: float = 5.0,
) -> ProcessIdentity:
    """Run ``module.main(arguments)`` in a process of its own; returns once that is under way.

    ``admit`` records the process before it executes anything: where the action is killed ahead of
    that, or ``admit`` raises, nothing was run that nobody could find again. ``niceness`` (nice(2))
    lets what is not urgent give way; the descriptors of ``keep`` are handed on under their numbers,
    and no others. Raises OSError if it cannot be started within ``seconds``. What it does later is
    its own affair: it has no way back to the action.
    """
    from time import monotonic

    from .processes import ProcessIdentity

    deadline = monotonic() + seconds
    fill_standard()
    reader, writer = posix.pipe2(posix.O_CLOEXEC)
    go_reader, go_writer = posix.pipe2(posix.O_CLOEXEC)
    child = posix.fork()
    if not child:
        program = __file__.rsplit("/", 1)[0] + "/detached.py"
        argv = [sys.executable, "-ISB", program, module, *arguments]
        _detach(writer, go_reader, niceness, keep, argv)
    try:
        try:
            posix.close(writer)
            posix.close(go_reader)
            posix.waitpid(child, 0)  # forks once more and ends at once
            said = _hear(reader, module, deadline)
            if not said:
                raise OSError(errno.ECHILD, f"{module} could not be started: it died")
            identity = ProcessIdentity.parse(said)
            if admit is not None:
                admit(identity)
            posix.write(go_writer, _GO)
        finally:
            posix.close(go_writer)  # without the word before, the child ends
        _hear(reader, module, deadline)  # the end of the pipe: it is executed
    finally:
        posix.close(reader)
    return identity


def _hear(reader: int, module: str, deadline: float) -> str:
    """What the child says next, nothing at the pipe's end; OSError for a problem or silence."""
    import select
    from time import monotonic

    ready = select.poll()
    ready.register(reader, select.POLLIN)
    if not ready.poll(max(0, int((deadline - monotonic()) * 1000))):
        raise OSError(errno.ETIMEDOUT, f"{module} did not start in time")
    said = posix.read(reader, 4096).decode("utf-8", "replace")  # all of one write: it is short
    if said.startswith(_PROBLEM):
        raise OSError(errno.ECHILD, f"{module} could not be started: {said[len(_PROBLEM) :]}")
    return said


def fill_standard() -> None:
    """Open what the caller left closed of the standard descriptors: no pipe must get their numbers.

    A child's `cut_loose` replaces what is open under them.
    """
    while True:
        handle = posix.open("/dev/null", posix.O_RDWR | posix.O_CLOEXEC)
        if handle > _STANDARD[-1]:
            posix.close(handle)
            return


def _detach(writer: int, go: int, niceness: int, keep: Sequence[int], argv: list[str]) -> None:
    """Become a daemon that executes ``argv`` at the word; never returns."""
    from .processes import identify

    try:
        posix.setsid()
        if posix.fork():
            # The orphan belongs to init, which reaps it: no zombie is left in the caller.
            _exit(0)
        cut_loose((writer, go, *keep))  # of the other end of the word, too: it may never come
        posix.write(writer, str(identify(posix.getpid())).encode())
        if posix.read(go, 1) == _GO:
            for handle in keep:
                posix.set_inheritable(handle, True)  # noqa: FBT003 - its only form
            if niceness:
                _give_way(niceness)
            posix.execve(argv[0], argv, _ENVIRONMENT)
    except BaseException as error:  # noqa: BLE001 - a forked copy of the action must not go on
        said = f"{_PROBLEM}{type(error).__name__}: {error}"
        posix.write(writer, said.encode("utf-8", "replace"))
    finally:
        _exit(1)


def _give_way(niceness: int) -> None:
    """Be nice, and let the new session be so too: sched(7), "The autogroup feature"."""
    posix.nice(niceness)
    try:
        group = posix.open("/proc/self/autogroup", posix.O_WRONLY | posix.O_CLOEXEC)
    except OSError:
        return  # this kernel has none, and nice(2) alone does it
    try:
        posix.write(group, str(niceness).encode())
    except OSError:
        pass  # EAGAIN: too many at a time, without CAP_SYS_ADMIN
    finally:
        posix.close(group)


def cut_loose(keep: Sequence[int]) -> None:
    """Give up what was inherited: descriptors, signals, umask, directory, out-of-memory score.

    For a forked child; the descriptors of ``keep`` stay as they are.
    """
    null = posix.open("/dev/null", posix.O_RDWR | posix.O_CLOEXEC)
    for standard in _STANDARD:
        posix.dup2(null, standard)
    for name in posix.listdir("/proc/self/fd"):
        if int(name) not in (*_STANDARD, *keep):
            try:
                posix.close(int(name))
            except OSError:
                pass  # the descriptor that listed the others
    for signal in range(1, _signal.NSIG):
        try:
            _signal.signal(signal, _signal.SIG_DFL)
        except (OSError, ValueError):
            pass  # KILL, STOP, and those the C library keeps for itself
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
    posix.umask(_UMASK)
    posix.chdir("/")
    score = posix.open("/proc/self/oom_score_adj", posix.O_WRONLY | posix.O_CLOEXEC)
    try:
        posix.write(score, b"0")
    except PermissionError:
        pass  # below what was set for all of us, and without CAP_SYS_RESOURCE: proc(5)
    finally:
        posix.close(score)

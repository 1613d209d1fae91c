"""Looking at what may never answer: in a child that is left behind when it does not.

A file system whose storage or server has gone can hold whoever touches it in a sleep that no
signal ends. Such a look is made in a disposable child: it is killed when its time is up, and
never waited for beyond that.
"""

from __future__ import annotations

import marshal
import posix
from posix import _exit

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from typing import Any

    from .processes import ProcessIdentity
else:
    import _signal

_REAP_SECONDS = 0.3  # what a killed child gets to die before it is left behind
_PIECE = 65536
_STANDARD = (0, 1, 2)
_MOST_HANDLES = 1024  # what a caller may have left open


class Hung(Exception):  # noqa: N818 - says what is
    """The look did not return in time; ``left`` is the child where even SIGKILL did not end it."""

    def __init__(self, seconds: float, left: ProcessIdentity | None) -> None:
        super().__init__(f"no answer within {seconds:.3g} s")
        self.left = left


def look(body: Callable[[], Any], seconds: float) -> Any:
    """Return what ``body`` returns, of plain values alone, from a child of its own.

    An OSError in there is raised here; Hung when there is no answer after ``seconds``.
    """
    reader, writer = posix.pipe2(posix.O_CLOEXEC)
    child = posix.fork()
    if not child:
        _answer(body, writer)
    posix.close(writer)
    try:
        content = _read(reader, seconds)
    except BaseException:  # the deadline
        _kill(child)
        raise
    finally:
        posix.close(reader)
    if content is None:
        raise Hung(seconds, _kill(child))
    posix.waitpid(child, 0)
    if not content:
        raise OSError(0, "the child that was to look has died")
    number, value = marshal.loads(content)  # noqa: S302 - written by our own child
    if number is not None:
        raise OSError(number, value)
    return value


def _answer(body: Callable[[], Any], writer: int) -> None:
    """Be the child: with nothing of the caller's that could keep anybody waiting."""
    try:
        for number in (_signal.SIGALRM, _signal.SIGTERM, _signal.SIGINT):
            _signal.signal(number, _signal.SIG_DFL)
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        posix.setsid()
        while writer in _STANDARD:  # its caller had them closed
            writer = posix.dup(writer)
        null = posix.open("/dev/null", posix.O_RDWR | posix.O_CLOEXEC)
        for standard in _STANDARD:
            posix.dup2(null, standard)
        posix.closerange(len(_STANDARD), writer)
        posix.closerange(writer + 1, _MOST_HANDLES)
        answer: tuple[int | None, Any]
        try:
            answer = (None, body())
        except OSError as error:
            answer = (error.errno or 0, error.strerror or str(error))
        content = marshal.dumps(answer)
        while content:
            content = content[posix.write(writer, content) :]
    finally:
        _exit(0)


def _read(reader: int, seconds: float) -> bytes | None:
    """Read to the end; None if that does not come in time."""
    import select
    from time import monotonic

    end = monotonic() + seconds
    waiting = select.poll()
    waiting.register(reader, select.POLLIN)
    content = b""
    while True:
        left = end - monotonic()
        if left <= 0 or not waiting.poll(int(left * 1000) + 1):
            return None
        piece = posix.read(reader, _PIECE)
        if not piece:
            return content
        content += piece


def _kill(child: int) -> ProcessIdentity | None:
    """Kill our child; return who it is if it does not die: it sleeps uninterruptibly."""
    from time import monotonic, sleep

    from .processes import identify

    identity = identify(child)
    posix.kill(child, _signal.SIGKILL)  # not reaped yet: the number is still its own
    end = monotonic() + _REAP_SECONDS
    while posix.waitpid(child, posix.WNOHANG)[0] != child:
        if monotonic() > end:
            return identity
        sleep(0.01)
    return None

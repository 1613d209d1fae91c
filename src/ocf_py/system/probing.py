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
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .processes import ProcessIdentity

    Tell = Callable[[int, Any], None]
else:
    import _signal

_REAP_SECONDS = 0.3  # what a killed child gets to die before it is left behind
_PIECE = 65536
_STANDARD = (0, 1, 2)
_ITEM, _FAILURE, _END = 0, 1, 2  # what a child tells, each behind its length
_LENGTH = 4  # bytes
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
    told, is_late, left = _listen(lambda tell: tell(_ITEM, body()), seconds)
    if is_late:
        raise Hung(seconds, left)
    if told[-1:] != [(_END, None)]:
        raise _read_failure(told)
    return told[0][1]


def gather(body: Callable[[], Iterable[Any]], seconds: float) -> tuple[list[Any], str]:
    """Return what ``body`` brings one by one within ``seconds``, and why that is not all.

    The second is "" where it is all.
    """

    def tell_each(tell: Tell) -> None:
        for one in body():
            tell(_ITEM, one)

    told, is_late, left = _listen(tell_each, seconds)
    problem = ""
    if is_late:
        problem = str(Hung(seconds, left))
    elif told[-1:] != [(_END, None)]:
        problem = str(_read_failure(told).strerror)
    return [value for kind, value in told if kind == _ITEM], problem


def _read_failure(told: list[tuple[int, Any]]) -> OSError:
    for kind, value in told[-1:]:
        if kind == _FAILURE:
            return OSError(*value)
    return OSError(0, "the child that was to look has died")


def _listen(
    speak: Callable[[Tell], None], seconds: float
) -> tuple[list[tuple[int, Any]], bool, ProcessIdentity | None]:
    """Hear what a child has to tell: (all of it, whether it is late, who is left behind)."""
    reader, writer = posix.pipe2(posix.O_CLOEXEC)
    child = posix.fork()
    if not child:
        _be_the_child(speak, writer)
    posix.close(writer)
    try:
        content, is_late = _read(reader, seconds)
    except BaseException:  # the deadline
        _kill(child)
        raise
    finally:
        posix.close(reader)
    left = None
    if is_late:
        left = _kill(child)
    else:
        posix.waitpid(child, 0)
    return list(_split(content)), is_late, left


def _be_the_child(speak: Callable[[Tell], None], writer: int) -> None:
    """Speak, with nothing of the caller's that could keep anybody waiting."""
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

        def tell(kind: int, value: Any) -> None:
            content = marshal.dumps((kind, value))
            content = len(content).to_bytes(_LENGTH, "big") + content
            while content:
                content = content[posix.write(writer, content) :]

        try:
            speak(tell)
            tell(_END, None)
        except OSError as error:
            tell(_FAILURE, (error.errno or 0, error.strerror or str(error)))
    finally:
        _exit(0)


def _split(content: bytes) -> Iterator[tuple[int, Any]]:
    """Read what was told in full: a child that was killed may have been in the middle of it."""
    while len(content) >= _LENGTH:
        end = _LENGTH + int.from_bytes(content[:_LENGTH], "big")
        if len(content) < end:
            return
        yield marshal.loads(content[_LENGTH:end])  # noqa: S302 - written by our own child
        content = content[end:]


def _read(reader: int, seconds: float) -> tuple[bytes, bool]:
    """Read what comes in time, and say whether that is too early for the end."""
    import select
    from time import monotonic

    end = monotonic() + seconds
    waiting = select.poll()
    waiting.register(reader, select.POLLIN)
    content = b""
    while True:
        left = end - monotonic()
        if left <= 0 or not waiting.poll(int(left * 1000) + 1):
            return content, True
        piece = posix.read(reader, _PIECE)
        if not piece:
            return content, False
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

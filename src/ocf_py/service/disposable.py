"""What may hang runs in a child that is killed, and abandoned where even that does not end it.

Beside `ocf_py.system.probing`, whose child answers with a value, this one may become another
program: what it writes is the reason where it does not end well, and its group ends with it.
"""

from __future__ import annotations

import posix
from posix import _exit

from ocf_py.system import background
from ocf_py.system.processes import identify

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal as _signal
    from collections.abc import Callable
    from typing import NoReturn

    from ocf_py.system.processes import ProcessIdentity
else:
    import _signal

_LONGEST_REPORT = 2000  # bytes: the last of what it says
_RAISED = "\0"  # before what the child itself says, and not what it has executed
_REAP_SECONDS = 0.3
_STRAY_TURNS = 10
_LAST_RESORT = 5.0  # seconds behind its limit, at which the child ends itself if we are gone


class Finding:
    """``reason`` is empty where all is well; ``seconds`` is what it took.

    ``hanging`` is the child that could not be killed: the next look must wait for it.
    """

    __slots__ = ("hanging", "reason", "seconds")

    def __init__(
        self, reason: str, seconds: float = 0.0, hanging: ProcessIdentity | None = None
    ) -> None:
        self.reason = reason
        self.seconds = seconds
        self.hanging = hanging


def look(work: Callable[[], object], seconds: float, mark: str = "") -> Finding:
    """Run ``work`` in a child; it is well if it returns, or if what it executes ends with 0.

    Whatever it raises or writes is the reason where it is not. After ``seconds`` the child and its
    process group are killed, and who left the group with ``mark`` (NAME=value) in its environment.
    """
    import select
    from time import monotonic

    began = monotonic()
    background.fill_standard()
    reader, writer = posix.pipe2(posix.O_CLOEXEC)
    child = posix.fork()
    if not child:
        _work(work, writer, seconds)
    posix.close(writer)
    handle = -1
    said = b""
    try:
        handle = posix.pidfd_open(child)
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        waiting.register(reader, select.POLLIN)
        while True:
            left = began + seconds - monotonic()
            events = dict(waiting.poll(int(left * 1000) + 1)) if left > 0 else {}
            if not events:
                identity = identify(child)
                is_dead = _kill(child, handle)
                _end_strays(child, mark)
                child = 0
                return Finding(
                    f"no answer within {seconds:.3g} s",
                    monotonic() - began,
                    None if is_dead else identity,
                )
            if handle in events:
                break
            part = posix.read(reader, 65536)
            said = (said + part)[-_LONGEST_REPORT:]
            if not part:
                waiting.unregister(reader)
        posix.set_blocking(reader, False)
        try:
            said += posix.read(reader, 65536)
        except BlockingIOError:
            pass
        _end_group(child)  # what it has left behind would pile up
        _end_strays(child, mark)
        _, status = posix.waitpid(child, 0)
        child = 0
    finally:
        if child:
            _kill(child, handle)
        for end in (reader, handle):
            if end >= 0:
                posix.close(end)
    text = said[-_LONGEST_REPORT:].decode("utf-8", "replace").strip()
    reason = _judge(posix.waitstatus_to_exitcode(status), text)
    return Finding(reason, monotonic() - began)


def _judge(code: int, said: str) -> str:
    if code == 0:
        return ""
    _, raised, own = said.rpartition(_RAISED)
    if raised:
        return own.strip()
    lines = said.split("\n")
    how = f"ended with {code}" if code > 0 else f"was ended by signal {-code}"
    return f"{how}: {lines[-1].strip()}" if lines[-1].strip() else how


def _work(work: Callable[[], object], writer: int, seconds: float) -> NoReturn:
    try:
        posix.setsid()
        background.cut_loose((writer,))
        # Survives an exec: whoever kills us does not leave it hanging for ever.
        _signal.setitimer(_signal.ITIMER_REAL, seconds + _LAST_RESORT)
        posix.dup2(writer, 1)
        posix.dup2(writer, 2)
        work()
        _exit(0)
    except BaseException as error:  # noqa: BLE001 - a forked copy of the action must not go on
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        text = _RAISED + (text or type(error).__name__)
        posix.write(writer, text.encode("utf-8", "replace"))
    finally:
        _exit(1)


def _end_group(child: int) -> None:
    try:
        # Not waited for yet, so neither the pid nor the group can belong to anybody else.
        posix.kill(-child, _signal.SIGKILL)
    except ProcessLookupError:
        pass


def _end_strays(child: int, mark: str) -> None:
    """Kill who has left the group; of whom a few are looked at, as pids are given out in order."""
    if not mark:
        return
    from time import sleep

    from ocf_py.system import read_file
    from ocf_py.system.processes import send_signal

    from .marks import find_bearers

    name, _, value = mark.partition("=")
    for _ in range(_STRAY_TURNS):  # one may fork while the others are looked at
        last = int(read_file("/proc/loadavg").split()[-1])  # the pid given out last: proc(5)
        pids = [int(name) for name in posix.listdir("/proc") if name.isdecimal()]
        young = [pid for pid in pids if pid > child or last < child]
        strays = [
            one for one in map(identify, find_bearers(name, value, young)) if one and one.is_alive()
        ]
        if not strays:
            return
        for one in strays:
            try:
                send_signal(one, _signal.SIGKILL)
            except OSError:
                pass  # what must not be signalled stays
        sleep(0.01)


def _kill(child: int, handle: int) -> bool:
    """Kill the child's process group and reap the child; False if it does not die."""
    import select

    _end_group(child)
    if handle >= 0:
        ended = select.poll()
        ended.register(handle, select.POLLIN)
        ended.poll(int(_REAP_SECONDS * 1000))
    return posix.waitpid(child, posix.WNOHANG)[0] == child

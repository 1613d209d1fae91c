"""The processes around a spawner: all of its namespace, or its own descendants alone.

What a service's own parent has left behind is adopted by the spawner, and reaped as soon as it
ends: a signal 0, by which many an agent looks for its service, finds a zombie as it finds the
living.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h

_libc = ctypes.CDLL(None, use_errno=True)
_news: list[int] = []  # where it can be read that a child has ended


def adopt_orphans() -> None:
    """Makes this process the parent of every orphan among its descendants, told by `get_news`."""
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")
    told, tells = os.pipe()
    os.set_blocking(tells, False)
    signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # what is ignored wakes nobody
    _news.append(told)


def get_news() -> tuple[int, ...]:
    """The descriptor that can be read once a child has ended; none where nothing is adopted."""
    return tuple(_news)


def reap_orphans(agent: int) -> None:
    """Reaps what was adopted and has ended; the agent's own end is left to who waits for it."""
    while True:
        ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if ended is None or ended.si_pid == agent:
            return  # once the agent has ended, `list_descendants` reaps what is left
        os.waitpid(ended.si_pid, 0)


def list_processes() -> list[int]:
    """The processes of this namespace, without those that are dead and only not yet reaped."""
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [pid for pid in pids if _read_state(pid)[0] not in "ZX"]


def list_descendants() -> list[int]:
    """What this process has started, directly or not: as a subreaper it gets every orphan back."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    parents = {pid: _read_state(pid)[1] for pid in list_processes()}
    found = {os.getpid()}
    more = found
    while more:
        more = {pid for pid, parent in parents.items() if parent in more}
        found |= more
    return sorted(found - {os.getpid()})


def _read_state(pid: int) -> tuple[str, int]:
    """The state's letter and the parent's pid; X for what has gone (proc(5))."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
    except (FileNotFoundError, ProcessLookupError):
        return "X", 0
    return state, int(parent)

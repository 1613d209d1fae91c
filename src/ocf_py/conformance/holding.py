"""Follows a process by ptrace(2) up to one moment of its life, and holds it there, or ends it."""

from __future__ import annotations

import ctypes
import os
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# linux/ptrace.h
_PTRACE_TRACEME, _PTRACE_DETACH, _PTRACE_SYSCALL, _PTRACE_SETOPTIONS = 0, 17, 24, 0x4200
_PTRACE_O_TRACESYSGOOD = 1
_SYSCALL_STOP = signal.SIGTRAP | 0x80

_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long


def let_trace() -> None:
    """Makes this process one that its parent may `hold`, from its next exec on."""
    _libc.ptrace(_PTRACE_TRACEME, 0, None, None)


def hold(pid: int, moment: dict[str, Any], limit: float) -> bool:
    """Follows the process by ptrace from system call to system call up to one moment.

    `until` is that moment: "exec", "alarm" (a handler for SIGALRM is installed), or a path that
    has to exist, or with a "!" before it to be gone; `further` lets that many more system calls
    through. The process stands still there for `seconds`, or is killed if these are None. False
    if it ended before.
    """

    def expire(*_: object) -> None:
        raise TimeoutError

    signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, max(0.01, limit - time.monotonic()))
    try:
        if not _follow(pid, moment["until"], moment["further"]):
            return False
        signal.setitimer(signal.ITIMER_REAL, 0)
        if moment["seconds"] is None:
            os.kill(pid, signal.SIGKILL)
        else:
            time.sleep(moment["seconds"])
        _libc.ptrace(_PTRACE_DETACH, pid, None, None)
    except TimeoutError:
        os.kill(pid, signal.SIGKILL)
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return True


def _follow(pid: int, until: str, further: int) -> bool:
    """Lets the process run until the moment has come; False if it ended before."""
    if not _is_stopped(pid):
        return False
    _libc.ptrace(_PTRACE_SETOPTIONS, pid, None, _PTRACE_O_TRACESYSGOOD)
    calls_after = further
    if until == "alarm":
        calls_after += 3  # the handler stands; the timer is set next
    has_come = False
    while True:
        has_come = has_come or _has_come(until, pid)
        if has_come:
            calls_after -= 1
            if calls_after < 0:
                return True
        number = 0
        while number != _SYSCALL_STOP:
            deliver = number if number != signal.SIGTRAP else 0
            _libc.ptrace(_PTRACE_SYSCALL, pid, None, deliver)
            number = _is_stopped(pid)
            if not number:
                return False


def _is_stopped(pid: int) -> int:
    """Waits for the next stop and returns its signal; 0 at the end, which is left to `_collect`."""
    news = os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    if news is None or news.si_code in (os.CLD_EXITED, os.CLD_KILLED, os.CLD_DUMPED):
        return 0
    os.waitid(os.P_PID, pid, os.WSTOPPED)
    return news.si_status


def _has_come(until: str, pid: int) -> bool:
    if until == "exec":
        return True
    if until == "alarm":
        with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
            caught = next(line for line in file if line.startswith("SigCgt:")).split()[1]
        return bool(int(caught, 16) >> (signal.SIGALRM - 1) & 1)
    if until.startswith("!"):
        return not os.path.lexists(until[1:])
    return os.path.lexists(until)

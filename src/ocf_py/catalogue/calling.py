"""One call of an agent, the way Pacemaker's executor makes it (protocol facts P1 to P4).

A session of its own, /dev/null as input, SIGKILL for the whole group at the timeout, output cut at
10 MiB: what a daemon of the cluster gives an agent, outside of any sandbox.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import selectors
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LIMIT = 10 * 1024 * 1024  # bytes of each of stdout and stderr that Pacemaker keeps
_PR_SET_CHILD_SUBREAPER = 36  # prctl(2)
_CHUNK = 65536
_GRACE = 0.5  # seconds that the end of an agent's output may come after its own


@dataclass(frozen=True)
class Left:
    """A process that lives on behind the call."""

    pid: int
    command: str


@dataclass(frozen=True)
class Called:
    """What came of a call.

    `code` is None where a signal ended it; `timed_out` says whether that was ours. `is_cut` tells
    of output beyond the limit, `kept_open` of a process left behind that holds the agent's output.
    Times are in seconds; `cpu` is user and system time of the agent and of what it waited for.
    """

    code: int | None
    signal: int
    timed_out: bool
    stdout: bytes
    stderr: bytes
    is_cut: bool
    kept_open: bool
    seconds: float
    cpu: float
    left: tuple[Left, ...] = ()


@dataclass
class _Stream:
    """One of the two pipes, and what came through it."""

    pipe: IO[bytes]
    parts: list[bytes] = field(default_factory=list)
    kept: int = 0
    is_cut: bool = False

    def read(self) -> bool:
        """Takes what is there; False at the end."""
        part = os.read(self.pipe.fileno(), _CHUNK)
        room = LIMIT - self.kept
        self.is_cut = self.is_cut or len(part) > room
        self.parts.append(part[:room])
        self.kept += len(self.parts[-1])
        return bool(part)

    def drain(self, limit: float) -> bool:
        """Takes the rest; whether somebody still holds the pipe at `limit`, on the monotonic clock.

        A process that a thread of ours is just about to start holds it for a moment, too.
        """
        while not self.is_cut:
            wait = max(limit - time.monotonic(), 0)
            if not select.select([self.pipe], [], [], wait)[0]:
                return True
            if not self.read():
                return False
        return True  # somebody who goes on writing holds it too


def call(
    argv: Sequence[str | Path],
    environment: Mapping[str, str],
    *,
    timeout: float,
    user: tuple[int, int] | None = None,
    adopts: bool = False,
    ends_when_cut: bool = False,
) -> Called:
    """Calls and waits; OSError where there is nothing to execute.

    `user` is the uid and gid to become, without further groups. `adopts` makes
    this process the parent of whatever the agent leaves behind, so that it can be told.
    `ends_when_cut` kills it, other than Pacemaker, once it has written more than is kept.
    """
    if adopts:
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    uid, gid = user or (None, None)
    began = time.monotonic()
    release = _hold_interrupts()
    try:
        process = subprocess.Popen(
            argv,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            start_new_session=True,  # no terminal either, as below a daemon
            user=uid,
            group=gid,
            extra_groups=None if user is None else [],
        )
    except BaseException:
        release()
        raise
    with process:
        try:
            release()
            called = _collect(process, began, began + timeout, ends_when_cut=ends_when_cut)
        except BaseException:  # Ctrl-C: the agent is no member of the terminal's group
            _kill_group(process.pid)
            raise
    return replace(called, left=_list_left()) if adopts else called


def _hold_interrupts() -> Callable[[], None]:
    """Keeps Ctrl-C back, as nobody could end a process half made; what is returned lets it come."""
    if threading.current_thread() is not threading.main_thread():  # it gets no signals
        return lambda: None
    held: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _: held.append(number))

    def release() -> None:
        signal.signal(signal.SIGINT, before)
        if held:
            signal.raise_signal(signal.SIGINT)

    return release


def _collect(
    process: subprocess.Popen[bytes], began: float, limit: float, *, ends_when_cut: bool
) -> Called:
    assert process.stdout is not None  # noqa: S101 - both made with PIPE above
    assert process.stderr is not None  # noqa: S101
    streams = (_Stream(process.stdout), _Stream(process.stderr))
    ended = os.pidfd_open(process.pid)
    timed_out = False
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(ended, selectors.EVENT_READ)
            for stream in streams:
                selector.register(stream.pipe, selectors.EVENT_READ, stream)
            has_ended = False
            while not has_ended:
                wait = limit - time.monotonic()
                if wait <= 0 and not timed_out:
                    _kill_group(process.pid)
                    timed_out = True
                for key, _ in selector.select(None if timed_out else max(wait, 0)):
                    if key.data is None:
                        has_ended = True
                    elif not key.data.read():
                        selector.unregister(key.fileobj)
                    elif ends_when_cut and key.data.is_cut:
                        _kill_group(process.pid)
    finally:
        os.close(ended)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)  # reaped here, for the sake of `usage`
    kept_open = [stream.drain(began + seconds + _GRACE) for stream in streams]
    out, err = (b"".join(stream.parts) for stream in streams)
    return Called(
        code=process.returncode if process.returncode >= 0 else None,
        signal=max(-process.returncode, 0),
        timed_out=timed_out,
        stdout=out,
        stderr=err,
        is_cut=any(stream.is_cut for stream in streams),
        kept_open=any(kept_open),
        seconds=seconds,
        cpu=usage.ru_utime + usage.ru_stime,
    )


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _list_left() -> tuple[Left, ...]:
    import psutil

    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                command = " ".join(process.cmdline()) or process.name()
                found.append(Left(process.pid, command))
    return tuple(found)

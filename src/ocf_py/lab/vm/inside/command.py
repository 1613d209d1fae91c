"""One command of the host's, in the guest: its process and its three streams."""

from __future__ import annotations

import fcntl
import os
import selectors
import signal
import struct
import subprocess
import termios
from typing import TYPE_CHECKING

from ocf_py.lab.vm.inside import frames

if TYPE_CHECKING:
    from typing import Callable

NOT_FOUND = 127
CGROUP = "/sys/fs/cgroup/node/cgroup.procs"


class Command:
    """Runs in a session of its own, and is killed when nobody waits for it any more."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        send: Callable[[int, int, bytes], None],
        stream: int,
        running: dict[int, Command],
    ) -> None:
        self._selector, self._send, self._stream, self._running = selector, send, stream, running
        self._kinds: dict[int, int] = {}  # descriptor of an output: kind of frame
        self._credit = frames.WINDOW
        self._input = -1
        self._unwritten = b""
        self._input_ends = False
        self._code: int | None = None
        self._pid = self._pidfd = -1

    def start(self, words: list[str], terminal: list[int] | None) -> None:
        """Run it; one that cannot be run ends with 127, as in a shell."""
        try:
            self._spawn(words, terminal)
        except OSError as error:
            self._send(frames.ERRORS, self._stream, f"{words[0]}: {error.strerror}\n".encode())
            self._send(frames.END, self._stream, str(NOT_FOUND).encode())
            return
        self._running[self._stream] = self
        self._pidfd = os.pidfd_open(self._pid)
        self._selector.register(self._pidfd, selectors.EVENT_READ, self._end)
        for descriptor in (*self._kinds, self._input):
            os.set_blocking(descriptor, False)
        self._listen()

    def _spawn(self, words: list[str], terminal: list[int] | None) -> None:
        if terminal is not None:
            self._input, its = os.openpty()
            fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("4H", *terminal, 0, 0))
            self._kinds = {os.dup(self._input): frames.OUTPUT}
            ends = (its, its, its)
        else:
            its_input, self._input = os.pipe()
            output, its_output = os.pipe()
            errors, its_errors = os.pipe()
            self._kinds = {output: frames.OUTPUT, errors: frames.ERRORS}
            ends = (its_input, its_output, its_errors)
        try:
            process = subprocess.Popen(
                words,
                stdin=ends[0],
                stdout=ends[1],
                stderr=ends[2],
                start_new_session=True,
                preexec_fn=lambda: _join(with_terminal=terminal is not None),  # noqa: PLW1509
            )
            self._pid = process.pid
            process.returncode = 0  # it is reaped here, by its pidfd
        except OSError:
            for descriptor in (*self._kinds, self._input):
                os.close(descriptor)
            raise
        finally:
            for descriptor in set(ends):
                os.close(descriptor)

    def obey(self, kind: int, payload: bytes) -> None:
        """A frame of its stream."""
        if kind == frames.INPUT:
            self._unwritten += payload
            self._input_ends = self._input_ends or not payload
            self._write()
        elif kind == frames.ACKNOWLEDGE:
            self._credit += int(payload)
            self._listen()
            if self._pidfd < 0:
                self._finish()
        elif kind == frames.CLOSE:
            self._kill()

    def _kill(self) -> None:
        try:
            os.killpg(self._pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def _listen(self) -> None:
        """Take its outputs in, as far as the host has room for them."""
        watched = self._selector.get_map()
        for descriptor in self._kinds:
            if self._credit > 0 and descriptor not in watched:
                self._selector.register(
                    descriptor, selectors.EVENT_READ, lambda d=descriptor: self._read(d)
                )
            elif self._credit <= 0 and descriptor in watched:
                self._selector.unregister(descriptor)

    def _read(self, descriptor: int) -> bool:
        """Send what one output has; False when it has nothing now, or will have nothing again."""
        try:
            data = os.read(descriptor, min(frames.CHUNK, self._credit))
        except BlockingIOError:
            return False
        except OSError:  # EIO: the terminal has nobody at its other end
            data = b""
        if not data:
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
            os.close(descriptor)
            del self._kinds[descriptor]
            return False
        self._send(self._kinds[descriptor], self._stream, data)
        self._credit -= len(data)
        self._listen()
        return True

    def _write(self) -> None:
        if self._input < 0:  # it has ended, or was told that nothing more comes
            self._unwritten = b""
            return
        watched = self._input in self._selector.get_map()
        try:
            written = os.write(self._input, self._unwritten) if self._unwritten else 0
        except BlockingIOError:
            written = 0
        except OSError:  # it reads no more
            written = len(self._unwritten)
        if written:
            self._unwritten = self._unwritten[written:]
            self._send(frames.ACKNOWLEDGE, self._stream, str(written).encode())
        if self._unwritten and not watched:
            self._selector.register(self._input, selectors.EVENT_WRITE, self._write)
        elif not self._unwritten and watched:
            self._selector.unregister(self._input)
        if self._input_ends and not self._unwritten and self._input >= 0:
            self._close_input()

    def _close_input(self) -> None:
        if self._input >= 0:
            if self._input in self._selector.get_map():
                self._selector.unregister(self._input)
            os.close(self._input)
            self._input, self._unwritten = -1, b""

    def _end(self) -> None:
        """It has ended."""
        self._selector.unregister(self._pidfd)
        os.close(self._pidfd)
        self._pidfd = -1
        self._finish()

    def _finish(self) -> None:
        """Send what it has left in its pipes, which a child of it may keep open, and its code."""
        for descriptor in list(self._kinds):
            while self._credit > 0 and self._read(descriptor):
                pass
        if self._credit <= 0 and self._kinds:
            return  # until the next acknowledgement
        _, status = os.waitpid(self._pid, 0)
        self._close_input()
        for descriptor in self._kinds:
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
            os.close(descriptor)
        del self._running[self._stream]
        code = os.waitstatus_to_exitcode(status)
        self._send(frames.END, self._stream, str(code).encode())


def _join(*, with_terminal: bool) -> None:
    """In the child: be one of the node's processes, not of the agent's."""
    with open(CGROUP, "w", encoding="ascii") as here:
        here.write("0")
    os.chdir("/")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if with_terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

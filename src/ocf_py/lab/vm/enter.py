"""Runs one command in a guest, as if it ran here: its streams, its terminal, its exit code."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import sys
import termios
import tty
from typing import TYPE_CHECKING

from ocf_py.lab.vm.inside import frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

GONE = 255  # what ssh(1) ends with when the other side does
_BYTES = 1 << 16


def run_in_guest(path: str, command: list[str]) -> int:
    """Run `command` through a guest's command socket; its exit code, or 128 + signal, or GONE."""
    _fill_standard_streams()
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(path)
        except OSError as error:
            sys.stderr.write(f"{command[0]}: the guest cannot be reached: {error.strerror}\n")
            return GONE
        is_terminal = os.isatty(0) and os.isatty(1)
        size = [*os.get_terminal_size(1)][::-1] if is_terminal else None
        request = json.dumps({"command": command, "terminal": size}).encode()
        connection.sendall(frames.pack(frames.OPEN, 0, request))
        with _raw_terminal() if is_terminal else contextlib.nullcontext():
            return _Conversation(connection).hold()


def _fill_standard_streams() -> None:
    """Put /dev/null where a caller has closed one, before something else takes its place."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:  # noqa: PLR2004 - stderr
        continue
    os.close(descriptor)


class _Conversation:
    """Moves bytes both ways until the command ends."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._unpacker = frames.Unpacker()
        self._credit = frames.WINDOW
        self._selector = selectors.DefaultSelector()
        self._selector.register(connection, selectors.EVENT_READ)
        self._is_pollable = True
        try:
            self._selector.register(0, selectors.EVENT_READ)
        except PermissionError:  # a file is always readable, and epoll refuses it
            self._is_pollable = False
        self._input_ended = False

    def hold(self) -> int:
        """Returns the exit code."""
        while True:
            if not self._is_pollable and self._credit > 0 and not self._input_ended:
                self._read_input()
            for key, _ in self._selector.select():
                if key.fileobj is not self._connection:
                    self._read_input()
                    continue
                data = self._connection.recv(_BYTES)
                if not data:
                    return GONE
                for kind, _, payload in self._unpacker.feed(data):
                    if kind == frames.END:
                        code = int(payload)
                        return code if code >= 0 else 128 - code
                    self._take(kind, payload)

    def _take(self, kind: int, payload: bytes) -> None:
        if kind in (frames.OUTPUT, frames.ERRORS):
            target = 1 if kind == frames.OUTPUT else 2
            left = memoryview(payload)
            while left:
                left = left[os.write(target, left) :]
            self._send(frames.ACKNOWLEDGE, str(len(payload)).encode())
        elif kind == frames.ACKNOWLEDGE:
            if self._credit == 0 and self._is_pollable and not self._input_ended:
                self._selector.register(0, selectors.EVENT_READ)
            self._credit += int(payload)

    def _read_input(self) -> None:
        try:
            data = os.read(0, min(frames.CHUNK, self._credit))
        except OSError:
            data = b""
        self._input_ended = not data
        self._credit -= len(data)
        if self._is_pollable and (self._input_ended or self._credit == 0):
            self._selector.unregister(0)
        self._send(frames.INPUT, data)

    def _send(self, kind: int, payload: bytes) -> None:
        self._connection.sendall(frames.pack(kind, 0, payload))


@contextlib.contextmanager
def _raw_terminal() -> Iterator[None]:
    """Give every key to the guest's terminal, for as long as the block lasts."""
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        yield
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)


def main() -> NoReturn:
    """`SOCKET COMMAND...`: what the lab's own processes start."""
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(run_in_guest(sys.argv[1], sys.argv[2:]))

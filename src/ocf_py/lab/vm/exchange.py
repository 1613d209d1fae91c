"""Connects many at the host with one guest: routes frames between sockets and the guest's port."""

from __future__ import annotations

import contextlib
import itertools
import os
import selectors
import socket
from typing import TYPE_CHECKING

from ocf_py.lab.vm.inside import frames

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Callable

_STREAMS = 1 << 16
_BYTES = 1 << 16


class Line:
    """One socket of whole frames that never waits: what it does not take is sent when it can."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        its: socket.socket,
        hear: Callable[[int, int, bytes], None],
        end: Callable[[], None],
    ) -> None:
        self._selector, self._socket, self._hear, self._ended = selector, its, hear, end
        self._unpacker = frames.Unpacker()
        self._unsent = bytearray()
        its.setblocking(False)  # noqa: FBT003 - the standard library's signature
        selector.register(its, selectors.EVENT_READ, self._attend)

    def send(self, data: bytes) -> None:
        """Send bytes after those that wait already."""
        self._unsent += data
        self._write()

    def close(self) -> None:
        """Hear no more of it."""
        if self._socket.fileno() >= 0:
            self._selector.unregister(self._socket)
            self._socket.close()

    def _attend(self) -> None:
        if self._unsent:
            self._write()
        try:
            data = self._socket.recv(_BYTES)
            heard = self._unpacker.feed(data) if data else None
        except BlockingIOError:
            return
        except (OSError, ValueError):  # gone, or not of our language
            heard = None
        if heard is None:
            self.close()
            self._ended()
            return
        for kind, stream, payload in heard:
            self._hear(kind, stream, payload)

    def _write(self) -> None:
        if self._socket.fileno() < 0:
            return
        # Its end is noticed where it is read.
        with contextlib.suppress(BlockingIOError, ConnectionError):
            sent = self._socket.send(self._unsent)
            del self._unsent[:sent]
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        self._selector.modify(self._socket, events, self._attend)


class Exchange:
    """The guest's line, the clients' lines, and the fence agents' requests."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        guest: socket.socket,
        power_socket: Path,
        report: Callable[[bytes], None],
    ) -> None:
        self._selector, self._power_socket, self._report = selector, power_socket, report
        self._guest = Line(selector, guest, self._hear_guest, lambda: None)
        self._listens = False
        self._waiting: list[bytes] = []  # what a port would lose that nobody listens at yet
        self._clients: dict[int, Line] = {}
        self._numbers = itertools.count(1)

    def listen(self, path: Path) -> None:
        """Let commands come by this socket, of root alone."""
        listening = socket.socket(socket.AF_UNIX)
        path.unlink(missing_ok=True)
        listening.bind(str(path))
        os.chmod(path, 0o600)
        listening.listen(64)
        self._selector.register(
            listening, selectors.EVENT_READ, lambda: self._take(listening.accept()[0])
        )

    def to_guest(self, kind: int, stream: int = 0, payload: bytes = b"") -> None:
        """Send a frame, at once or when the guest begins to listen."""
        data = frames.pack(kind, stream, payload)
        if self._listens:
            self._guest.send(data)
        else:
            self._waiting.append(data)

    def _take(self, connection: socket.socket) -> None:
        stream = next(number for number in self._free() if number not in self._clients)

        def leave() -> None:
            del self._clients[stream]
            self.to_guest(frames.CLOSE, stream)

        self._clients[stream] = Line(
            self._selector,
            connection,
            lambda kind, _, payload: self.to_guest(kind, stream, payload),
            leave,
        )

    def _free(self) -> Iterator[int]:
        for number in self._numbers:
            yield number % _STREAMS or 1

    def _hear_guest(self, kind: int, stream: int, payload: bytes) -> None:
        if kind == frames.HELLO:
            self._listens = True
            for data in self._waiting:
                self._guest.send(data)
            self._waiting = []
        elif kind == frames.REPORT:
            self._report(payload)
        elif kind == frames.POWER:
            self._ask_power(stream, payload)
        elif stream in self._clients:
            self._clients[stream].send(frames.pack(kind, 0, payload))

    def _ask_power(self, number: int, request: bytes) -> None:
        """Pass a fence agent's request on, in the name of this guest: we are its sender."""
        connection = socket.socket(socket.AF_UNIX)
        answer = b""

        def hear() -> None:
            nonlocal answer
            with contextlib.suppress(OSError):
                part = connection.recv(_BYTES)
                answer += part
                if part and not answer.endswith(b"\n"):
                    return
            self._selector.unregister(connection)
            connection.close()
            self.to_guest(frames.ANSWER, number, answer)

        try:
            connection.connect(str(self._power_socket))
            connection.sendall(request)
        except OSError:  # the lab is ending
            connection.close()
            return
        self._selector.register(connection, selectors.EVENT_READ, hear)

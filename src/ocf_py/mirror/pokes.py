"""Datagrams between the workers. None says anything that counts, so they need no secret.

A *poke* lets a copy look at its source. A copy whose source keeps snapshots asks it to *hold* a
moment, and is answered once there is one; which one, the source's record tells.
"""

from __future__ import annotations

import asyncio
import errno
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_POKE, _HOLD, _HELD = b"poke\n", b"hold\n", b"held\n"
_LONGEST = 64  # bytes
_ASKED_AGAIN = 1.0  # seconds: a datagram may be lost
_TIMES = 5


def _explain(error: OSError, address: str, port: int) -> str:
    remedy = {
        errno.EADDRINUSE: "set port to one that is free on all nodes",
        errno.EADDRNOTAVAIL: "set address to one that this node has",
    }.get(error.errno or 0, "")
    said = f"UDP port {port} of {address}: {error.strerror}"
    return f"{said} ({remedy})" if remedy else said


class Pokes:
    """This node's end; ``peers`` are the addresses by node. OSError where it cannot be made."""

    def __init__(self, address: str, port: int, peers: dict[str, str]) -> None:
        self._peers = peers
        self._port = port
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        self._socket = socket.socket(family, kind)
        try:
            self._socket.bind((address, port))
        except OSError as error:
            self._socket.close()
            raise OSError(_explain(error, address, port)) from error
        self._answers: dict[str, asyncio.Event] = {}
        self._holding: set[asyncio.Future[None]] = set()

    def listen(self, wake: Callable[[], object], hold: Callable[[str], Awaitable[None]]) -> None:
        """From now on ``wake`` whom a poke is for, and let ``hold`` see to what a node asks for."""

        def on_arrival() -> None:
            while True:
                try:
                    said, sender = self._socket.recvfrom(_LONGEST)
                except OSError:
                    return
                node = self._find(sender[0])
                if node and said == _HOLD:
                    task = asyncio.ensure_future(self._hold(node, hold))
                    self._holding.add(task)
                    task.add_done_callback(self._holding.discard)
                elif node and said == _HELD and node in self._answers:
                    self._answers[node].set()
                elif node:
                    wake()

        asyncio.get_running_loop().add_reader(self._socket.fileno(), on_arrival)

    def close(self) -> None:
        """Hear nothing any more."""
        asyncio.get_running_loop().remove_reader(self._socket.fileno())
        self._socket.close()

    def poke(self, node: str) -> None:
        """Let a node look; it may not hear of it."""
        self._send(node, _POKE)

    async def ask_to_hold(self, node: str) -> bool:
        """Have a node hold a moment, not older than this call; whether it answered."""
        answered = self._answers[node] = asyncio.Event()
        try:
            for _ in range(_TIMES):
                self._send(node, _HOLD)
                try:
                    await asyncio.wait_for(answered.wait(), _ASKED_AGAIN)
                except asyncio.TimeoutError:
                    continue
                return True
            return False
        finally:
            del self._answers[node]

    async def _hold(self, node: str, hold: Callable[[str], Awaitable[None]]) -> None:
        await hold(node)
        self._send(node, _HELD)

    def _find(self, address: str) -> str:
        return next((node for node, one in self._peers.items() if one == address), "")

    def _send(self, node: str, word: bytes) -> None:
        try:
            self._socket.sendto(word, socket.MSG_DONTWAIT, (self._peers[node], self._port))
        except OSError:
            pass  # as if it were lost on the way

"""QEMU's monitor: orders that need no answer, and why the machine ended.

QEMU Machine Protocol, docs/interop/qmp-spec.txt: JSON objects, a line each.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket

_BYTES = 1 << 16


class Monitor:
    """One guest's monitor; what it answers is read when the machine has ended."""

    def __init__(self, its: socket.socket) -> None:
        self._socket = its
        its.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._said = b""
        self._order("qmp_capabilities")

    def set_link(self, device: str, *, up: bool) -> None:
        """Give a network device its carrier, or take it away."""
        self._order("set_link", name=device, up=up)

    def _order(self, verb: str, **arguments: object) -> None:
        self._hear()
        line = json.dumps({"execute": verb, **({"arguments": arguments} if arguments else {})})
        try:
            self._socket.sendall(line.encode() + b"\n")
        except OSError:  # it has ended
            return

    def _hear(self) -> None:
        """Take in what it has said, so that it never has to wait."""
        try:
            while part := self._socket.recv(_BYTES):
                self._said += part
        except OSError:
            return

    def was_reset(self) -> bool:
        """Whether the guest itself has asked for the reset that ended its QEMU."""
        self._hear()
        for line in self._said.splitlines():
            try:
                told = json.loads(line)
            except ValueError:  # cut off by the end
                continue
            if told.get("event") == "SHUTDOWN":
                return bool(told["data"].get("reason") == "guest-reset")
        return False

    def close(self) -> None:
        """Let it go."""
        self._socket.close()

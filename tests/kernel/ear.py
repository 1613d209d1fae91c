"""What announcements the neighbour hears, decoded without our own code."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

from tests.kernel.inside import socket_inside

if TYPE_CHECKING:
    from ocf_py.conformance.sandbox import Sandbox

_EVERYTHING = 0x0003  # ETH_P_ALL


class Ear:
    """Hears all frames that arrive at the peer's eth0."""

    def __init__(self, peer: Sandbox) -> None:
        self._socket = socket_inside(
            peer, socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_EVERYTHING)
        )

    def close(self) -> None:
        self._socket.close()

    def frames(self, seconds: float, enough: int = 1_000_000) -> list[bytes]:
        """The announcements of our two addresses heard within a time, or once there are enough."""
        found: list[bytes] = []
        end = time.monotonic() + seconds
        while len(found) < enough and time.monotonic() < end:
            self._socket.settimeout(max(end - time.monotonic(), 0.001))
            try:
                frame, (_name, _protocol, kind, *_) = self._socket.recvfrom(2000)
            except TimeoutError:
                break
            if kind != socket.PACKET_OUTGOING and _is_announcement(frame):
                found.append(frame)
        return found


def _is_announcement(frame: bytes) -> bool:
    if frame[12:14] == b"\x08\x06":
        return frame[28:32] == frame[38:42] == bytes([192, 0, 2, 10])
    return frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] == 136

"""The language of the command channel: frames with a kind, the number of a stream, and a payload.

Host, attendant and guest speak it alike. A stream is one command in the guest, opened by the host;
power requests are numbered by the guest. Whoever receives a stream's bytes acknowledges them when
they have gone on, and nobody sends more than WINDOW ahead of that: so a reader that sleeps holds
up its own command and no other one.
"""

from __future__ import annotations

import struct

(
    OPEN,  # a command to run, JSON {"command": [...], "terminal": null or [rows, columns]}
    INPUT,  # bytes for its standard input; none: the end of it
    OUTPUT,  # what it writes to standard output
    ERRORS,  # and to standard error
    END,  # its exit code, or minus the signal
    ACKNOWLEDGE,  # so many bytes of the other side have gone on
    CLOSE,  # nobody waits for it any more: kill it
    HELLO,  # the guest listens from now on
    REPORT,  # a line of the guest's init
    SIGNAL,  # a signal for the guest's init
    FREEZE,  # 1: stop all but the agent; 0: let it go on
    POWER,  # a request to the power switch, of a fence agent in the guest
    ANSWER,  # and its answer
) = range(1, 14)

WINDOW = 1 << 18
CHUNK = 1 << 15
_HEADER = struct.Struct("!BHI")
_LONGEST = 1 << 20


def pack(kind: int, stream: int = 0, payload: bytes = b"") -> bytes:
    """One frame's bytes."""
    return _HEADER.pack(kind, stream, len(payload)) + payload


class Unpacker:
    """Takes bytes as they come, and gives whole frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """Every frame that is complete now: kind, stream, payload; ValueError for no frame."""
        self._buffer += data
        found = []
        while len(self._buffer) >= _HEADER.size:
            kind, stream, length = _HEADER.unpack_from(self._buffer)
            if not OPEN <= kind <= ANSWER or length > _LONGEST:
                raise ValueError(f"not a frame: kind {kind}, length {length}")
            end = _HEADER.size + length
            if len(self._buffer) < end:
                break
            found.append((kind, stream, bytes(self._buffer[_HEADER.size : end])))
            del self._buffer[:end]
        return found

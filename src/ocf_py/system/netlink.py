"""The wire to the kernel's network tables: netlink messages and attributes over one socket.

Sources: linux/netlink.h, linux/rtnetlink.h, RFC 3549, Documentation/userspace-api/netlink.
"""

from __future__ import annotations

import _socket
from _socket import AF_NETLINK, MSG_TRUNC, SOCK_CLOEXEC, SOCK_RAW
from _struct import Struct  # the module struct is a file around it
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    Message = tuple[int, bytes]

# linux/netlink.h
NLM_F_REQUEST = 0x01
NLM_F_ACK = 0x04
NLM_F_DUMP_INTR = 0x10
NLM_F_DUMP = 0x300
NLM_F_EXCL = 0x200
NLM_F_CREATE = 0x400
_NLM_F_CAPPED = 0x100
_NLM_F_ACK_TLVS = 0x200
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_NLMSG_MINIMAL_TYPE = 16
_NLMSGERR_ATTR_MSG = 1
_NLA_TYPE_MASK = 0x3FFF
_SOL_NETLINK = 270
_NETLINK_CAP_ACK = 10
_NETLINK_EXT_ACK = 11
_NETLINK_GET_STRICT_CHK = 12

# linux/rtnetlink.h
RTM_NEWLINK = 16
RTM_GETLINK = 18
RTM_SETLINK = 19
RTM_NEWADDR = 20
RTM_DELADDR = 21
RTM_GETADDR = 22
RTM_GETROUTE = 26
RTMGRP_IPV4_IFADDR = 0x10
RTMGRP_IPV6_IFADDR = 0x100
RT_TABLE_MAIN = 254

# What one exchange may take where the caller names no limit, in seconds. The kernel answers
# inside the send call; only a lock held elsewhere (RTNL) makes it wait.
DEFAULT_SECONDS = 5.0

NETLINK_ROUTE = 0
NETLINK_SOCK_DIAG = 4
_HEADER = Struct("=IHHII")  # length, type, flags, sequence, port
_ATTRIBUTE = Struct("=HH")  # length, type
_ERRNO = Struct("=i")

# The kernel fills datagrams of a dump up to what the reader offers, at most 32 KiB.
_FIRST_BUFFER = 32768


def attribute(kind: int, value: bytes) -> bytes:
    """Encode one attribute: length, type, value, padded to four bytes."""
    length = 4 + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (-length % 4)


def attributes(data: bytes, offset: int = 0) -> dict[int, bytes]:
    """Decode the attributes of ``data`` from ``offset`` on; of a repeated one the last counts.

    A torn attribute ends the walk: what follows it has no known beginning.
    """
    found = {}
    end = len(data)
    while offset + _ATTRIBUTE.size <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < _ATTRIBUTE.size or offset + length > end:
            break
        found[kind & _NLA_TYPE_MASK] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def message(kind: int, flags: int, sequence: int, body: bytes) -> bytes:
    """Encode one message whose sender is to be filled in by the kernel."""
    return _HEADER.pack(_HEADER.size + len(body), kind, flags, sequence, 0) + body


def messages(datagram: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Decode a datagram into (type, flags, sequence, body); ends at a torn message."""
    offset = 0
    end = len(datagram)
    while offset + _HEADER.size <= end:
        length, kind, flags, sequence, _port = _HEADER.unpack_from(datagram, offset)
        if length < _HEADER.size or offset + length > end:
            break
        yield kind, flags, sequence, datagram[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3


def failure(kind: int, flags: int, body: bytes) -> OSError | None:
    """Decode NLMSG_ERROR or NLMSG_DONE: None is success, else the error with the kernel's words."""
    number = -_ERRNO.unpack_from(body)[0]
    if not number:
        return None
    from posix import strerror

    text = strerror(number)
    if flags & _NLM_F_ACK_TLVS:
        # The request is echoed after the number, in full unless the kernel says it capped it. A
        # dump ends in a bare number.
        start = _ERRNO.size
        if kind == _NLMSG_ERROR:
            echoed = _HEADER.unpack_from(body, start)[0]
            start += _HEADER.size if flags & _NLM_F_CAPPED else (echoed + 3) & ~3
        words = attributes(body, start).get(_NLMSGERR_ATTR_MSG, b"").rstrip(b"\0")
        if words:
            text = f"{text} ({words.decode('utf-8', 'replace')})"
    return OSError(number, text)


class Netlink:
    """One netlink socket of the network namespace in which it was opened."""

    __slots__ = ("_buffer", "_seconds", "_sequence", "_socket")

    def __init__(
        self, groups: int = 0, seconds: float = DEFAULT_SECONDS, protocol: int = NETLINK_ROUTE
    ) -> None:
        """Open the socket; ``groups`` (RTMGRP_*) subscribes it to events from this moment on.

        ``seconds`` is what one exchange may take.
        """
        self._seconds = seconds
        self._socket = _socket.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol)
        self._buffer = bytearray(_FIRST_BUFFER)
        self._sequence = 0
        for option in (_NETLINK_CAP_ACK, _NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK):
            # An older kernel says less in its errors, and leaves the filtering to the caller.
            try:
                self._socket.setsockopt(_SOL_NETLINK, option, 1)
            except OSError as error:
                import errno

                if error.errno != errno.ENOPROTOOPT:
                    raise
        self._socket.bind((0, groups))

    def close(self) -> None:
        """Close the socket; a second time does nothing."""
        self._socket.close()

    def dump(self, kind: int, body: bytes) -> list[bytes]:
        """Read a whole table: the bodies of its messages, without their headers.

        A table that changed while it was read is read again. Raises OSError as the kernel says,
        ETIMEDOUT when the time for it is over.
        """
        deadline = monotonic() + self._seconds
        while True:
            found = self._exchange(kind, NLM_F_REQUEST | NLM_F_DUMP, body, deadline)
            if found is not None:
                return found
            if monotonic() >= deadline:
                raise _timed_out()

    def request(self, kind: int, flags: int, body: bytes) -> list[bytes]:
        """Ask for one thing and wait for the acknowledgement; returns what came before it.

        Raises OSError as the kernel says, ETIMEDOUT when the time for it is over: then it is
        not known whether the kernel did it.
        """
        flags |= NLM_F_REQUEST | NLM_F_ACK
        return self._exchange(kind, flags, body, monotonic() + self._seconds) or []

    def events(self, deadline: float) -> list[Message]:
        """Wait for the next datagram of a subscribed socket: its (type, body) pairs.

        ``deadline`` is in seconds of time.monotonic. Raises OSError: ETIMEDOUT when it has passed,
        ENOBUFS when events were lost and only a dump tells the truth.
        """
        datagram = self._receive(deadline)
        return [
            (kind, body)
            for kind, _flags, _sequence, body in messages(datagram or b"")
            if kind >= _NLMSG_MINIMAL_TYPE
        ]

    def _exchange(self, kind: int, flags: int, body: bytes, deadline: float) -> list[bytes] | None:
        """Send and gather the answer; None asks for a repetition of a dump."""
        self._sequence += 1
        self._socket.settimeout(max(deadline - monotonic(), 0.001))
        self._socket.send(message(kind, flags, self._sequence, body))
        found: list[bytes] = []
        intact = True
        while True:
            datagram = self._receive(deadline)
            if datagram is None:
                # Part of a dump did not fit the buffer, which has grown: the rest is of no use.
                return None
            for said, said_flags, sequence, content in messages(datagram):
                if sequence != self._sequence:
                    continue  # the late answer to a request that was given up
                if said_flags & NLM_F_DUMP_INTR:
                    intact = False
                if said in (_NLMSG_ERROR, _NLMSG_DONE):
                    error = failure(said, said_flags, content)
                    if error is not None:
                        raise error
                    return found if intact else None
                if said >= _NLMSG_MINIMAL_TYPE:
                    found.append(content)

    def _receive(self, deadline: float) -> bytes | None:
        """Return one datagram of the kernel's own; None if it was larger than the buffer."""
        while True:
            try:
                # Asked once more even when the time is over: the kernel works inside the send,
                # and what it has answered is there by then.
                self._socket.settimeout(max(deadline - monotonic(), 0))
                length, sender = self._socket.recvfrom_into(self._buffer, 0, MSG_TRUNC)
            except (_socket.timeout, BlockingIOError):
                raise _timed_out() from None
            if sender[0] != 0:
                continue  # any process may send to our port; only port 0 is the kernel
            if length > len(self._buffer):
                self._buffer = bytearray(length)
                return None
            return bytes(memoryview(self._buffer)[:length])


def _timed_out() -> OSError:
    import errno

    return OSError(errno.ETIMEDOUT, "the kernel did not answer on netlink in time")

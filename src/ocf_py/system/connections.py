"""Ending the TCP connections that an address leaves behind on this node.

Without it they linger: to whoever still holds their end they look alive, and if the address comes
back they answer for what another node has served meanwhile. Needs CONFIG_INET_DIAG_DESTROY.
Source: linux/inet_diag.h, linux/sock_diag.h.
"""

from __future__ import annotations

import errno
from _socket import AF_INET, AF_INET6
from _struct import Struct
from time import monotonic

from .netlink import NETLINK_SOCK_DIAG, Netlink

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .address import Address

_SOCK_DIAG_BY_FAMILY, _SOCK_DESTROY = 20, 21
_IPPROTO_TCP = 6
_MAPPED = b"\0" * 10 + b"\xff\xff"  # IPv4 inside a socket of both families (RFC 4291, 2.5.5.2)
_REQUEST = Struct("=BBBxI48s")  # struct inet_diag_req_v2: family, protocol, extensions, states, id
_ANSWER = Struct("=BBBB48s")  # struct inet_diag_msg: family, state, timer, retransmissions, id
_SOURCE = slice(4, 20)  # of struct inet_diag_sockid, behind the two ports
_TIME_WAIT, _CLOSE, _LISTEN, _LAST = 6, 7, 10, 12  # net/tcp_states.h
# A listener is the application's; what is in TIME_WAIT or closed holds nobody.
_STATES = sum(1 << state for state in range(1, _LAST + 1)) & ~(
    1 << _TIME_WAIT | 1 << _CLOSE | 1 << _LISTEN
)
# The connection ended by itself meanwhile.
_GONE = (errno.ENOENT, errno.ESRCH)


def kill_connections(address: Address, seconds: float) -> int:
    """End the TCP connections of this node whose own end is ``address``; returns how many.

    Takes at most about ``seconds``. Raises OSError as the kernel says; EOPNOTSUPP where it was
    built without this.
    """
    deadline = monotonic() + seconds
    netlink = Netlink(seconds=seconds, protocol=NETLINK_SOCK_DIAG)
    killed = 0
    try:
        for family, source in _spellings(address):
            ask = _REQUEST.pack(family, _IPPROTO_TCP, 0, _STATES, b"")
            for body in netlink.dump(_SOCK_DIAG_BY_FAMILY, ask):
                _family, _state, _timer, _retransmissions, identity = _ANSWER.unpack_from(body)
                if identity[_SOURCE] != source:
                    continue
                if monotonic() > deadline:
                    raise OSError(errno.ETIMEDOUT, f"{killed} were ended, not all")
                kill = _REQUEST.pack(family, _IPPROTO_TCP, 0, _STATES, identity)
                try:
                    netlink.request(_SOCK_DESTROY, 0, kill)
                except OSError as error:
                    if error.errno not in _GONE:
                        raise
                else:
                    killed += 1
    finally:
        netlink.close()
    return killed


def _spellings(address: Address) -> list[tuple[int, bytes]]:
    """As what the kernel knows the source: (family, 16 bytes)."""
    if address.family == AF_INET6:
        return [(AF_INET6, address.packed)]
    return [(AF_INET, address.packed + b"\0" * 12), (AF_INET6, _MAPPED + address.packed)]

"""Unix sockets that are bound to a path: which they are, and on which file system that lies.

From the kernel's own answer: in /proc/net/unix a name may hold line breaks, and so tell anything.
Source: linux/unix_diag.h, linux/sock_diag.h.
"""

from __future__ import annotations

from _socket import AF_UNIX
from _struct import Struct

from .netlink import NETLINK_SOCK_DIAG, Netlink, attributes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_SOCK_DIAG_BY_FAMILY = 20
_REQUEST = Struct("=BBHIII8x")  # struct unix_diag_req: family, protocol, pad, states, inode, show
_ANSWER = Struct("=BBBxI8x")  # struct unix_diag_msg: family, type, state, inode
_PLACE = Struct("=II")  # struct unix_diag_vfs: inode, device
_EVERY_STATE = 0xFFFFFFFF
_SHOW_NAME, _SHOW_PLACE = 1, 2
_NAME, _VFS = 0, 1  # attributes
_MINOR_BITS = 20  # linux/kdev_t.h


def list_bound() -> Iterator[tuple[int, str, str]]:
    """The sockets of this network namespace that are bound to a path: (inode, device, path).

    ``device`` is the file system's "MAJOR:MINOR"; ``path`` is as it was bound, maybe a relative
    one. OSError where the kernel does not tell (CONFIG_UNIX_DIAG).
    """
    netlink = Netlink(protocol=NETLINK_SOCK_DIAG)
    try:
        ask = _REQUEST.pack(AF_UNIX, 0, 0, _EVERY_STATE, 0, _SHOW_NAME | _SHOW_PLACE)
        for body in netlink.dump(_SOCK_DIAG_BY_FAMILY, ask):
            inode = _ANSWER.unpack_from(body)[3]
            told = attributes(body, _ANSWER.size)
            if _VFS in told:
                _, device = _PLACE.unpack_from(told[_VFS])
                major, minor = device >> _MINOR_BITS, device & ((1 << _MINOR_BITS) - 1)
                path = told.get(_NAME, b"").rstrip(b"\0").decode("utf-8", "surrogateescape")
                yield inode, f"{major}:{minor}", path
    finally:
        netlink.close()

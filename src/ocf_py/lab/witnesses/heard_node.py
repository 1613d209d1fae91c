"""One node's addresses, as its kernel tells every change of them."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
from typing import TYPE_CHECKING, Any

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

from ocf_py.lab.namespaces import open_socket_in

if TYPE_CHECKING:
    from collections.abc import Container

_LARGEST_DATAGRAM = 1 << 16
# include/uapi/linux/rtnetlink.h, netlink.h
_RTM_NEWADDR, _RTM_DELADDR, _RTM_GETADDR = 20, 21, 22
_RTMGRP_IPV4_IFADDR, _RTMGRP_IPV6_IFADDR = 0x10, 0x100
_NLM_F_REQUEST_DUMP = 0x301
_HEADER = struct.Struct("=IHHII")


class HeardNode:
    """A node's network namespace, heard through netlink, and its pid 1, heard through its end."""

    def __init__(self, pid: int) -> None:
        self.netlink = open_socket_in(pid, socket.AF_NETLINK, socket.SOCK_RAW, 0)
        try:
            self.pidfd = os.pidfd_open(pid)
        except OSError:
            self.netlink.close()
            raise
        self.netlink.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self.netlink.bind((0, _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV6_IFADDR))
        self._ask_for_all()

    def _ask_for_all(self) -> None:
        size = _HEADER.size + 8  # struct ifaddrmsg, all zero: every family
        request = _HEADER.pack(size, _RTM_GETADDR, _NLM_F_REQUEST_DUMP, 1, 0) + bytes(8)
        self.netlink.send(request)

    def hear(self, wanted: Container[str]) -> list[tuple[str, bool]]:
        """Read one datagram; each change of a wanted address, in order: which, and is it held."""
        data = self.netlink.recv(_LARGEST_DATAGRAM)
        found, offset = [], 0
        while offset < len(data):
            length, kind, *_ = _HEADER.unpack_from(data, offset)
            if kind in (_RTM_NEWADDR, _RTM_DELADDR):
                message: Any = ifaddrmsg(data[offset : offset + length])
                message.decode()
                for name in ("IFA_LOCAL", "IFA_ADDRESS"):
                    address = message.get_attr(name)
                    if address in wanted:
                        found.append((address, kind == _RTM_NEWADDR))
                        break
            offset += (length + 3) & ~3  # NLMSG_ALIGN
        return found

    def hear_the_rest(self, wanted: Container[str]) -> list[tuple[str, bool]]:
        """What of a node that has ended waits unread."""
        found: list[tuple[str, bool]] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found += self.hear(wanted)
        return found

    def close(self) -> None:
        """Let the namespace go: a witness must not keep a dead node's network."""
        self.netlink.close()
        os.close(self.pidfd)

"""One node's addresses, as its kernel tells every change of them."""

from __future__ import annotations

import contextlib
import os
import struct
from typing import TYPE_CHECKING, Any

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

from ocf_py.lab.inside.address_news import LARGEST_DATAGRAM

if TYPE_CHECKING:
    from collections.abc import Container

    from ocf_py.lab.node import Node

# include/uapi/linux/rtnetlink.h, netlink.h
_RTM_NEWADDR, _RTM_DELADDR = 20, 21
_HEADER = struct.Struct("=IHHII")


class HeardNode:
    """A node's kernel, heard through netlink, and its process `pid`, heard through its end."""

    def __init__(self, node: Node, pid: int) -> None:
        self.news = node.hear_addresses(pid)
        try:
            self.pidfd = os.pidfd_open(pid)
        except OSError:
            self.news.close()
            raise

    def hear(self, wanted: Container[str]) -> list[tuple[str, bool]]:
        """Read what is there; each change of a wanted address, in order: which, and is it held."""
        data = self.news.recv(LARGEST_DATAGRAM)
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
        self.news.close()
        os.close(self.pidfd)

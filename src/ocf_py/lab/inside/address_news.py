"""What a node's kernel says of its addresses: now, and at every change, as rtnetlink messages.

Run as a program it copies them to its output, for who cannot enter the node's network.
"""

from __future__ import annotations

import os
import socket
import struct

LARGEST_DATAGRAM = 1 << 16
# include/uapi/linux/rtnetlink.h, netlink.h
_RTM_GETADDR = 22
_RTMGRP_IPV4_IFADDR, _RTMGRP_IPV6_IFADDR = 0x10, 0x100
_NLM_F_REQUEST_DUMP = 0x301
_HEADER = struct.Struct("=IHHII")


def subscribe_to_addresses(netlink: socket.socket) -> None:
    """Have the kernel tell every change, and first all there are; it blocks no more then."""
    netlink.bind((0, _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV6_IFADDR))
    size = _HEADER.size + 8  # struct ifaddrmsg, all zero: every family
    request = _HEADER.pack(size, _RTM_GETADDR, _NLM_F_REQUEST_DUMP, 1, 0) + bytes(8)
    netlink.send(request)
    netlink.setblocking(False)  # noqa: FBT003 - the standard library's signature


def copy_news() -> None:
    """Copy them to standard output until nobody reads it."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        subscribe_to_addresses(netlink)
        netlink.setblocking(True)  # noqa: FBT003 - the standard library's signature
        while True:
            os.write(1, netlink.recv(LARGEST_DATAGRAM))


if __name__ == "__main__":
    copy_news()

"""Which nodes hold an address, at every moment, read from their kernels and not from Pacemaker."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

from ocf_py.lab.namespaces import open_socket_in
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab

_LOOK_FOR_NODES = 0.1  # seconds between two looks for nodes that came on
_LARGEST_DATAGRAM = 1 << 16
# include/uapi/linux/rtnetlink.h, netlink.h
_RTM_NEWADDR, _RTM_DELADDR, _RTM_GETADDR = 20, 21, 22
_RTMGRP_IPV4_IFADDR, _RTMGRP_IPV6_IFADDR = 0x10, 0x100
_NLM_F_REQUEST_DUMP = 0x301
_HEADER = struct.Struct("=IHHII")


@dataclass(frozen=True)
class Holding:
    """A node had the address from `since` to `until`, CLOCK_MONOTONIC; None: it still has."""

    node: str
    since: float
    until: float | None = None


class AddressWitness(Watching):
    """Hears every change of every node's addresses for as long as the `with` block lasts.

    All nodes are heard by one loop, which takes in losses before gains when both are waiting: so
    an overlap shorter than one round of it (a few milliseconds) is not told from a handover. A
    node that loses its power loses its addresses at that moment.
    """

    def __init__(self, lab: Lab, address: str) -> None:
        super().__init__(f"witness of {address}")
        self.address = address
        self.holdings: list[Holding] = []
        self._lab = lab
        self._nodes: dict[str, _HeardNode] = {}
        self._next_look = 0.0

    def watch(self) -> None:
        """Listen until the end."""
        try:
            while not self.ended.is_set():
                if time.monotonic() >= self._next_look:
                    self._look_for_nodes()
                    self.ready.set()
                self._listen()
        finally:
            for node in self._nodes.values():
                node.close()

    def holders(self) -> list[str]:
        """Nodes that hold the address now."""
        self.check()
        return [holding.node for holding in list(self.holdings) if holding.until is None]

    def double_holdings(self) -> list[tuple[Holding, Holding]]:
        """Pairs of different nodes' holdings that overlap in time; there should be none."""
        self.check()
        holdings = list(self.holdings)
        return [
            (one, other)
            for number, one in enumerate(holdings)
            for other in holdings[number + 1 :]
            if one.node != other.node and (one.until is None or one.until > other.since)
        ]

    def gained(self, node: str, since: float) -> float | None:
        """When a node got the address, at or after `since`."""
        times = [h.since for h in list(self.holdings) if h.node == node and h.since >= since]
        return min(times, default=None)

    def _look_for_nodes(self) -> None:
        self._next_look = time.monotonic() + _LOOK_FOR_NODES
        for name, described in self._lab.describe()["nodes"].items():
            pid = described["pid"]
            if pid is not None and name not in self._nodes:
                with contextlib.suppress(OSError):  # it may just have lost its power
                    self._nodes[name] = _HeardNode(pid)

    def _listen(self) -> None:
        wait = max(0.0, self._next_look - time.monotonic())
        watched = [fd for node in self._nodes.values() for fd in (node.pidfd, node.netlink)]
        readable, _, _ = select.select(watched, [], [], wait)
        changes: list[tuple[bool, str]] = []
        for name, node in list(self._nodes.items()):
            if node.pidfd in readable:
                node.close()
                del self._nodes[name]
                changes.append((False, name))
            elif node.netlink in readable:
                changes += [(held, name) for held in node.hear(self.address)]
        for held, name in sorted(changes):  # losses first
            self._note(name, held=held)

    def _note(self, node: str, *, held: bool) -> None:
        now = time.monotonic()
        for number, holding in enumerate(self.holdings):
            if holding.node == node and holding.until is None:
                if not held:
                    self.holdings[number] = Holding(node, holding.since, now)
                return
        if held:
            self.holdings.append(Holding(node, now))


class _HeardNode:
    """A node's network namespace, heard through netlink, and its pid 1, heard through its end."""

    def __init__(self, pid: int) -> None:
        self.pidfd = os.pidfd_open(pid)
        self.netlink = open_socket_in(pid, socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self.netlink.bind((0, _RTMGRP_IPV4_IFADDR | _RTMGRP_IPV6_IFADDR))
        self._ask_for_all()

    def _ask_for_all(self) -> None:
        size = _HEADER.size + 8  # struct ifaddrmsg, all zero: every family
        request = _HEADER.pack(size, _RTM_GETADDR, _NLM_F_REQUEST_DUMP, 1, 0) + bytes(8)
        self.netlink.send(request)

    def hear(self, address: str) -> list[bool]:
        """Read one datagram; for each change of `address`, in order, whether it is held now."""
        data = self.netlink.recv(_LARGEST_DATAGRAM)
        found, offset = [], 0
        while offset < len(data):
            length, kind, *_ = _HEADER.unpack_from(data, offset)
            if kind in (_RTM_NEWADDR, _RTM_DELADDR):
                message: Any = ifaddrmsg(data[offset : offset + length])
                message.decode()
                if message.get_attr("IFA_LOCAL") == address or (
                    message.get_attr("IFA_ADDRESS") == address
                ):
                    found.append(kind == _RTM_NEWADDR)
            offset += (length + 3) & ~3  # NLMSG_ALIGN
        return found[-1:]

    def close(self) -> None:
        """Let the namespace go: a witness must not keep a dead node's network."""
        self.netlink.close()
        os.close(self.pidfd)

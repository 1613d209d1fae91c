"""Which nodes hold an address, read from their kernels and not from Pacemaker."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import socket
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pyroute2.netlink.rtnl.ifaddrmsg import ifaddrmsg

from ocf_py.lab.errors import LabError
from ocf_py.lab.namespaces import open_socket_in
from ocf_py.lab.witnesses.running_nodes import RunningNodes
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab

LONGEST_ROUND = 0.2
_LONGEST_WAIT = 0.05  # seconds without a look at whether nodes came on
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

    All nodes are heard by one loop, in the order in which the kernel has something to say of
    them, so a node that gains the address before another one has lost it is seen to. What it
    cannot see makes it raise LabError: a round of the loop that took longer than LONGEST_ROUND, or
    a daemon that did not say which nodes run. A node that loses its power loses its addresses at
    that moment.
    """

    def __init__(self, lab: Lab, address: str) -> None:
        self.address = str(ipaddress.ip_address(address))
        super().__init__(f"witness of {self.address}")
        self.holdings: list[Holding] = []
        self._running = RunningNodes(lab)
        self._nodes: dict[str, _HeardNode] = {}
        self._round_begun: float | None = None

    def watch(self) -> None:
        """Listen until the end."""
        with self._running, select.epoll() as poll:
            try:
                while not self.ended.is_set():
                    self._check_round()
                    self._round_begun = time.monotonic()
                    self._hear_new_nodes(poll)
                    self.ready.set()
                    self._listen(poll)
            finally:
                self._round_begun = None
                for node in self._nodes.values():
                    node.close()

    def check(self) -> None:
        """Raise what hinders it from seeing."""
        super().check()
        self._running.check()
        self._check_round()

    def _check_round(self) -> None:
        begun = self._round_begun
        if begun is not None and time.monotonic() - begun > LONGEST_ROUND:
            raise LabError(
                f"the witness of {self.address} was blind for {time.monotonic() - begun:.1f} s: "
                "the machine is too busy"
            )

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

    def _hear_new_nodes(self, poll: select.epoll) -> None:
        for name, pid in self._running.pids.items():
            if name not in self._nodes:
                with contextlib.suppress(OSError):  # it may just have lost its power
                    self._nodes[name] = node = _HeardNode(pid)
                    for descriptor in (node.netlink.fileno(), node.pidfd):
                        poll.register(descriptor, select.EPOLLIN)

    def _listen(self, poll: select.epoll) -> None:
        # epoll(7) keeps its descriptors in the order in which they became ready.
        for descriptor, _ in poll.poll(_LONGEST_WAIT):
            for name, node in list(self._nodes.items()):
                if descriptor == node.netlink.fileno():
                    self._note_all(name, node.hear(self.address))
                elif descriptor == node.pidfd:
                    self._note_all(name, node.hear_the_rest(self.address))
                    self._note(name, held=False)
                    for closing in (node.netlink.fileno(), node.pidfd):
                        poll.unregister(closing)  # a child of this process may have them still
                    node.close()
                    del self._nodes[name]

    def _note_all(self, node: str, changes: list[bool]) -> None:
        for held in changes:
            self._note(node, held=held)

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
        return found

    def hear_the_rest(self, address: str) -> list[bool]:
        """What of a node that has ended waits unread."""
        found: list[bool] = []
        with contextlib.suppress(BlockingIOError):
            while True:
                found += self.hear(address)
        return found

    def close(self) -> None:
        """Let the namespace go: a witness must not keep a dead node's network."""
        self.netlink.close()
        os.close(self.pidfd)

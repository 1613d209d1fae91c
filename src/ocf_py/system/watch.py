"""Watching the kernel's address events: the verdict of IPv6 duplicate address detection."""

from __future__ import annotations

import errno
from _socket import AF_INET6
from time import monotonic

from .netlink import (
    RTM_DELADDR,
    RTM_NEWADDR,
    RTMGRP_IPV4_IFADDR,
    RTMGRP_IPV6_IFADDR,
    Netlink,
)
from .records import Held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from .address import Address
    from .network import Network

OK = "ok"
DUPLICATE = "duplicate"
GONE = "gone"
TIMEOUT = "timeout"


class Watch:
    """A subscription that holds from its creation on; a context manager that ends it."""

    __slots__ = ("_netlink", "_network")

    def __init__(self, network: Network, family: int) -> None:
        group = RTMGRP_IPV6_IFADDR if family == AF_INET6 else RTMGRP_IPV4_IFADDR
        self._network = network
        self._netlink = Netlink(group)

    def __enter__(self) -> Watch:  # noqa: PYI034 - Self is not in Python 3.9
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._netlink.close()

    def verdict(self, address: Address, index: int, seconds: float) -> str:
        """Wait until the kernel has decided whether ``address`` on link ``index`` may be used.

        Returns ``ok``, ``duplicate`` (RFC 4862 section 5.4.5: somebody else answered), ``gone``
        (removed meanwhile, as the kernel does with a duplicate of limited lifetime), or
        ``timeout``: still tentative, for instance since the link has no carrier.
        """
        deadline = monotonic() + seconds
        verdict = self._ask(address, index)
        while verdict == TIMEOUT:
            try:
                events = self._netlink.events(deadline)
            except OSError as error:
                if error.errno == errno.ETIMEDOUT:
                    return self._ask(address, index)
                if error.errno != errno.ENOBUFS:
                    raise
                verdict = self._ask(address, index)  # events were lost: only the table knows
                continue
            for kind, body in events:
                if kind in (RTM_NEWADDR, RTM_DELADDR):
                    held = Held.decode(body)
                    if held.address == address and held.index == index:
                        verdict = GONE if kind == RTM_DELADDR else _judge(held)
        return verdict

    def _ask(self, address: Address, index: int) -> str:
        for held in self._network.holders(address):
            if held.index == index:
                return _judge(held)
        return GONE


def _judge(held: Held) -> str:
    if held.is_dadfailed:
        return DUPLICATE
    return TIMEOUT if held.is_tentative else OK

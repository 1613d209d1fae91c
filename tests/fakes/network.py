"""A network without a kernel: holds state behind the seam's interface, refuses the impossible."""

from __future__ import annotations

import errno
from socket import AF_INET, AF_UNSPEC
from typing import TYPE_CHECKING

from ocf_py.system.netlink import RT_TABLE_MAIN
from ocf_py.system.network import NoNamespace
from ocf_py.system.records import (
    ARPHRD_ETHER,
    IFA_F_DADFAILED,
    IFA_F_NODAD,
    IFA_F_PERMANENT,
    IFA_F_SECONDARY,
    IFA_F_TENTATIVE,
    IFF_UP,
    Held,
    Link,
)
from ocf_py.system.routes import Route

if TYPE_CHECKING:
    from types import TracebackType

    from ocf_py.system.address import Address

_IFF_LOOPBACK, _IFF_LOWER_UP = 0x8, 0x10000
_ARPHRD_LOOPBACK = 772
_LONGEST_LABEL = 15
_RTPROT_KERNEL = 2


class FakeNetwork:
    """`lo` and one Ethernet link, ``eth0``; tests add links, routes and rivals.

    ``rivals`` are addresses that another host on the link holds: an IPv6 one ends as a duplicate.
    ``cut`` are the indexes of links whose cable is out.
    """

    def __init__(self) -> None:
        self._links = [
            Link(
                1, "lo", IFF_UP | _IFF_LOOPBACK | _IFF_LOWER_UP, b"\0" * 6, _ARPHRD_LOOPBACK, 65536
            )
        ]
        self._held: list[Held] = []
        self._routeless: list[tuple[Address, int]] = []
        self.other_routes: list[Route] = []
        self.rivals: set[Address] = set()
        self.cut: set[int] = set()
        self.is_there = True
        self.flushed: list[int] = []
        self.add_link("eth0")

    def add_link(self, name: str, *, up: bool = True, carrier: bool = True) -> Link:
        """Plug a link in."""
        if self.link(name) is not None:
            raise OSError(errno.EEXIST, "File exists")
        index = max(link.index for link in self._links) + 1
        link = Link(index, name, 0, bytes((2, 0, 0, 0, 0, index)), ARPHRD_ETHER, 1500)
        self._links.append(link)
        if not carrier:
            self.cut.add(index)
        self.set_link(index, up=up)
        return link

    def unplug(self, name: str) -> None:
        """Take a link away, and with it all that was on it."""
        link = self.link(name)
        assert link is not None
        self._links.remove(link)
        self._held = [held for held in self._held if held.index != link.index]

    def expire_later(self, address: Address) -> None:
        """Give an address a lifetime, as a lease does."""
        for held in self._held:
            if held.address == address:
                held.flags &= ~IFA_F_PERMANENT

    def __enter__(self) -> FakeNetwork:  # noqa: PYI034 - Self is not in Python 3.9
        if not self.is_there:
            raise NoNamespace("there is no network namespace")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def close(self) -> None:
        pass

    def flush_route_cache(self, family: int) -> None:
        self.flushed.append(family)

    def links(self) -> list[Link]:
        return list(self._links)

    def link(self, name: str) -> Link | None:
        return next((link for link in self._links if link.name == name), None)

    def link_by_index(self, index: int) -> Link | None:
        return next((link for link in self._links if link.index == index), None)

    def link_name(self, index: int) -> str:
        link = self.link_by_index(index)
        return link.name if link else f"link {index}"

    def set_up(self, index: int) -> None:
        self.set_link(index, up=True)

    def set_link(self, index: int, *, up: bool) -> None:
        """Set a link up or down; it has a carrier while it is up and its cable is in."""
        link = self._existing(index)
        link.flags = (link.flags | IFF_UP) if up else (link.flags & ~IFF_UP)
        if up and index not in self.cut:
            link.flags |= _IFF_LOWER_UP
        else:
            link.flags &= ~_IFF_LOWER_UP

    def set_carrier(self, index: int, *, on: bool) -> None:
        """Plug the cable of a link in or out."""
        (self.cut.discard if on else self.cut.add)(index)
        self.set_link(index, up=self._existing(index).is_up)

    def drop_routes(self) -> None:
        """Forget every route there is; those of addresses that come later are made."""
        self._routeless = [(held.address, held.index) for held in self._held]
        self.other_routes = []

    def addresses(self, family: int = AF_UNSPEC, index: int = 0) -> list[Held]:
        return [
            _copy(held)
            for held in self._held
            if family in (AF_UNSPEC, held.address.family) and index in (0, held.index)
        ]

    def holders(self, address: Address) -> list[Held]:
        return [held for held in self.addresses() if held.address == address]

    def add_address(  # noqa: PLR0913 - as the real one
        self,
        address: Address,
        prefix: int,
        index: int,
        *,
        broadcast: Address | None = None,
        label: str = "",
        flags: int = 0,
        preferred: int | None = None,
        metric: int | None = None,
        scope: int | None = None,
    ) -> bool:
        link = self._existing(index)
        if not 0 <= prefix <= address.bits:
            raise OSError(errno.EINVAL, "Invalid argument (invalid prefix length)")
        if len(label) > _LONGEST_LABEL or (label and address.family != AF_INET):
            raise OSError(errno.ERANGE, "Numerical result out of range")
        siblings = [
            held
            for held in self._held
            if held.index == index and held.address.family == address.family
        ]
        if any(
            held.address == address and (held.prefix == prefix or address.family != AF_INET)
            for held in siblings
        ):
            return False
        flags |= IFA_F_PERMANENT
        if address.family == AF_INET:
            label = label or link.name
            if any(
                held.prefix == prefix and held.address.is_within(address, prefix)
                for held in siblings
            ):
                flags |= IFA_F_SECONDARY
        elif not flags & IFA_F_NODAD and not link.is_loopback:
            flags |= IFA_F_TENTATIVE
        held = Held(
            address,
            prefix,
            index,
            label=label,
            flags=flags,
            broadcast=broadcast,
            scope=scope or 0,
        )
        self._held.append(held)
        return True

    def remove_address(self, held: Held) -> bool:
        for mine in self._held:
            if (mine.address, mine.prefix, mine.index) == (
                (held.address, held.prefix, held.index)
            ) and held.label in ("", mine.label):
                self._held.remove(mine)
                self._promote(mine)
                return True
        return False

    def watch_addresses(self, family: int = AF_UNSPEC) -> FakeWatch:
        return FakeWatch(self)

    def routes(self, family: int, table: int = RT_TABLE_MAIN) -> list[Route]:
        connected = [
            Route(
                held.address.network(held.prefix), held.prefix, held.index, protocol=_RTPROT_KERNEL
            )
            for held in self._held
            if held.prefix < held.address.bits
            and not held.is_secondary
            and (held.address, held.index) not in self._routeless
            and held.address.family == family
            and self._existing(held.index).is_up
        ]
        found = [*connected, *self.other_routes]
        return [
            route for route in found if (route.destination.family, route.table) == (family, table)
        ]

    def decide(self, address: Address) -> None:
        """Let duplicate address detection come to its end, where it can run."""
        for held in self._held:
            link = self._existing(held.index)
            if held.address == address and held.is_tentative and link.has_carrier:
                if address in self.rivals:
                    held.flags |= IFA_F_DADFAILED
                else:
                    held.flags &= ~IFA_F_TENTATIVE

    def _existing(self, index: int) -> Link:
        link = self.link_by_index(index)
        if link is None:
            raise OSError(errno.ENODEV, "No such device")
        return link

    def _promote(self, gone: Held) -> None:
        if gone.is_secondary or gone.address.family != AF_INET:
            return
        for held in self._held:
            if (
                held.is_secondary
                and (held.index, held.prefix) == (gone.index, gone.prefix)
                and held.address.is_within(gone.address, gone.prefix)
            ):
                held.flags &= ~IFA_F_SECONDARY
                return


class FakeWatch:
    """Comes to its verdict at once; a link without a carrier never does."""

    def __init__(self, network: FakeNetwork) -> None:
        self._network = network

    def __enter__(self) -> FakeWatch:  # noqa: PYI034 - Self is not in Python 3.9
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        pass

    def verdict(self, address: Address, index: int, seconds: float) -> str:
        self._network.decide(address)
        for held in self._network.holders(address):
            if held.index == index:
                if held.is_dadfailed:
                    return "duplicate"
                return "timeout" if held.is_tentative else "ok"
        return "gone"


def _copy(held: Held) -> Held:
    return Held(
        held.address,
        held.prefix,
        held.index,
        label=held.label,
        flags=held.flags,
        scope=held.scope,
        broadcast=held.broadcast,
        peer=held.peer,
    )

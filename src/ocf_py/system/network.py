"""The network seam: what an agent asks of, and does to, links, addresses and routes.

Everything is read from and told to the kernel over rtnetlink; nothing is kept between two calls.
"""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, AF_UNSPEC, if_indextoname
from _struct import Struct

from .netlink import (
    DEFAULT_SECONDS,
    NLM_F_CREATE,
    NLM_F_EXCL,
    RT_TABLE_MAIN,
    RTM_DELADDR,
    RTM_GETADDR,
    RTM_GETLINK,
    RTM_GETROUTE,
    RTM_NEWADDR,
    RTM_SETLINK,
    Netlink,
    attribute,
)
from .records import (
    ADDRESS_BODY,
    IFA_ADDRESS,
    IFA_BROADCAST,
    IFA_CACHEINFO,
    IFA_FLAGS,
    IFA_LABEL,
    IFA_LOCAL,
    IFA_RT_PRIORITY,
    IFF_UP,
    IFLA_IFNAME,
    LINK_BODY,
    Held,
    Link,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from .address import Address
    from .routes import Route
    from .watch import Watch

__all__ = ["Held", "Link", "Network", "NoNamespace"]

_IFNAMSIZ = 16  # linux/if.h, with the closing zero
_IFLA_EXT_MASK, _IFLA_ALT_IFNAME = 29, 53
_ALTIFNAMSIZ = 128
_RTEXT_FILTER_SKIP_STATS = 1 << 3
_RT_SCOPE_UNIVERSE, _RT_SCOPE_HOST = 0, 254
_FOREVER = 0xFFFFFFFF


_word = Struct("=I").pack


class NoNamespace(LookupError):  # noqa: N818 - says what is
    """The network namespace that was asked for is not there; the message names it."""


class Network:
    """The kernel's tables in one network namespace; opens its socket when first asked.

    Without a namespace's name it is the process's own. With one, use it ``with network: ...``:
    inside, the whole process is in there. Every method raises OSError with the kernel's own words
    when it refuses.
    """

    __slots__ = ("_home", "_inode", "_namespace", "_netlink", "_seconds")

    def __init__(
        self, seconds: float = DEFAULT_SECONDS, namespace: str | None = None, inode: int = 0
    ) -> None:
        """Let one request take at most ``seconds``: it does where somebody holds the RTNL lock.

        ``inode`` is what the namespace was known by when it was last used, 0 for not at all.
        """
        self._seconds = seconds
        self._namespace = namespace
        self._inode = inode
        self._home = -1
        self._netlink: Netlink | None = None

    def __enter__(self) -> Network:  # noqa: PYI034 - Self is not in Python 3.9
        """Enter the namespace; NoNamespace where it is not there."""
        if self._namespace is not None:
            from .namespaces import enter

            self._home = enter(self._namespace, self._inode)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._home >= 0:
            from .namespaces import leave

            home, self._home = self._home, -1
            leave(home)

    @property
    def netlink(self) -> Netlink:
        """The one socket all requests go through."""
        if self._netlink is None:
            self._netlink = Netlink(seconds=self._seconds)
        return self._netlink

    def close(self) -> None:
        """Close the socket; the next request opens another."""
        if self._netlink is not None:
            self._netlink.close()
            self._netlink = None

    # ------------------------------------------------------------------ links

    def links(self) -> list[Link]:
        """All interfaces, in the order of their indexes."""
        body = LINK_BODY.pack(AF_UNSPEC, 0, 0, 0, 0)
        body += attribute(_IFLA_EXT_MASK, _word(_RTEXT_FILTER_SKIP_STATS))
        return [Link.decode(found) for found in self.netlink.dump(RTM_GETLINK, body)]

    def link(self, name: str) -> Link | None:
        """The interface of this name or alternative name, or None."""
        text = name.encode("utf-8", "surrogateescape")
        if not text or b"\0" in text or len(text) >= _ALTIFNAMSIZ:
            return None
        kind = IFLA_IFNAME if len(text) < _IFNAMSIZ else _IFLA_ALT_IFNAME
        return self._link(0, attribute(kind, text + b"\0"))

    def link_by_index(self, index: int) -> Link | None:
        """The interface of this index, or None."""
        return self._link(index, b"") if index > 0 else None

    def link_name(self, index: int) -> str:
        """The name of the link with this index; ``link N`` if it has gone meanwhile."""
        try:
            return if_indextoname(index)
        except OSError:
            return f"link {index}"

    def set_up(self, index: int) -> None:
        """Set an interface up (IFF_UP), whatever its state; its carrier may take its time."""
        self.netlink.request(RTM_SETLINK, 0, LINK_BODY.pack(AF_UNSPEC, 0, index, IFF_UP, IFF_UP))

    def _link(self, index: int, names: bytes) -> Link | None:
        body = LINK_BODY.pack(AF_UNSPEC, 0, index, 0, 0) + names
        body += attribute(_IFLA_EXT_MASK, _word(_RTEXT_FILTER_SKIP_STATS))
        try:
            return Link.decode(self.netlink.request(RTM_GETLINK, 0, body)[0])
        except OSError as error:
            import errno

            if error.errno == errno.ENODEV:
                return None
            raise

    # ------------------------------------------------------------------ addresses

    def addresses(self, family: int = AF_UNSPEC, index: int = 0) -> list[Held]:
        """The addresses held, of one family and on one link where these are given."""
        return self._addresses(family, index, b"")

    def holders(self, address: Address) -> list[Held]:
        """Where this address is held, in any prefix length and on any link: one dump."""
        # A message without these bytes need not be taken apart: cheap with 1000 addresses.
        found = self._addresses(address.family, 0, address.packed)
        return [held for held in found if held.address == address]

    def add_address(  # noqa: PLR0913 - an address has that many sides
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
        """Add an address to a link; False if the link holds it already, and nothing was changed.

        ``label`` (IPv4) is whole, ``eth0:vip``. ``flags`` are IFA_F_*. ``preferred`` is the
        preferred lifetime in seconds, None for ever; the address itself is valid for ever.
        ``metric`` is that of the route to its subnet (since Linux 4.18), ``scope`` an RT_SCOPE_*
        other than the usual one. "Holds it" for IPv4 is
        the same address and prefix length, for IPv6 the same address; label and flags do not
        count.
        """
        body = self._address_body(address, prefix, index, address, label, scope)
        if broadcast is not None:
            body += attribute(IFA_BROADCAST, broadcast.packed)
        if flags:
            body += attribute(IFA_FLAGS, _word(flags))
        if preferred is not None:
            times = _word(preferred) + _word(_FOREVER) + b"\0" * 8  # struct ifa_cacheinfo
            body += attribute(IFA_CACHEINFO, times)
        if metric is not None:
            body += attribute(IFA_RT_PRIORITY, _word(metric))
        try:
            self.netlink.request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, body)
        except FileExistsError:
            return False
        return True

    def remove_address(self, held: Held) -> bool:
        """Remove exactly this address, prefix length and label; False if it is not there.

        The siblings stay: where an IPv4 address is the primary of its subnet, the kernel is told
        to promote the next one instead of dropping them all.
        """
        if held.address.family == AF_INET and held.prefix < held.address.bits:
            from .promotion import keep_secondaries

            return keep_secondaries(self, held, self._delete)
        return self._delete(held)

    def watch_addresses(self, family: int = AF_INET6) -> Watch:
        """A subscription to changes of addresses; open it before the change that is to be seen.

        ``with network.watch_addresses() as watch: add; watch.verdict(address, index, seconds)``.
        """
        from .watch import Watch

        return Watch(self, family)

    def _addresses(self, family: int, index: int, containing: bytes) -> list[Held]:
        body = ADDRESS_BODY.pack(family, 0, 0, 0, index)
        return [
            held
            for held in (
                Held.decode(found)
                for found in self.netlink.dump(RTM_GETADDR, body)
                if containing in found
            )
            # A kernel before 4.20 ignores the index.
            if index in (0, held.index)
        ]

    def _delete(self, held: Held) -> bool:
        body = self._address_body(
            held.address, held.prefix, held.index, held.peer or held.address, held.label
        )
        try:
            self.netlink.request(RTM_DELADDR, 0, body)
        except OSError as error:
            import errno

            if error.errno in (errno.EADDRNOTAVAIL, errno.ENODEV):
                return False
            raise
        return True

    def _address_body(
        self,
        address: Address,
        prefix: int,
        index: int,
        remote: Address,
        label: str,
        scope: int | None = None,
    ) -> bytes:
        if scope is None:
            scope = _RT_SCOPE_HOST if address.is_loopback else _RT_SCOPE_UNIVERSE
        body = ADDRESS_BODY.pack(address.family, prefix, 0, scope, index)
        body += attribute(IFA_LOCAL, address.packed) + attribute(IFA_ADDRESS, remote.packed)
        if label:
            body += attribute(IFA_LABEL, label.encode("utf-8", "surrogateescape") + b"\0")
        return body

    # ------------------------------------------------------------------ routes

    def routes(self, family: int, table: int = RT_TABLE_MAIN) -> list[Route]:
        """The routes of one table, a multipath route as one Route a next hop."""
        from .routes import ROUTE_BODY, RTA_TABLE, Route

        body = ROUTE_BODY.pack(family, 0, 0, 0, 0, 0, 0, 0, 0) + attribute(RTA_TABLE, _word(table))
        try:
            bodies = self.netlink.dump(RTM_GETROUTE, body)
        except FileNotFoundError:  # ENOENT: a table without a single route does not exist
            return []
        return [route for found in bodies for route in Route.decode(found) if route.table == table]

    def flush_route_cache(self, family: int) -> None:
        """Forget what was learnt about routes, such as path MTUs; the tables stay as they are."""
        from . import write_file

        version = "ipv4" if family == AF_INET else "ipv6"
        write_file(f"/proc/sys/net/{version}/route/flush", b"1")

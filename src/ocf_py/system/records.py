"""What the kernel's tables hold, decoded: links and addresses.

Sources: linux/if_link.h, linux/if_addr.h, linux/if.h.
"""

from __future__ import annotations

from _socket import AF_INET
from _struct import Struct

from .address import Address
from .netlink import attributes

LINK_BODY = Struct("=BxHiII")  # struct ifinfomsg: family, hardware type, index, flags, change
ADDRESS_BODY = Struct("=BBBBi")  # struct ifaddrmsg: family, prefix, flags, scope, index
_NUMBER = Struct("=I")

IFF_UP = 0x1
_IFF_LOOPBACK = 0x8
_IFF_LOWER_UP = 0x10000
_IFLA_ADDRESS, IFLA_IFNAME, _IFLA_MTU = 1, 3, 4
ARPHRD_ETHER, _ETH_ALEN = 1, 6

IFA_ADDRESS, IFA_LOCAL, IFA_LABEL, IFA_BROADCAST, IFA_CACHEINFO, IFA_FLAGS = 1, 2, 3, 4, 6, 8
IFA_RT_PRIORITY = 9
IFA_F_SECONDARY = 0x01  # IPv4; the same bit on an IPv6 address means "temporary" (RFC 8981)
IFA_F_NODAD = 0x02
IFA_F_DADFAILED = 0x08
IFA_F_DEPRECATED = 0x20
IFA_F_TENTATIVE = 0x40
IFA_F_PERMANENT = 0x80
IFA_F_NOPREFIXROUTE = 0x200


class Link:
    """A network interface: ``mac`` is empty where it has none, ``arp_type`` is an ARPHRD_*."""

    __slots__ = ("arp_type", "flags", "index", "mac", "mtu", "name")

    def __init__(
        self, index: int, name: str, flags: int, mac: bytes, arp_type: int, mtu: int
    ) -> None:
        self.index = index
        self.name = name
        self.flags = flags
        self.mac = mac
        self.arp_type = arp_type
        self.mtu = mtu

    @classmethod
    def decode(cls, body: bytes) -> Link:
        """Read the body of RTM_NEWLINK."""
        _family, arp_type, index, flags, _change = LINK_BODY.unpack_from(body)
        found = attributes(body, LINK_BODY.size)
        return cls(
            index,
            found[IFLA_IFNAME].rstrip(b"\0").decode("utf-8", "surrogateescape"),
            flags,
            found.get(_IFLA_ADDRESS, b""),
            arp_type,
            read_number(found, _IFLA_MTU),
        )

    @property
    def is_up(self) -> bool:
        """Set up by its administrator (IFF_UP)."""
        return bool(self.flags & IFF_UP)

    @property
    def has_carrier(self) -> bool:
        """Connected to something at the other end (IFF_LOWER_UP)."""
        return bool(self.flags & _IFF_LOWER_UP)

    @property
    def is_loopback(self) -> bool:
        """`lo`, whatever it is called."""
        return bool(self.flags & _IFF_LOOPBACK)

    @property
    def is_ethernet(self) -> bool:
        """Speaks ARP with six-byte addresses: Ethernet, VLAN, bond, bridge, veth, macvlan."""
        return self.arp_type == ARPHRD_ETHER and len(self.mac) == _ETH_ALEN

    def __repr__(self) -> str:
        return f"<Link {self.index} {self.name}>"


class Held:
    """One address on one link. ``peer`` is the other end of a point-to-point address."""

    __slots__ = ("address", "broadcast", "flags", "index", "label", "peer", "prefix", "scope")

    def __init__(
        self,
        address: Address,
        prefix: int,
        index: int,
        *,
        label: str = "",
        flags: int = 0,
        scope: int = 0,
        broadcast: Address | None = None,
        peer: Address | None = None,
    ) -> None:
        self.address = address
        self.prefix = prefix
        self.index = index
        self.label = label
        self.flags = flags
        self.scope = scope
        self.broadcast = broadcast
        self.peer = peer

    @classmethod
    def decode(cls, body: bytes) -> Held:
        """Read the body of RTM_NEWADDR or RTM_DELADDR."""
        family, prefix, flags, scope, index = ADDRESS_BODY.unpack_from(body)
        found = attributes(body, ADDRESS_BODY.size)
        # IFA_ADDRESS is the subnet's address, on a point-to-point link the other end's; IPv6
        # names IFA_LOCAL only there (linux/if_addr.h).
        remote = found.get(IFA_ADDRESS, b"")
        local = found.get(IFA_LOCAL) or remote
        broadcast = found.get(IFA_BROADCAST)
        return cls(
            Address(family, local),
            prefix,
            index,
            label=found.get(IFA_LABEL, b"").rstrip(b"\0").decode("utf-8", "surrogateescape"),
            flags=read_number(found, IFA_FLAGS, flags),
            scope=scope,
            broadcast=Address(family, broadcast) if broadcast else None,
            peer=Address(family, remote) if remote and remote != local else None,
        )

    @property
    def is_tentative(self) -> bool:
        """IPv6: the kernel still asks whether somebody else has it (RFC 4862 section 5.4)."""
        return bool(self.flags & IFA_F_TENTATIVE) and not self.is_dadfailed

    @property
    def is_dadfailed(self) -> bool:
        """IPv6: somebody else has it, so the kernel does not use it."""
        return bool(self.flags & IFA_F_DADFAILED)

    @property
    def is_permanent(self) -> bool:
        """Valid for ever: not one of a lease or a router's advertisement."""
        return bool(self.flags & IFA_F_PERMANENT)

    @property
    def is_deprecated(self) -> bool:
        """Not to be chosen as a source: its preferred lifetime is over."""
        return bool(self.flags & IFA_F_DEPRECATED)

    @property
    def is_secondary(self) -> bool:
        """IPv4: another address of the same subnet came first on this link."""
        return self.address.family == AF_INET and bool(self.flags & IFA_F_SECONDARY)

    def __repr__(self) -> str:
        return f"<Held {self.address}/{self.prefix} on link {self.index}>"


def read_number(found: dict[int, bytes], kind: int, default: int = 0) -> int:
    """Read a 32-bit attribute, ``default`` where it is absent."""
    value = found.get(kind)
    return int(_NUMBER.unpack_from(value)[0]) if value else default

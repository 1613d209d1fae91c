"""An address as it was asked for: its words checked, and what is held compared with it."""

from __future__ import annotations

from .netlink import RT_TABLE_MAIN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .address import Address
    from .records import Held, Link

_EVERYBODY = "255.255.255.255"
_NIC_ROOM = 127  # ALTIFNAMSIZ of linux/if.h, less the closing zero
LABEL_ROOM = 15  # IFNAMSIZ of linux/if.h, less the closing zero
_FOREVER = 0xFFFFFFFF  # RFC 4862 section 5.5.4: a lifetime of all ones


class Wrong(ValueError):  # noqa: N818 - says what is
    """A word that no node can follow; the message says which, ``hint`` what to write instead."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Wanted:
    """The parameters of one address, read; raises Wrong for the first that makes no sense.

    ``nic``, ``label``, ``prefix`` and ``protocol`` are None where nobody asked for one; ``table``
    is a number, or a name that this node has to know; ``preferred`` is a lifetime in seconds, None
    for ever. A label of an IPv6 address, which can have none, is left out.
    """

    __slots__ = (
        "_broadcast",
        "address",
        "label",
        "nic",
        "preferred",
        "prefix",
        "protocol",
        "table",
    )

    def __init__(
        self,
        address: Address,
        nic: str | None = None,
        cidr_netmask: str | None = None,
        broadcast: str = "+",
        iflabel: str | None = None,
        preferred_lft: str = "forever",
        proto: str | None = None,
        table: str | None = None,
    ) -> None:
        _refuse_immovable(address)
        self.address = address
        self.nic, behind = _split(nic)
        label = behind if iflabel is None else iflabel
        self.label = label if address.version == 4 else None  # noqa: PLR2004
        if address.is_link_local and address.version == 6 and self.nic is None:  # noqa: PLR2004
            raise Wrong(f"ip={address} is link-local", "name its interface with nic=")
        self.prefix = _read_prefix(address, cidr_netmask)
        self._broadcast = broadcast
        self.broadcast(0)
        if self.label is not None:
            _refuse_bad_label(self.label)
        self.preferred = _read_lifetime(preferred_lft)
        self.protocol = None if proto is None else _read_protocol(proto)
        self.table = RT_TABLE_MAIN if table is None else _read_table(table)

    def broadcast(self, prefix: int) -> Address | None:
        """Return the broadcast address for a prefix; None where there is to be none."""
        from .address import Address

        is_ipv4 = self.address.version == 4  # noqa: PLR2004
        if self._broadcast == "-" or (self._broadcast == "+" and not is_ipv4):
            return None
        if not is_ipv4:
            raise Wrong("broadcast is for IPv4 alone", "leave it away")
        if self._broadcast == "+":
            # RFC 3021: a network of two hosts or one has no address to spare for it.
            return self.address.broadcast(prefix) if prefix < self.address.bits - 1 else None
        try:
            address = Address.parse(self._broadcast)
        except ValueError as error:
            raise Wrong(f"broadcast={self._broadcast!r} {error}", "or + or -") from error
        if address.version != 4:  # noqa: PLR2004
            raise Wrong(f"broadcast={address} is not IPv4")
        return address

    def label_on(self, link: Link) -> str:
        """Return the whole label that the address is to have on a link; "" for the kernel's own."""
        return f"{link.name}:{self.label}" if self.label is not None else ""

    def flaw(self, link: Link, held: Held) -> str:
        """Say how the address as it is held differs from what was asked for; "" if it does not."""
        where = f"{self.address} on {link.name}"
        if self.prefix is not None and held.prefix != self.prefix:
            return f"{where} has the prefix length {held.prefix}, not {self.prefix}"
        # The kernel writes a label anew when the interface gets another name.
        is_renamed = self.nic is not None and link.name != self.nic
        if self.label is not None and not is_renamed and held.label != self.label_on(link):
            return f"{where} has the label {held.label!r}, not {self.label_on(link)!r}"
        if held.is_dadfailed:
            return (
                f"another host on {link.name} holds {self.address} "
                "(duplicate address detection failed)"
            )
        return ""


def _refuse_immovable(address: Address) -> None:
    special = address.is_unspecified or address.is_multicast or address.is_loopback
    if special or str(address) == _EVERYBODY:
        raise Wrong(f"ip={address} is no address that moves between hosts")


def _split(nic: str | None) -> tuple[str | None, str | None]:
    """Part INTERFACE:LABEL, the way of the first Linux kernels; no interface's name has a colon."""
    if nic is None:
        return None, None
    name, colon, label = nic.partition(":")
    if not name or len(name) > _NIC_ROOM or set(name) & set("/ \t\n") or name in (".", ".."):
        raise Wrong(f"nic={nic!r} is no name that an interface can have")
    return name, label if colon else None


def _read_prefix(address: Address, text: str | None) -> int | None:
    if text is None:
        return None
    try:
        prefix = address.parse_prefix(text)
    except ValueError as error:
        raise Wrong(f"cidr_netmask={text!r} {error}") from error
    if prefix == 0:
        raise Wrong(f"cidr_netmask={text!r} is the whole internet", f"give 1 to {address.bits}")
    return prefix


def _read_lifetime(text: str) -> int | None:
    if text == "forever":
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(_FOREVER))
    if not is_number or int(text) > _FOREVER:
        raise Wrong(f"preferred_lft={text!r} is neither forever nor a number of seconds")
    return int(text) if int(text) < _FOREVER else None


def _read_protocol(text: str) -> int:
    from .route_names import parse_protocol

    try:
        return parse_protocol(text)
    except ValueError as error:
        raise Wrong(f"proto={text!r} {error}") from error


def _read_table(text: str) -> int | str:
    from .route_names import parse_table

    try:
        number = parse_table(text)
    except ValueError as error:
        raise Wrong(f"table={text!r} {error}") from error
    return text if number is None else number


def _refuse_bad_label(label: str) -> None:
    if not label or not (label.isascii() and label.isprintable()) or set(label) & set(" /:"):
        raise Wrong(f"iflabel={label!r} has a letter that no label may have")
    if len(label) > LABEL_ROOM - 2:
        raise Wrong(f"iflabel={label!r} is too long", "13 characters fit behind any interface")

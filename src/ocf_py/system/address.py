"""An IP address as a value: two spellings of one address are equal."""

from __future__ import annotations

from _socket import AF_INET, AF_INET6, inet_ntop, inet_pton

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

_MAPPED = b"\0" * 10 + b"\xff\xff"


class Address:
    """One IPv4 or IPv6 address; immutable, hashable, compared by value.

    ``family`` is ``AF_INET`` or ``AF_INET6``; ``packed`` holds 4 or 16 bytes in network order.
    """

    __slots__ = ("family", "packed")

    family: int
    packed: bytes

    def __init__(self, family: int, packed: bytes) -> None:
        if len(packed) != (4 if family == AF_INET else 16 if family == AF_INET6 else -1):
            raise ValueError(f"{len(packed)} bytes are no address of family {family}")
        object.__setattr__(self, "family", family)
        object.__setattr__(self, "packed", packed)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"an Address is immutable: {name} cannot be set")

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read a dotted quad, or any spelling of IPv6 (RFC 4291 section 2.2).

        Raises ValueError with a phrase to follow the text ("is not an IP address: ..."): for a
        name, a prefix length, a zone, blanks, octets with leading zeros, and for IPv4 dressed as
        IPv6 (``::ffff:192.0.2.1``).
        """
        family = AF_INET6 if ":" in text else AF_INET
        try:
            # inet_pton would see a NUL as the end and choke on lone surrogates.
            packed = inet_pton(family, text if text.isascii() and text.isprintable() else "")
        except OSError:
            raise ValueError(f"is not an IP address{_hint(text)}") from None
        if family == AF_INET6 and packed.startswith(_MAPPED):
            plain = inet_ntop(AF_INET, packed[12:])
            raise ValueError(f"is an IPv4 address dressed as IPv6: write {plain}")
        return cls(family, packed)

    @property
    def version(self) -> int:
        """4 or 6."""
        return 4 if self.family == AF_INET else 6

    @property
    def bits(self) -> int:
        """32 or 128: the longest possible prefix."""
        return len(self.packed) * 8

    def parse_prefix(self, text: str) -> int:
        """Read a prefix length for this address: bits, or for IPv4 a mask such as 255.255.255.0.

        Raises ValueError with a phrase to follow the text.
        """
        if self.family == AF_INET and "." in text:
            ones = f"{int.from_bytes(Address.parse(text).packed, 'big'):032b}".rstrip("0")
            if "0" in ones:
                raise ValueError("is no mask: its one bits do not stand together")
            return len(ones)
        longest = len(str(self.bits))
        if not (
            text.isascii() and text.isdigit() and len(text) <= longest and int(text) <= self.bits
        ):
            raise ValueError(f"is no prefix length from 0 to {self.bits}")
        return int(text)

    def network(self, prefix: int) -> Address:
        """Return the first address of the subnet: all bits after ``prefix`` are 0."""
        number = int.from_bytes(self.packed, "big") & ~self._host_mask(prefix)
        return Address(self.family, number.to_bytes(len(self.packed), "big"))

    def broadcast(self, prefix: int) -> Address:
        """Return the last address of the subnet: all bits after ``prefix`` are 1."""
        number = int.from_bytes(self.packed, "big") | self._host_mask(prefix)
        return Address(self.family, number.to_bytes(len(self.packed), "big"))

    def is_within(self, network: Address, prefix: int) -> bool:
        """Tell whether the subnet ``network/prefix`` covers this address."""
        if self.family != network.family:
            return False
        difference = int.from_bytes(self.packed, "big") ^ int.from_bytes(network.packed, "big")
        return difference >> (self.bits - prefix) == 0

    def plus(self, number: int) -> Address:
        """Return the address ``number`` further on; ValueError where the family has none."""
        total = int.from_bytes(self.packed, "big") + number
        if not 0 <= total < 1 << self.bits:
            raise ValueError(f"there is no address {number} behind {self}")
        return Address(self.family, total.to_bytes(len(self.packed), "big"))

    @property
    def is_link_local(self) -> bool:
        """169.254.0.0/16 (RFC 3927) or fe80::/10 (RFC 4291)."""
        return self.is_within(_LINK_LOCAL_4, 16) or self.is_within(_LINK_LOCAL_6, 10)

    @property
    def is_multicast(self) -> bool:
        """224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291)."""
        return self.is_within(_MULTICAST_4, 4) or self.is_within(_MULTICAST_6, 8)

    @property
    def is_unspecified(self) -> bool:
        """0.0.0.0 or ``::``."""
        return not any(self.packed)

    @property
    def is_loopback(self) -> bool:
        """127.0.0.0/8 or ``::1``."""
        return self.is_within(_LOOPBACK_4, 8) or self == _LOOPBACK_6

    def __str__(self) -> str:
        """Return the canonical spelling (RFC 5952)."""
        return inet_ntop(self.family, self.packed)

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Address):
            return NotImplemented
        # The lengths differ between families, so the bytes alone decide.
        return self.packed == other.packed

    def __hash__(self) -> int:
        return hash(self.packed)

    def _host_mask(self, prefix: int) -> int:
        if not 0 <= prefix <= self.bits:
            message = (
                f"a prefix length of {prefix} does not fit IPv{self.version} (0 to {self.bits})"
            )
            raise ValueError(message)
        return (1 << (self.bits - prefix)) - 1


_LINK_LOCAL_4 = Address(AF_INET, b"\xa9\xfe\0\0")
_LINK_LOCAL_6 = Address(AF_INET6, b"\xfe\x80" + b"\0" * 14)
_MULTICAST_4 = Address(AF_INET, b"\xe0\0\0\0")
_MULTICAST_6 = Address(AF_INET6, b"\xff" + b"\0" * 15)
_LOOPBACK_4 = Address(AF_INET, b"\x7f\0\0\0")
_LOOPBACK_6 = Address(AF_INET6, b"\0" * 15 + b"\1")


def _hint(text: str) -> str:
    if not text:
        return ": it is empty"
    if text != text.strip():
        return ": remove the blanks around it"
    if "/" in text:
        return ": the prefix length does not belong here"
    if "%" in text:
        return ": the zone does not belong here, name the interface instead"
    return ": give a dotted quad such as 192.0.2.1, or IPv6 such as 2001:db8::1"

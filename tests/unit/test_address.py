"""Addresses are values: read strictly, written in one way, compared by what they are."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocf_py.system.address import Address

_ANY: st.SearchStrategy[ipaddress.IPv4Address | ipaddress.IPv6Address] = st.one_of(
    st.ip_addresses(v=4), st.ip_addresses(v=6)
).filter(lambda one: getattr(one, "ipv4_mapped", None) is None)


@given(_ANY)
def test_it_agrees_with_the_standard_library(
    other: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    address = Address.parse(other.exploded)
    assert address.packed == other.packed
    assert address.version == other.version
    assert address.bits == other.max_prefixlen
    assert Address.parse(str(address)) == address
    assert ipaddress.ip_address(str(address)) == other
    assert address.is_multicast == other.is_multicast
    assert address.is_loopback == other.is_loopback
    assert address.is_link_local == other.is_link_local
    assert address.is_unspecified == other.is_unspecified


@given(_ANY, st.integers(0, 128))
def test_its_subnets_are_those_of_the_standard_library(
    other: ipaddress.IPv4Address | ipaddress.IPv6Address, prefix: int
) -> None:
    address = Address.parse(str(other))
    if prefix > address.bits:
        with pytest.raises(ValueError, match="does not fit"):
            address.network(prefix)
        return
    network = ipaddress.ip_network((other.packed, prefix), strict=False)
    assert address.network(prefix).packed == network.network_address.packed
    assert address.broadcast(prefix).packed == network.broadcast_address.packed
    assert address.is_within(address.network(prefix), prefix)
    assert address.is_within(address.broadcast(prefix), prefix)


def test_what_lies_beside_a_subnet_is_not_within() -> None:
    network = Address.parse("192.0.2.0")
    assert not Address.parse("192.0.3.0").is_within(network, 24)
    assert not Address.parse("192.0.1.255").is_within(network, 24)
    assert not Address.parse("::").is_within(Address.parse("0.0.0.0"), 0)  # noqa: S104


@pytest.mark.parametrize(
    ("spelling", "canonical"),
    [
        ("2001:DB8::0A1", "2001:db8::a1"),
        ("2001:0db8:0000:0000:0000:0000:0000:00a1", "2001:db8::a1"),
        ("2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"),
        ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
        ("0:0:0:0:0:0:0:0", "::"),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_spellings_of_one_address_are_equal_and_printed_alike(
    spelling: str, canonical: str
) -> None:
    one, other = Address.parse(spelling), Address.parse(canonical)
    assert one == other
    assert hash(one) == hash(other)
    assert str(one) == canonical


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("", "it is empty"),
        (" 192.0.2.1", "blanks"),
        ("192.0.2.1\n", "blanks"),
        ("192.0.2.1/24", "prefix length"),
        ("fe80::1%eth0", "zone"),
        ("fe80::1/64", "prefix length"),
        ("::ffff:192.0.2.1", "write 192.0.2.1"),
        ("::FFFF:c000:201", "write 192.0.2.1"),
        ("192.0.2", "dotted quad"),
        ("192.0.2.256", "dotted quad"),
        ("192.0.2.01", "dotted quad"),
        ("0x7f.0.0.1", "dotted quad"),
        ("3232235777", "dotted quad"),
        ("localhost", "dotted quad"),
        ("2001:db8::1::2", "dotted quad"),
        ("1:2:3:4:5:6:7:8:9", "dotted quad"),
        ("12345::", "dotted quad"),
        ("192.0.2.1\0", "dotted quad"),
        ("١٩٢.0.2.1", "dotted quad"),
        ("\udcff::1", "dotted quad"),
    ],
)
def test_what_is_no_address_is_refused_with_a_phrase(text: str, phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase) as caught:
        Address.parse(text)
    message = str(caught.value)
    assert message.startswith("is ")
    assert "\n" not in message


@given(st.text())
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        address = Address.parse(text)
    except ValueError:
        return
    assert ipaddress.ip_address(text).packed == address.packed


@pytest.mark.parametrize(
    ("address", "text", "prefix"),
    [
        ("192.0.2.1", "24", 24),
        ("192.0.2.1", "0", 0),
        ("192.0.2.1", "255.255.255.0", 24),
        ("192.0.2.1", "255.255.255.255", 32),
        ("192.0.2.1", "0.0.0.0", 0),  # noqa: S104
        ("::1", "128", 128),
    ],
)
def test_a_prefix_length_is_read(address: str, text: str, prefix: int) -> None:
    assert Address.parse(address).parse_prefix(text) == prefix


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("192.0.2.1", "33"),
        ("::1", "129"),
        ("::1", "255.255.255.0"),
        ("192.0.2.1", "255.0.255.0"),
        ("192.0.2.1", "255.255.256.0"),
        ("192.0.2.1", "-1"),
        ("192.0.2.1", "+1"),
        ("192.0.2.1", "1_0"),
        ("192.0.2.1", "²"),
        ("192.0.2.1", " 24"),
        ("192.0.2.1", ""),
        ("192.0.2.1", "9" * 5000),
    ],
)
def test_what_is_no_prefix_length_is_refused(address: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"^is no"):
        Address.parse(address).parse_prefix(text)


def test_it_cannot_be_changed_and_equals_nothing_else() -> None:
    address = Address.parse("192.0.2.1")
    with pytest.raises(AttributeError, match="immutable"):
        address.packed = b"\0" * 4
    assert address != "192.0.2.1"
    assert repr(address) == "Address('192.0.2.1')"
    with pytest.raises(ValueError, match="3 bytes"):
        Address(address.family, b"\0\0\0")

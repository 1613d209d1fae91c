"""Messages and attributes on the wire, and what a socket makes of the kernel's answers."""

from __future__ import annotations

import _socket
import errno
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocf_py.system.netlink import Netlink, attribute, attributes, failure, message, messages
from ocf_py.system.records import Held, Link
from ocf_py.system.routes import Route

if TYPE_CHECKING:
    from collections.abc import Callable

_ERROR, _DONE = 2, 3


@given(st.dictionaries(st.integers(0, 0x3FFF), st.binary(max_size=300)))
def test_attributes_come_back_as_they_went(wanted: dict[int, bytes]) -> None:
    data = b"".join(attribute(kind, value) for kind, value in wanted.items())
    assert len(data) % 4 == 0
    assert attributes(data) == wanted


@given(st.binary(max_size=400))
def test_any_bytes_can_be_read_without_harm(data: bytes) -> None:
    for value in attributes(data).values():
        assert value in data
    for _kind, _flags, _sequence, body in messages(data):
        assert body in data


def test_the_flags_of_a_kind_are_no_part_of_it() -> None:
    assert attributes(struct.pack("=HHI", 8, 0x8000 | 26, 7)) == {26: struct.pack("=I", 7)}


def test_a_torn_attribute_ends_the_walk() -> None:
    data = attribute(1, b"abcd") + struct.pack("=HH", 100, 2) + b"xy"
    assert attributes(data) == {1: b"abcd"}


def test_several_messages_share_a_datagram() -> None:
    datagram = message(20, 2, 7, b"abcd") + message(3, 2, 7, b"\0\0\0\0")
    assert list(messages(datagram)) == [(20, 2, 7, b"abcd"), (3, 2, 7, b"\0\0\0\0")]


def _refusal(number: int, words: str, *, capped: bool) -> tuple[int, bytes]:
    request = message(20, 0, 1, b"abcdefgh")
    echoed = request[:16] if capped else request
    tlv = attribute(1, words.encode() + b"\0") if words else b""
    flags = (0x100 if capped else 0) | (0x200 if words else 0)
    return flags, struct.pack("=i", -number) + echoed + tlv


@pytest.mark.parametrize("capped", [True, False])
@pytest.mark.parametrize("words", ["", "ipv4: Invalid prefix length"])
def test_a_refusal_carries_number_and_words(words: str, capped: bool) -> None:
    error = failure(_ERROR, *_refusal(errno.EINVAL, words, capped=capped))
    assert error is not None
    assert error.errno == errno.EINVAL
    assert error.strerror == ("Invalid argument" + (f" ({words})" if words else ""))


def test_an_acknowledgement_is_no_failure() -> None:
    assert failure(_ERROR, *_refusal(0, "", capped=True)) is None
    assert failure(_DONE, 0, b"\0\0\0\0") is None


def test_a_dump_may_end_in_a_failure_with_words() -> None:
    body = struct.pack("=i", -errno.EINVAL) + attribute(1, b"no such table\0")
    error = failure(_DONE, 0x200, body)
    assert error is not None
    assert "no such table" in str(error)


class Kernel:
    """Stands in for the socket: answers each request with the datagrams of a script."""

    def __init__(self, script: list[Callable[[int], list[Any]]]) -> None:
        self.script = script
        self.queue: list[Any] = []
        self.requests = 0

    def settimeout(self, seconds: float) -> None:
        assert seconds >= 0

    def send(self, data: bytes) -> None:
        ((_kind, _flags, sequence, _body),) = messages(data)
        self.queue = self.script[min(self.requests, len(self.script) - 1)](sequence)
        self.requests += 1

    def recvfrom_into(self, buffer: bytearray, _size: int, _flags: int) -> tuple[int, Any]:
        if not self.queue:
            raise _socket.timeout
        entry = self.queue.pop(0)
        datagram, port = entry if isinstance(entry, tuple) else (entry, 0)
        fitting = datagram[: len(buffer)]
        buffer[: len(fitting)] = fitting
        return len(datagram), (port, 0)


def _talk(*script: Callable[[int], list[Any]]) -> tuple[Netlink, Kernel]:
    kernel = Kernel(list(script))
    talker = Netlink.__new__(Netlink)
    talker._socket = kernel  # type: ignore[assignment]
    talker._buffer = bytearray(64)
    talker._sequence = 0
    talker._seconds = 5.0
    return talker, kernel


def _done(sequence: int, flags: int = 2) -> bytes:
    return message(_DONE, flags, sequence, b"\0\0\0\0")


def test_a_dump_is_gathered_over_datagrams() -> None:
    def answer(number: int) -> list[Any]:
        first = message(20, 2, number, b"aaaa") + message(20, 2, number, b"bbbb")
        return [first, message(20, 2, number, b"c"), _done(number)]

    talker, _ = _talk(answer)
    assert talker.dump(22, b"") == [b"aaaa", b"bbbb", b"c"]


def test_a_dump_that_the_kernel_calls_inconsistent_is_repeated() -> None:
    talker, kernel = _talk(
        lambda n: [message(20, 0x12, n, b"old"), _done(n)],
        lambda n: [message(20, 2, n, b"old"), _done(n, 0x12)],
        lambda n: [message(20, 2, n, b"new"), _done(n)],
    )
    assert talker.dump(22, b"") == [b"new"]
    assert kernel.requests == 3


def test_one_that_never_becomes_consistent_ends_with_the_time() -> None:
    talker, kernel = _talk(lambda n: [message(20, 0x12, n, b"x"), _done(n)])
    talker._seconds = 0.05
    with pytest.raises(OSError, match="did not answer") as caught:
        talker.dump(22, b"")
    assert caught.value.errno == errno.ETIMEDOUT
    assert kernel.requests > 1


def test_a_datagram_that_does_not_fit_is_asked_for_again_with_more_room() -> None:
    talker, kernel = _talk(lambda n: [message(20, 2, n, b"x" * 500), _done(n)])
    assert talker.dump(22, b"") == [b"x" * 500]
    assert kernel.requests == 2


def test_what_does_not_come_from_the_kernel_is_not_heard() -> None:
    talker, _ = _talk(lambda n: [(message(20, 2, n, b"evil"), 4711), _done(n)])
    assert talker.dump(22, b"") == []


def test_the_late_answer_to_an_earlier_request_is_not_taken_for_ours() -> None:
    talker, _ = _talk(lambda n: [message(20, 2, n - 1, b"late"), _done(n - 1), _done(n)])
    assert talker.dump(22, b"") == []


def test_silence_ends_with_the_time() -> None:
    talker, _ = _talk(lambda n: [])
    talker._seconds = 0.05
    with pytest.raises(OSError, match="did not answer"):
        talker.request(20, 0, b"")


def test_a_refused_request_is_raised() -> None:
    def refuse(number: int) -> list[Any]:
        flags, body = _refusal(errno.EEXIST, "", capped=True)
        return [message(_ERROR, flags, number, body)]

    talker, _ = _talk(refuse)
    with pytest.raises(FileExistsError):
        talker.request(20, 0, b"")


def test_a_link_address_and_route_are_read_from_their_fields() -> None:
    word = struct.Struct("=I").pack
    link = Link.decode(
        struct.pack("=BxHiII", 0, 1, 7, 0x11043, 0)
        + attribute(3, b"bond0.17\0")
        + attribute(1, b"\2\0\0\0\0\1")
        + attribute(4, word(9000))
    )
    assert (link.index, link.name, link.mtu, link.is_up, link.has_carrier) == (
        (7, "bond0.17", 9000, True, True)
    )
    assert link.is_ethernet
    held = Held.decode(
        struct.pack("=BBBBi", 2, 24, 0x80, 0, 7)
        + attribute(1, bytes((192, 0, 2, 99)))
        + attribute(2, bytes((192, 0, 2, 10)))
        + attribute(3, b"bond0.17:a\0")
        + attribute(8, word(0x281))
    )
    assert (str(held.address), str(held.peer), held.prefix) == ("192.0.2.10", "192.0.2.99", 24)
    assert (held.label, held.flags, held.is_secondary) == ("bond0.17:a", 0x281, True)
    (route,) = Route.decode(
        struct.pack("=BBBBBBBBI", 2, 16, 0, 0, 252, 2, 253, 1, 0)
        + attribute(1, bytes((10, 9, 0, 0)))
        + attribute(4, word(7))
        + attribute(6, word(50))
        + attribute(15, word(1000))
    )
    assert (str(route.destination), route.prefix, route.index) == ("10.9.0.0", 16, 7)
    assert (route.metric, route.table, route.gateway) == (50, 1000, None)


def test_a_cached_route_is_no_route() -> None:
    assert list(Route.decode(struct.pack("=BBBBBBBBI", 2, 0, 0, 0, 254, 2, 0, 1, 0x200))) == []


def test_the_bits_of_ipv6_are_told_apart() -> None:
    def held(flags: int) -> Held:
        body = struct.pack("=BBBBi", 10, 64, 0, 0, 7) + attribute(1, b"\x20\1" + b"\0" * 14)
        return Held.decode(body + attribute(8, struct.pack("=I", flags)))

    assert held(0x40).is_tentative
    assert not held(0x48).is_tentative
    assert held(0x48).is_dadfailed
    assert held(0x20).is_deprecated
    # The bit of IPv4's secondary means "temporary" here.
    assert not held(0x01).is_secondary

"""The guests' command channel and cables: frames, who waits for whom, who ends with whom."""

from __future__ import annotations

import json
import os
import selectors
import socket
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.vm.exchange import Exchange, Line
from ocf_py.lab.vm.inside import command as inside_command
from ocf_py.lab.vm.inside import frames
from ocf_py.lab.vm.inside.command import Command
from ocf_py.lab.vm.monitor import Monitor
from ocf_py.lab.vm.node import find_end
from ocf_py.lab.vm.wire import carry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_frames_come_whole_however_their_bytes_are_cut() -> None:
    sent = [
        (frames.OPEN, 7, b"{}"),
        (frames.OUTPUT, 65535, b"\0\xff\n" * 5),
        (frames.HELLO, 0, b""),
    ]
    data = b"".join(frames.pack(*frame) for frame in sent)
    for size in (1, 3, len(data)):
        unpacker = frames.Unpacker()
        pieces = [data[at : at + size] for at in range(0, len(data), size)]
        assert [frame for piece in pieces for frame in unpacker.feed(piece)] == sent


@pytest.mark.parametrize("data", [b"GET / HTTP/1.0\r\n", b"\0" * 7, b"\x01\0\0\xff\xff\xff\xff"])
def test_what_is_no_frame_is_an_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a frame"):
        frames.Unpacker().feed(data)


class Bench:
    """An exchange with a guest, a client and a power switch that are played here."""

    def __init__(self, folder: Path) -> None:
        self.selector = selectors.DefaultSelector()
        self.guest, its = socket.socketpair()
        self.switch = socket.socket(socket.AF_UNIX)
        self.switch.bind(str(folder / "power"))
        self.switch.listen()
        self.reports: list[bytes] = []
        self.exchange = Exchange(self.selector, its, folder / "power", self.reports.append)
        self.exchange.listen(folder / "commands")
        self.path = folder / "commands"
        self.heard = frames.Unpacker()
        self.guest.setblocking(False)

    def turn(self) -> None:
        while ready := self.selector.select(0):
            for key, _ in ready:
                key.data()

    def client(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.path))
        connection.settimeout(10)
        return connection

    def guest_says(self, kind: int, stream: int = 0, payload: bytes = b"") -> None:
        self.guest.sendall(frames.pack(kind, stream, payload))
        self.turn()

    def guest_hears(self) -> list[tuple[int, int, bytes]]:
        self.turn()
        try:
            return self.heard.feed(self.guest.recv(65536))
        except BlockingIOError:
            return []

    def close(self) -> None:
        for key in list(self.selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        for its in (self.guest, self.switch):
            its.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """One whose guest does not listen yet."""
    bench = Bench(tmp_path)
    yield bench
    bench.close()


def test_the_command_socket_is_root_s_alone(bench: Bench) -> None:
    assert bench.path.stat().st_mode & 0o777 == 0o600


def test_what_is_asked_before_the_guest_listens_waits_for_it(bench: Bench) -> None:
    with bench.client() as client:
        client.sendall(frames.pack(frames.OPEN, 0, b"{}"))
        assert bench.guest_hears() == []
        bench.guest_says(frames.HELLO)
        assert bench.guest_hears() == [(frames.OPEN, 1, b"{}")]


def test_each_client_hears_its_own_command_alone_and_its_leaving_is_told(bench: Bench) -> None:
    bench.guest_says(frames.HELLO)
    with bench.client() as one, bench.client() as other:
        for client in (one, other):
            client.sendall(frames.pack(frames.OPEN, 0, b"{}"))
            bench.turn()
        assert [frame[:2] for frame in bench.guest_hears()] == [(frames.OPEN, 1), (frames.OPEN, 2)]
        bench.guest_says(frames.OUTPUT, 2, b"for the other")
        bench.guest_says(frames.OUTPUT, 1, b"for the one")
        assert one.recv(100) == frames.pack(frames.OUTPUT, 0, b"for the one")
        assert other.recv(100) == frames.pack(frames.OUTPUT, 0, b"for the other")
        one.close()
        assert bench.guest_hears() == [(frames.CLOSE, 1, b"")]
        bench.guest_says(frames.OUTPUT, 1, b"for nobody")


def test_a_client_of_another_language_is_sent_away(bench: Bench) -> None:
    bench.guest_says(frames.HELLO)
    with bench.client() as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        bench.turn()
        assert client.recv(100) == b""


def test_the_init_s_lines_are_passed_on(bench: Bench) -> None:
    bench.guest_says(frames.REPORT, 0, b'{"daemon": "corosync"}')
    assert bench.reports == [b'{"daemon": "corosync"}']


def test_a_fence_agent_in_the_guest_gets_the_power_switch_s_answer(bench: Bench) -> None:
    bench.guest_says(frames.HELLO)
    bench.guest_says(frames.POWER, 5, b'{"operation": "reboot", "node": "n2"}\n')
    asked, _ = bench.switch.accept()
    with asked:
        assert json.loads(asked.recv(1000))["node"] == "n2"
        asked.sendall(b"{}\n")
        assert bench.guest_hears() == [(frames.ANSWER, 5, b"{}\n")]


def test_a_line_sends_later_what_its_other_end_does_not_take_now() -> None:
    mine, its = socket.socketpair()
    with mine, its, selectors.DefaultSelector() as selector:
        line = Line(selector, its, lambda *_: None, lambda: None)
        much = os.urandom(1 << 22)
        line.send(much)
        got = b""
        while len(got) < len(much):
            got += mine.recv(1 << 20)
            for key, events in selector.select(0):
                assert events & selectors.EVENT_WRITE
                key.data()
        assert got == much
        line.close()


class Guest:
    """The agent's loop, with one command in it."""

    def __init__(self, words: list[str]) -> None:
        self.selector = selectors.DefaultSelector()
        self.sent: list[tuple[int, bytes]] = []
        self.running: dict[int, Command] = {}
        self.command = Command(self.selector, self.send, 1, self.running)
        self.command.start(words, None)

    def send(self, kind: int, _stream: int, payload: bytes) -> None:
        self.sent.append((kind, payload))

    def turn_until(self, kind: int) -> bytes:
        while not any(sent == kind for sent, _ in self.sent):
            for key, _ in self.selector.select(10):
                if key.fd in self.selector.get_map():
                    key.data()
        return b"".join(payload for sent, payload in self.sent if sent == kind)

    def bytes_of(self, kind: int) -> bytes:
        return b"".join(payload for sent, payload in self.sent if sent == kind)


@pytest.fixture
def _no_cgroup(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(inside_command, "CGROUP", str(tmp_path / "cgroup.procs"))


@pytest.mark.usefixtures("_no_cgroup")
def test_a_command_in_the_guest_has_three_streams_and_an_end() -> None:
    guest = Guest(["sh", "-c", "cat; echo no >&2; exit 3"])
    guest.command.obey(frames.INPUT, b"given")
    guest.command.obey(frames.INPUT, b"")
    assert guest.turn_until(frames.END) == b"3"
    assert guest.bytes_of(frames.OUTPUT) == b"given"
    assert guest.bytes_of(frames.ERRORS) == b"no\n"
    assert guest.bytes_of(frames.ACKNOWLEDGE) == b"5"
    assert guest.running == {}


@pytest.mark.usefixtures("_no_cgroup")
def test_a_command_that_is_not_there_ends_with_127() -> None:
    guest = Guest(["nosuch"])
    assert guest.sent == [
        (frames.ERRORS, b"nosuch: No such file or directory\n"),
        (frames.END, b"127"),
    ]


@pytest.mark.usefixtures("_no_cgroup")
def test_a_reader_that_sleeps_holds_its_command_up_and_gets_all_in_the_end() -> None:
    size = 2 * frames.WINDOW + 5
    guest = Guest(["head", "-c", str(size), "/dev/zero"])
    taken = 0
    while not any(kind == frames.END for kind, _ in guest.sent):
        for key, _ in guest.selector.select(0.2):
            if key.fd in guest.selector.get_map():
                key.data()
        ahead = len(guest.bytes_of(frames.OUTPUT)) - taken
        assert ahead <= frames.WINDOW
        if guest.running and (ahead == frames.WINDOW or guest.command._pidfd < 0):
            taken += ahead
            guest.command.obey(frames.ACKNOWLEDGE, str(ahead).encode())
    assert len(guest.bytes_of(frames.OUTPUT)) == size


@pytest.mark.usefixtures("_no_cgroup")
def test_a_command_whose_caller_leaves_is_killed_with_its_children() -> None:
    guest = Guest(["sh", "-c", "sleep 98762 & wait"])
    guest.command.obey(frames.CLOSE, b"")
    assert guest.turn_until(frames.END) == b"-9"


@pytest.mark.parametrize(
    ("said", "reset"),
    [
        (b'{"QMP": {}}\n{"return": {}}\n', False),
        (b'{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-shutdown"}}\n', False),
        (b'{"event": "SHUTDOWN", "data": {"guest": true, "reason": "guest-reset"}}\n', True),
        (b'{"event": "RESET"}\n{"event": "SHUTD', False),
    ],
)
def test_the_monitor_tells_a_reset_from_any_other_end(said: bytes, *, reset: bool) -> None:
    qemu, its = socket.socketpair()
    with qemu:
        monitor = Monitor(its)
        monitor.set_link("nic-service", up=False)
        qemu.sendall(said)
        orders = [json.loads(line) for line in qemu.recv(65536).splitlines()]
        assert [order["execute"] for order in orders] == ["qmp_capabilities", "set_link"]
        assert orders[1]["arguments"] == {"name": "nic-service", "up": False}
    assert monitor.was_reset() is reset
    monitor.close()


def test_a_wire_loses_what_its_other_end_has_no_room_for() -> None:
    one, source = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    target, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with one, source, target, other:
        for end in (one, source, target, other):
            end.setblocking(False)
        carried = 0
        for number in range(5_000):
            one.send(number.to_bytes(4, "big"))
            carry(source, target)
            carried += 1
        received = []
        while True:
            try:
                received.append(int.from_bytes(other.recv(100), "big"))
            except BlockingIOError:
                break
        assert 0 < len(received) < carried
        assert received == list(range(len(received)))


def test_netlink_messages_are_taken_when_they_are_whole() -> None:
    first, second = b"\x11\0\0\0" + bytes(13 + 3), b"\x08\0\0\0" + bytes(4)
    assert find_end(first + second) == len(first + second)
    assert find_end(first + second[:-1]) == len(first)
    assert find_end(first[:-1]) == 0
    assert find_end(b"\0" * 8) == 0

"""A node that is a QEMU guest, from the host's side."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError, UnseenError
from ocf_py.lab.mount_list import parse_mounts
from ocf_py.lab.node import Node
from ocf_py.lab.spawn import python_command
from ocf_py.lab.vm.enter import run_in_guest
from ocf_py.lab.vm.inside import frames
from ocf_py.lab.vm.machine import command_socket

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocf_py.lab.mount_list import Mount
    from ocf_py.lab.node import AddressNews

_LENGTH = struct.Struct("=I")  # the first field of a netlink message
_ALIGNED = 4
# The initrd names the path so for the guest's pid 1, too.
_TELL_ADDRESSES = (
    "import sys; sys.path.insert(0, '/lab'); "
    "from ocf_py.lab.inside.address_news import copy_news; copy_news()"
)


class GuestNode(Node):
    """Reached through its attendant's socket."""

    def command_line(self, command: Sequence[str]) -> list[str]:
        """A helper that speaks with the guest."""
        return python_command("ocf_py.lab.vm.enter", self._reach(), *command)

    def enter(self, command: list[str]) -> int:
        """Speak with it in this process."""
        return run_in_guest(self._reach(), command)

    def _reach(self) -> str:
        if self.describe()["pid"] is None:
            raise self.is_off()
        return str(command_socket(self._settings, self.name))

    def cpu_seconds(self) -> float:
        """CPU time of its QEMU."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")

    def mounts(self) -> list[Mount]:
        """The mount list of its init, as the guest tells it."""
        with contextlib.suppress(LabError):
            return parse_mounts(self.run(["cat", "/proc/1/mountinfo"]).stdout.encode())
        return []

    def hear_addresses(self, pid: int) -> AddressNews:  # noqa: ARG002 - of its QEMU
        """A program in the guest that passes on what its kernel says."""
        return GuestNews(str(command_socket(self._settings, self.name)))


class GuestNews:
    """Rtnetlink messages of a guest. They come as late as its command channel makes them."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise
        command = ["/usr/bin/python3", "-ISBc", _TELL_ADDRESSES]
        request = json.dumps({"command": command, "terminal": None}).encode()
        self._socket.sendall(frames.pack(frames.OPEN, 0, request))
        self._socket.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._unpacker = frames.Unpacker()
        self._messages = b""

    def fileno(self) -> int:
        """Readable when there is something."""
        return self._socket.fileno()

    def recv(self, size: int, /) -> bytes:
        """The messages that are complete now; BlockingIOError when nothing waits."""
        try:
            data = self._socket.recv(size)
        except ConnectionError:  # its attendant was ended, and had something yet to read
            data = b""
        if not data:
            raise BlockingIOError
        for kind, _, payload in self._unpacker.feed(data):
            if kind == frames.OUTPUT:
                self._messages += payload
                acknowledged = str(len(payload)).encode()
                with contextlib.suppress(ConnectionError):
                    self._socket.sendall(frames.pack(frames.ACKNOWLEDGE, 0, acknowledged))
            elif kind == frames.END and int(payload) > 0:  # by a signal it ends with its guest
                raise UnseenError(
                    "the witness was blind: what tells a guest's addresses has ended with "
                    f"{int(payload)}"
                )
        end = find_end(self._messages)
        whole, self._messages = self._messages[:end], self._messages[end:]
        return whole

    def close(self) -> None:
        """Hear no more: the program ends with the connection."""
        self._socket.close()


def find_end(messages: bytes) -> int:
    """Where the last whole netlink message ends: each begins with its length, and is aligned."""
    end = 0
    while end + _LENGTH.size <= len(messages):
        (length,) = _LENGTH.unpack_from(messages, end)
        aligned = (length + _ALIGNED - 1) & -_ALIGNED
        if length < _LENGTH.size or end + aligned > len(messages):
            break
        end += aligned
    return end

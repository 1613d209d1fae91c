"""Does in a guest what the host asks over the virtio-serial port: commands, and a few orders."""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import time

from ocf_py.lab.vm.inside import frames
from ocf_py.lab.vm.inside.command import Command

PORTS = "/sys/class/virtio-ports"
NAME = "lab"
POWER_SOCKET = "/run/lab/power.sock"
FREEZER = "/sys/fs/cgroup/node/cgroup.freeze"
PATIENCE = 10.0


class Agent:
    """One loop over the port, the commands that run, and the fence agents that ask."""

    def __init__(self, reports: int) -> None:
        self._selector = selectors.DefaultSelector()
        self._port = os.open(find_port(), os.O_RDWR)
        self._unpacker = frames.Unpacker()
        self._commands: dict[int, Command] = {}
        self._asking: dict[int, socket.socket] = {}
        self._asked = 0
        self._switch = socket.socket(socket.AF_UNIX)
        self._switch.bind(POWER_SOCKET)
        os.chmod(POWER_SOCKET, 0o600)
        self._switch.listen(16)
        self._reports, self._line = reports, b""
        for source, ear in (
            (self._port, self._hear_host),
            (reports, self._hear_init),
            (self._switch.fileno(), self._hear_fencer),
        ):
            self._selector.register(source, selectors.EVENT_READ, ear)
        self.send(frames.HELLO)

    def serve(self) -> None:
        """Until the power goes."""
        while True:
            for key, _ in self._selector.select():
                if key.fd in self._selector.get_map():  # an ear before it may have ended it
                    key.data()

    def send(self, kind: int, stream: int = 0, payload: bytes = b"") -> None:
        """Write one frame; the host reads always."""
        data = memoryview(frames.pack(kind, stream, payload))
        while data:
            data = data[os.write(self._port, data) :]

    def _hear_host(self) -> None:
        data = os.read(self._port, 1 << 16)
        if not data:
            time.sleep(0.1)  # the port is being closed: so is the machine
        for kind, stream, payload in self._unpacker.feed(data):
            if kind == frames.OPEN:
                request = json.loads(payload)
                made = Command(self._selector, self.send, stream, self._commands)
                made.start(request["command"], request["terminal"])
            elif kind == frames.SIGNAL:
                os.kill(1, int(payload))
            elif kind == frames.FREEZE:
                with open(FREEZER, "w", encoding="ascii") as freezer:
                    freezer.write(payload.decode())
            elif kind == frames.ANSWER:
                self._answer(stream, payload)
            elif stream in self._commands:
                self._commands[stream].obey(kind, payload)

    def _hear_init(self) -> None:
        self._line += os.read(self._reports, 1 << 16)
        *lines, self._line = self._line.split(b"\n")
        for line in lines:
            self.send(frames.REPORT, payload=line)

    def _hear_fencer(self) -> None:
        connection, _ = self._switch.accept()
        connection.settimeout(PATIENCE)
        try:
            with connection.makefile("rb") as lines:
                request = lines.readline()
        except OSError:
            connection.close()
            return
        self._asked = (self._asked + 1) % (1 << 16)
        self._asking[self._asked] = connection
        self.send(frames.POWER, self._asked, request)

    def _answer(self, number: int, payload: bytes) -> None:
        connection = self._asking.pop(number, None)
        if connection is not None:
            with connection:
                try:
                    connection.sendall(payload)
                except OSError:  # who asked waits no more
                    return


def find_port() -> str:
    """The device of the port that is called as ours; it comes with its module."""
    while True:
        for port in os.listdir(PORTS) if os.path.isdir(PORTS) else ():
            with open(f"{PORTS}/{port}/name", encoding="ascii") as name:
                if name.read().strip() == NAME and os.path.exists(f"/dev/{port}"):
                    return f"/dev/{port}"
        time.sleep(0.05)


def main(reports: int) -> None:
    """Serve; `reports` is where the init's lines come from."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    Agent(reports).serve()

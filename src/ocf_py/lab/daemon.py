"""The lab's daemon: one process that owns the switch and is the parent of every node.

When it ends, however it ends, the kernel ends its children the nodes, and with them their
namespaces, mounts and cables; with its own network namespace the bridges.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import struct
import time
from typing import TYPE_CHECKING

from ocf_py.lab import kernel
from ocf_py.lab.agents import install_agents
from ocf_py.lab.control import Answer, Control
from ocf_py.lab.events import EventLog
from ocf_py.lab.hardware import assemble
from ocf_py.lab.switch import Switch

if TYPE_CHECKING:
    from typing import Any

    from ocf_py.lab.settings import Settings

KEEP = b"k"  # what the lease holder sends to let the lab outlive it
READY = b"r"
_LONGEST_REQUEST = 65536
_LONG_AGO = 3600.0


class Daemon:
    """One loop over sockets, nodes' ends, and the two processes it must not outlive."""

    def __init__(self, settings: Settings, lease: socket.socket) -> None:
        self._lease = lease
        self._selector = selectors.DefaultSelector()
        self._events = EventLog(settings.event_log)
        switch = Switch()
        self._disk, self._machines = assemble(settings, switch, self._events)
        self._control = Control(settings, self._machines, switch, self._events)
        self._host_socket = _listen(str(settings.control_socket))
        self._node_socket = _listen(str(settings.power_socket))
        self._janitor = os.pidfd_open(os.getppid())
        self._partial: dict[socket.socket, bytes] = {}
        self._stop_signal, wake = os.pipe()
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(wake)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: object) -> None:
        self._control.ending = True

    def serve(self) -> None:
        """Answer until `down`, a signal, the end of the lease or of the janitor."""
        for watched in (self._host_socket, self._node_socket, self._lease, self._janitor):
            self._selector.register(watched, selectors.EVENT_READ)
        self._selector.register(self._stop_signal, selectors.EVENT_READ)
        self._lease.sendall(READY)
        while not self._control.ending:
            self._boot_due_machines()
            watched_nodes = self._watch_nodes()
            for key, _ in self._selector.select(self._seconds_to_next_boot()):
                if key.data is None:  # nodes come last: what they asked for may have ended them
                    self._attend(key.fileobj)
            for descriptor in watched_nodes:
                self._selector.unregister(descriptor)
            self._attend_nodes()
        self.end()

    def end(self) -> None:
        """Switch everything off."""
        for machine in self._machines.values():
            machine.switch_off()
        if self._disk is not None:
            self._disk.close()
        self._events.write("lab down")

    def _boot_due_machines(self) -> None:
        for machine in self._machines.values():
            if machine.boot_at is not None and machine.boot_at <= time.monotonic():
                machine.switch_on()

    def _seconds_to_next_boot(self) -> float:
        due = [m.boot_at for m in self._machines.values() if m.boot_at is not None]
        return max(0.0, min(due, default=time.monotonic() + _LONG_AGO) - time.monotonic())

    def _watch_nodes(self) -> list[int]:
        watched = []
        for machine in self._machines.values():
            for descriptor in (machine.pidfd, machine.reports):
                if descriptor >= 0:
                    self._selector.register(descriptor, selectors.EVENT_READ, machine)
                    watched.append(descriptor)
        return watched

    def _attend_nodes(self) -> None:
        for machine in self._machines.values():
            if machine.reports >= 0 and _is_readable(machine.reports):
                machine.hear()
            if machine.pidfd >= 0 and _is_readable(machine.pidfd):
                code = machine.bury()
                if machine.wants_boot(code):
                    machine.boot_later()

    def _attend(self, source: Any) -> None:
        if source in (self._host_socket, self._node_socket):
            connection, _ = source.accept()
            self._partial[connection] = b""
            self._selector.register(connection, selectors.EVENT_READ)
        elif source is self._lease:
            if self._lease.recv(1) == KEEP:
                self._selector.unregister(self._lease)
            else:
                self._control.ending = True
        elif source == self._janitor:
            self._control.ending = True
        elif source in self._partial:
            self._read(source)

    def _read(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            data = connection.recv(_LONGEST_REQUEST)
            self._partial[connection] += data
            complete = self._partial[connection].endswith(b"\n")
            if data and not complete and len(self._partial[connection]) < _LONGEST_REQUEST:
                return
            if complete:
                answer = self._answer(connection, self._partial[connection])
                connection.sendall(json.dumps(answer).encode() + b"\n")
        self._selector.unregister(connection)
        del self._partial[connection]
        connection.close()

    def _answer(self, connection: socket.socket, line: bytes) -> Answer:
        try:
            request = json.loads(line)
        except ValueError:
            request = None
        if not isinstance(request, dict):
            return {"error": "a request is one JSON object in one line"}
        if connection.getsockname() == self._host_socket.getsockname():
            return self._control.obey_host(request)
        asker = self._node_of(connection)
        if asker is None:
            # It died while its request was waiting. Obeying the dead would let two nodes that
            # shoot each other both die; this way exactly one is left.
            return {"error": "the node that asks is gone"}
        return self._control.obey_node(request, asker)

    def _node_of(self, connection: socket.socket) -> str | None:
        size = struct.calcsize("3i")
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
        pid = struct.unpack("3i", credentials)[0]
        return next((m.name for m in self._machines.values() if m.has(pid)), None)


def _listen(path: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    os.chmod(path, 0o600)
    listening.listen(64)
    return listening


def _is_readable(descriptor: int) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(0))


def run(settings: Settings, lease: socket.socket) -> None:
    """Become the daemon of a lab whose directories and mounts the janitor has prepared."""
    kernel.set_process_name("lab-daemon")
    kernel.unshare(kernel.CLONE_NEWNET)
    install_agents(settings)
    Daemon(settings, lease).serve()

"""A machine that is a QEMU, with its attendant."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from pyroute2 import NetlinkError

from ocf_py.lab import kernel
from ocf_py.lab.boot import SIGNAL_BYTE
from ocf_py.lab.machine import Machine
from ocf_py.lab.networks import NETWORKS
from ocf_py.lab.spawn import python_command
from ocf_py.lab.vm.image_store import Image
from ocf_py.lab.vm.inside import frames
from ocf_py.lab.vm.monitor import Monitor
from ocf_py.lab.vm.qemu import Cords, guest_command

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ocf_py.lab.events import EventLog
    from ocf_py.lab.settings import Settings
    from ocf_py.lab.switch import Switch

NOT_FOUND = 127


def command_socket(settings: Settings, node: str) -> Path:
    """Where a guest's attendant takes commands."""
    return settings.shared / f"{node}.sock"


class VirtualMachine(Machine):
    """Its process is QEMU; both it and the attendant are children of the daemon."""

    def __init__(self, settings: Settings, name: str, switch: Switch, events: EventLog) -> None:
        super().__init__(settings, name, switch, events)
        self._attendant = 0
        self._orders: socket.socket | None = None
        self._monitor: Monitor | None = None
        self._frozen = False

    def boot(self) -> int:
        """Start the attendant and QEMU, with the sockets between them."""
        self._frozen = False
        orders, attendant_orders = socket.socketpair()
        channel, qemu_channel = socket.socketpair()
        monitor, qemu_monitor = socket.socketpair()
        wires = [socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in NETWORKS]
        lent = [attendant_orders, channel, qemu_channel, qemu_monitor, *sum(wires, ())]
        self._orders, self._monitor = orders, Monitor(monitor)
        self.reports = orders.fileno()
        try:
            ends = [attendant_orders, channel, *(its for its, _ in wires)]
            self._attendant = self._start_attendant([end.fileno() for end in ends])
            cords = Cords(
                qemu_monitor.fileno(), qemu_channel.fileno(), [its.fileno() for _, its in wires]
            )
            image = Image(self._settings.image)
            command = guest_command(self._settings, image, self.name, cords)
            pid = os.fork()
            if pid == 0:
                self._become(command, [cords.monitor, cords.channel, *cords.wires])
        finally:
            for end in lent:
                end.close()
        self.feel_cable()
        return pid

    def _start_attendant(self, descriptors: Sequence[int]) -> int:
        ready, ready_end = os.pipe()
        plugged_end, plugged = os.pipe()
        settings = self._settings
        paths = (str(command_socket(settings, self.name)), str(settings.power_socket))
        numbers = [plugged_end, *descriptors]
        command = python_command(
            "ocf_py.lab.vm.attendant", self.name, *paths, *(str(number) for number in numbers)
        )
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(OSError):
                kernel.unshare(kernel.CLONE_NEWNET)
                os.write(ready_end, SIGNAL_BYTE)
            self._become(command, numbers)
        os.close(ready_end)
        os.close(plugged_end)
        try:
            if os.read(ready, 1) == SIGNAL_BYTE:
                self._switch.plug_in(self.name, self.number, pid)
                os.write(plugged, SIGNAL_BYTE)
        except (OSError, NetlinkError) as error:
            self.daemons["boot"] = {"state": "failed", "reason": str(error)}
        finally:
            os.close(ready)
            os.close(plugged)
        return pid

    def _become(self, command: list[str], descriptors: Sequence[int]) -> NoReturn:
        """In a child: the program, which ends with the daemon and says all to the boot's log."""
        try:
            kernel.end_with_parent()
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            log = self._settings.logs / self.name / "boot.log"
            output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            for target, source in (
                (0, os.open("/dev/null", os.O_RDONLY)),
                (1, output),
                (2, output),
            ):
                os.dup2(source, target)
            for descriptor in descriptors:
                os.set_inheritable(descriptor, True)  # noqa: FBT003 - the standard library's
            os.execvp(command[0], command)
        except OSError as error:
            sys.stderr.write(f"cannot run {command[0]}: {error.strerror}\n")
            sys.stderr.flush()
        os._exit(NOT_FOUND)

    def clear_away(self) -> None:
        """End the attendant, and with it the cables."""
        if self._attendant:
            os.kill(self._attendant, signal.SIGKILL)
            os.waitpid(self._attendant, 0)
            self._attendant = 0
        self._switch.unplug(self.name)
        command_socket(self._settings, self.name).unlink(missing_ok=True)

    def close_reports(self) -> None:
        """Its attendant has no more to say: without it the guest is deaf, so its power goes."""
        if self._orders is not None:
            self._orders.close()
            self._orders, self.reports = None, -1
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)

    def shut_down(self) -> None:
        """Ask its init, through the channel."""
        self._order(frames.SIGNAL, str(int(signal.SIGTERM)))

    def freeze(self, *, frozen: bool) -> None:
        """Have all processes of the guest frozen, of its own init too, by its own kernel."""
        self._order(frames.FREEZE, "1" if frozen else "0")
        self._frozen = frozen

    def is_frozen(self) -> bool:
        """Whether that is in force."""
        return self._frozen

    def _order(self, kind: int, payload: str) -> None:
        if self._orders is not None:
            self._orders.sendall(frames.pack(kind, 0, payload.encode()))

    def has(self, pid: int) -> bool:
        """A guest's requests come through its attendant."""
        return bool(self._attendant) and pid == self._attendant

    def wants_boot(self, code: int) -> bool:
        """Whether the guest was reset; one that never came up would be so for ever."""
        monitor, self._monitor = self._monitor, None
        if monitor is None:
            return False
        wants = code == 0 and bool(self.daemons) and monitor.was_reset()
        monitor.close()
        return wants

    def feel_cable(self) -> None:
        """Take the carrier from a device whose cable is down, or give it back."""
        if self._monitor is not None:
            cuts = self._switch.cuts.get(self.name, {})
            for network in NETWORKS:
                self._monitor.set_link(f"nic-{network.key}", up=cuts.get(network.key) != "down")

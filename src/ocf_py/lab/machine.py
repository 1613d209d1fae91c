"""One node as the power switch sees it: a machine that is on or off."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time
import traceback
from typing import TYPE_CHECKING, NoReturn

from pyroute2 import NetlinkError

from ocf_py.lab import kernel
from ocf_py.lab.boot import SIGNAL_BYTE, become_node
from ocf_py.lab.cgroups import CgroupTree

if TYPE_CHECKING:
    from ocf_py.lab.events import EventLog
    from ocf_py.lab.settings import Settings
    from ocf_py.lab.switch import Switch

_DEATH_SECONDS = 15.0
_SYSTEMD_POWER_OFF = signal.SIGRTMIN + 4  # systemd(1): starts poweroff.target


class PowerError(Exception):
    """The machine does not do what its power switch says."""


class Machine:
    """A node's power, its pid 1, its cables and its cgroup; all calls come from the daemon."""

    def __init__(self, settings: Settings, name: str, switch: Switch, events: EventLog) -> None:
        self.name = name
        self.number = settings.number_of(name)
        self.pid: int | None = None  # of its pid 1, our unreaped child: it cannot be reused
        self.pidfd = -1
        self.reports = -1  # what its mini init tells
        self.boot_at: float | None = None
        self.daemons: dict[str, dict[str, object]] = {}
        self.cgroup = CgroupTree(settings.cgroup).child(name)
        self._settings = settings
        self._switch = switch
        self._events = events
        self._own_pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY)

    @property
    def power(self) -> str:
        """`on` also while it is on its way up."""
        return "on" if self.pid is not None or self.boot_at is not None else "off"

    def switch_on(self) -> None:
        """Boot it, unless it runs."""
        self.boot_at = None
        if self.pid is not None:
            return
        self.daemons = {}
        ready, ready_end = os.pipe()
        cables_end, cables = os.pipe()
        self.reports, reports_end = os.pipe()
        # unshare concerns the children to come; going back lets this process fork again.
        kernel.unshare(kernel.CLONE_NEWPID)
        pid = os.fork()
        if pid == 0:
            os.close(cables)
            self._run(ready_end, cables_end, reports_end)
        kernel.set_namespace(self._own_pid_namespace, kernel.CLONE_NEWPID)
        for end in (ready_end, cables_end, reports_end):
            os.close(end)
        self.pid = pid
        self.pidfd = os.pidfd_open(pid)
        try:
            if os.read(ready, 1) == SIGNAL_BYTE:
                self.cgroup.create()
                self.cgroup.add(pid)
                self._switch.plug_in(self.name, self.number, pid)
                os.write(cables, SIGNAL_BYTE)
        except (OSError, NetlinkError) as error:  # it ends by itself, as nobody lets it go on
            self.daemons["boot"] = {"state": "failed", "reason": str(error)}
        finally:
            os.close(ready)
            os.close(cables)
        self._events.write("power on", self.name, pid=pid)

    def _run(self, ready: int, cables: int, reports: int) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            become_node(self._settings, self.name, ready, cables, reports)
        except BaseException as error:  # noqa: BLE001 - pid 1 has nobody to raise to
            line = json.dumps({"daemon": "boot", "state": "failed", "reason": str(error)})
            os.write(reports, line.encode() + b"\n")
            traceback.print_exc(file=sys.stderr)
            sys.stderr.flush()
        os._exit(1)

    def switch_off(self) -> None:
        """Power loss, now. Returns when no process and no cable of it is left, or raises."""
        self.boot_at = None
        if self.pid is None:
            return
        os.kill(self.pid, signal.SIGKILL)
        # Pid 1 of a namespace ends last, so its end is the end of the node.
        if not select.select([self.pidfd], [], [], _DEATH_SECONDS)[0]:
            raise PowerError(f"{self.name} does not end: a process of it hangs in the kernel")
        self.bury()

    def reset(self) -> None:
        """Power loss, then a boot."""
        self.switch_off()
        self.boot_later()

    def boot_later(self) -> None:
        """Boot after the time a real machine takes for its self test."""
        self.boot_at = time.monotonic() + self._settings.boot_seconds

    def shut_down(self) -> None:
        """Ask its init for an orderly end."""
        if self.pid is not None:
            systemd = self._settings.init == "systemd"
            os.kill(self.pid, _SYSTEMD_POWER_OFF if systemd else signal.SIGTERM)

    def bury(self) -> int:
        """Clear away what a node whose pid 1 has ended leaves; returns how that one ended."""
        if self.pid is None:
            return 0
        _, status = os.waitpid(self.pid, 0)
        os.close(self.pidfd)
        self.pid, self.pidfd = None, -1
        self._close_reports()
        # A socket of a watcher may keep the dead network namespace: without cables it is mute.
        self._switch.unplug(self.name)
        self.cgroup.remove()
        code = os.waitstatus_to_exitcode(status)
        self._events.write("power off", self.name, code=code)
        return code

    def hear(self) -> None:
        """Take in what its mini init reports."""
        said = os.read(self.reports, 65536)
        if not said:  # systemd reports nothing; a pipe at its end would wake the daemon for ever
            self._close_reports()
        # Whoever is root in the node can write here too.
        with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
            for line in said.decode().splitlines():
                report = json.loads(line)
                daemon = report.pop("daemon")
                self.daemons[daemon] = report
                self._events.write("daemon", self.name, daemon=daemon, **report)

    def _close_reports(self) -> None:
        if self.reports >= 0:
            os.close(self.reports)
            self.reports = -1

    def describe(self) -> dict[str, object]:
        """What the control socket's `list` says of it."""
        return {
            "power": self.power,
            "pid": self.pid,
            "number": self.number,
            "frozen": self.cgroup.is_frozen(),
            "daemons": self.daemons,
            "cuts": self._switch.cuts.get(self.name, {}),
        }

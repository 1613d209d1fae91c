"""A machine that is a set of namespaces: its process is the pid 1 in them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, NoReturn

from pyroute2 import NetlinkError

from ocf_py.lab import kernel
from ocf_py.lab.boot import SIGNAL_BYTE, become_node
from ocf_py.lab.cgroups import CgroupTree
from ocf_py.lab.machine import Machine

if TYPE_CHECKING:
    from ocf_py.lab.events import EventLog
    from ocf_py.lab.settings import Settings
    from ocf_py.lab.switch import Switch

_SYSTEMD_POWER_OFF = signal.SIGRTMIN + 4  # systemd(1): starts poweroff.target


class NamespaceMachine(Machine):
    """A node's pid 1, its cables and its cgroup.

    Pid 1 of a namespace ends last, so its end is the end of the node.
    """

    def __init__(self, settings: Settings, name: str, switch: Switch, events: EventLog) -> None:
        super().__init__(settings, name, switch, events)
        self._cgroup = CgroupTree(settings.cgroup).child(name)
        self._own_pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY)

    def boot(self) -> int:
        """Fork its pid 1, and lay its cables."""
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
        try:
            if os.read(ready, 1) == SIGNAL_BYTE:
                self._cgroup.create()
                self._cgroup.add(pid)
                self._switch.plug_in(self.name, self.number, pid)
                os.write(cables, SIGNAL_BYTE)
        except (OSError, NetlinkError) as error:  # it ends by itself, as nobody lets it go on
            self.daemons["boot"] = {"state": "failed", "reason": str(error)}
        finally:
            os.close(ready)
            os.close(cables)
        return pid

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

    def shut_down(self) -> None:
        """Ask its init for an orderly end."""
        if self.pid is not None:
            systemd = self._settings.init == "systemd"
            os.kill(self.pid, _SYSTEMD_POWER_OFF if systemd else signal.SIGTERM)

    def clear_away(self) -> None:
        """Take its cables and its cgroup away."""
        # A socket of a watcher may keep the dead network namespace: without cables it is mute.
        self._switch.unplug(self.name)
        self._cgroup.remove()

    def freeze(self, *, frozen: bool) -> None:
        """Freeze its cgroup, or thaw it."""
        self._cgroup.freeze(frozen=frozen)

    def is_frozen(self) -> bool:
        """Whether its cgroup is."""
        return self._cgroup.is_frozen()

    def has(self, pid: int) -> bool:
        """Whether a process is in its pid namespace."""
        with contextlib.suppress(OSError):
            return self.pid is not None and (
                os.readlink(f"/proc/{pid}/ns/pid") == os.readlink(f"/proc/{self.pid}/ns/pid")
            )
        return False

    def wants_boot(self, code: int) -> bool:
        """Whether it called reboot(2), which ends a pid namespace's init by this signal."""
        return code == -signal.SIGHUP

"""One node as the power switch sees it: a machine that is on or off, whatever it is made of."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocf_py.lab.events import EventLog
    from ocf_py.lab.settings import Settings
    from ocf_py.lab.switch import Switch

_DEATH_SECONDS = 15.0


class PowerError(Exception):
    """The machine does not do what its power switch says."""


class Machine:
    """A node's power and what it reports; all calls come from the daemon.

    What a machine is made of (a set of namespaces, a QEMU) derives from this. Each is one child
    process of the daemon, with whose end the machine's power is off.
    """

    def __init__(self, settings: Settings, name: str, switch: Switch, events: EventLog) -> None:
        self.name = name
        self.number = settings.number_of(name)
        self.pid: int | None = None  # our unreaped child: it cannot be reused
        self.since = 0.0  # when that began to run, by the clock of the journal
        self.pidfd = -1
        self.reports = -1  # what its mini init tells
        self.boot_at: float | None = None
        self.daemons: dict[str, dict[str, object]] = {}
        self._settings = settings
        self._switch = switch
        self._events = events

    def boot(self) -> int:
        """Let it begin to boot and open `reports`; returns the pid. Raises what it cannot do.

        A boot that fails later than that is told by `daemons["boot"]`, or by the process's end.
        """
        raise NotImplementedError

    def clear_away(self) -> None:
        """Remove what is left of it after its process has ended."""
        raise NotImplementedError

    def shut_down(self) -> None:
        """Ask its init for an orderly end."""
        raise NotImplementedError

    def freeze(self, *, frozen: bool) -> None:
        """Stop every process of it from running, or let it run on; its kernel answers on."""
        raise NotImplementedError

    def is_frozen(self) -> bool:
        """Whether `freeze` is in force."""
        raise NotImplementedError

    def has(self, pid: int) -> bool:
        """Whether a process, as the daemon sees it, speaks for this node."""
        raise NotImplementedError

    def wants_boot(self, code: int) -> bool:
        """Whether a process that ended with `code` did so to boot again."""
        raise NotImplementedError

    def feel_cable(self) -> None:
        """Take in that the switch has cut or mended a cable of it."""

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
        self.pid, self.since = self.boot(), time.monotonic()
        self.pidfd = os.pidfd_open(self.pid)
        self._events.write("power on", self.name, pid=self.pid)

    def switch_off(self) -> None:
        """Power loss, now. Returns when no process and no cable of it is left, or raises."""
        self.boot_at = None
        if self.pid is None:
            return
        os.kill(self.pid, signal.SIGKILL)
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

    def bury(self) -> int:
        """Clear away what a node whose process has ended leaves; returns how that one ended."""
        if self.pid is None:
            return 0
        _, status = os.waitpid(self.pid, 0)
        os.close(self.pidfd)
        self.pid, self.pidfd = None, -1
        self.close_reports()
        self.clear_away()
        code = os.waitstatus_to_exitcode(status)
        self._events.write("power off", self.name, code=code)
        return code

    def hear(self) -> None:
        """Take in what its mini init reports."""
        said = os.read(self.reports, 65536)
        if not said:  # systemd reports nothing; a pipe at its end would wake the daemon for ever
            self.close_reports()
        # Whoever is root in the node can write here too.
        with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
            for line in said.decode().splitlines():
                report = json.loads(line)
                daemon = report.pop("daemon")
                self.daemons[daemon] = report
                self._events.write("daemon", self.name, daemon=daemon, **report)

    def close_reports(self) -> None:
        """Hear nothing more of it."""
        if self.reports >= 0:
            os.close(self.reports)
            self.reports = -1

    def describe(self) -> dict[str, object]:
        """What the control socket's `list` says of it."""
        return {
            "power": self.power,
            "pid": self.pid,
            "since": self.since if self.pid is not None else None,
            "number": self.number,
            "frozen": self.is_frozen(),
            "daemons": self.daemons,
            "cuts": self._switch.cuts.get(self.name, {}),
        }

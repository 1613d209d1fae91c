"""A node of a running lab, from the host's side, whatever it is made of."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING, Any, Protocol

from ocf_py.lab.errors import LabError
from ocf_py.lab.naming import command_for
from ocf_py.lab.requests import send_request

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ocf_py.lab.mount_list import Mount
    from ocf_py.lab.settings import Settings

_STOP_SECONDS, _START_SECONDS = 120.0, 10.0  # the first moves what runs; the second only forks
_POLL_SECONDS = 0.05


class AddressNews(Protocol):
    """What a node's kernel has to say of its addresses: rtnetlink messages, whole ones."""

    def fileno(self) -> int:
        """Readable when there is something."""

    def recv(self, size: int, /) -> bytes:
        """Whole messages, perhaps none, up to `size` bytes; BlockingIOError if nothing waits."""

    def close(self) -> None:
        """Hear no more: nothing of a node that has ended may be kept alive."""


class Node:
    """One node; it may be on or off. What it is made of derives from this: see `find_node`."""

    def __init__(self, settings: Settings, name: str) -> None:
        self.name = name
        self.number = settings.number_of(name)
        self._settings = settings

    def describe(self) -> dict[str, Any]:
        """What the daemon knows: power, pid, frozen, daemons, cuts."""
        nodes = send_request(self._settings, "list")["nodes"]
        return dict(nodes[self.name])

    @property
    def pid(self) -> int:
        """Pid of its init, as the host sees it; LabError when it is off."""
        pid = self.describe()["pid"]
        if pid is None:
            raise self.is_off()
        return int(pid)

    @property
    def logs(self) -> Path:
        """Its /var/log, which survives the lab."""
        return self._settings.logs / self.name

    def command_line(self, command: Sequence[str]) -> list[str]:
        """The command of the host that runs `command` in the node, and ends as it does.

        LabError when the node is off.
        """
        raise NotImplementedError

    def enter(self, command: list[str]) -> int:
        """Run `command` on this process's terminal; returns its exit code, or 128 + signal."""
        raise NotImplementedError

    def cpu_seconds(self) -> float:
        """CPU time of all its processes since it was switched on, of those that have ended too."""
        raise NotImplementedError

    def mounts(self) -> list[Mount]:
        """What is mounted in it, in mounting order; nothing when it is off."""
        raise NotImplementedError

    def hear_addresses(self, pid: int) -> AddressNews:
        """Begin to hear its addresses; OSError when its process `pid` is gone."""
        raise NotImplementedError

    def is_off(self) -> LabError:
        """The error of who needs it on."""
        start = command_for(self._settings, "start", self.name)
        return LabError(f"{self.name} is off", hint=f"`{start}` switches it on")

    def run(
        self,
        command: Sequence[str],
        *,
        check: bool = True,
        timeout: float = 60.0,
        stdin: bytes = b"",
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in the node; LabError says which one failed, how, and what it said.

        With `check=False` the result is returned whatever it is; a command that takes longer than
        `timeout` seconds is killed and always an error.
        """
        helper = self.command_line(command)
        shown = f"{self.name}: {' '.join(command)}"
        try:
            done = subprocess.run(
                helper, input=stdin, capture_output=True, timeout=timeout, check=False
            )
        except subprocess.TimeoutExpired:
            raise LabError(f"{shown}: no end within {timeout:g} s; logs in {self.logs}") from None
        output, errors = done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")
        if check and done.returncode != 0:
            said = (errors or output).strip() or "nothing said"
            raise LabError(f"{shown}: ended with {done.returncode}: {said}; logs in {self.logs}")
        return subprocess.CompletedProcess(list(command), done.returncode, output, errors)

    def stop_pacemaker(self) -> None:
        """End Pacemaker in order, and leave Corosync running; LabError where it does not end."""
        self._command_cluster("USR1", "stop")
        self._await_other_than("started", _STOP_SECONDS, "does not end")

    def start_pacemaker(self) -> None:
        """Start Pacemaker again where it has ended; LabError where it does not start."""
        self._command_cluster("USR2", "start")
        self._await_other_than("ended", _START_SECONDS, "does not start")

    def _await_other_than(self, state: str, seconds: float, problem: str) -> None:
        """Wait until init's report of Pacemaker says something else: a guest's comes by and by."""
        deadline = time.monotonic() + seconds
        while self.describe()["daemons"].get("pacemaker", {}).get("state") == state:
            if time.monotonic() > deadline:
                raise LabError(f"{self.name}: Pacemaker {problem}; logs in {self.logs}")
            time.sleep(_POLL_SECONDS)

    def _command_cluster(self, signal_name: str, verb: str) -> None:
        if self._settings.init == "systemd":
            self.run(["systemctl", verb, "pacemaker"])
        else:
            self.run(["kill", f"-{signal_name}", "1"])


def find_node(settings: Settings, name: str) -> Node:
    """A node of the kind that its lab has."""
    if settings.kind == "vm":
        from ocf_py.lab.vm.node import GuestNode

        return GuestNode(settings, name)
    from ocf_py.lab.namespace_node import NamespaceNode

    return NamespaceNode(settings, name)

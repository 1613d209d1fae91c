"""A node of a running lab, from the host's side."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ocf_py.lab.errors import LabError
from ocf_py.lab.naming import command_for
from ocf_py.lab.requests import send_request
from ocf_py.lab.spawn import python_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocf_py.lab.settings import Settings


class Node:
    """One node; it may be on or off."""

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
            raise self._is_off()
        return int(pid)

    @property
    def logs(self) -> Path:
        """Its /var/log, which survives the lab."""
        return self._settings.logs / self.name

    def entry(self) -> tuple[int, str]:
        """Pid of its init, and the file through which a process joins its cgroup."""
        listed = send_request(self._settings, "list")
        pid = listed["nodes"][self.name]["pid"]
        if pid is None:
            raise self._is_off()
        cgroup = f"/proc/{listed['daemon']}/root{self._settings.cgroup}/{self.name}/cgroup.procs"
        return int(pid), cgroup

    def cpu_seconds(self) -> float:
        """CPU time of all its processes since it was switched on, of those that have ended too.

        cpu.stat, Documentation/admin-guide/cgroup-v2.rst: told without any controller.
        """
        _, join = self.entry()
        stat = Path(join).with_name("cpu.stat").read_text(encoding="ascii")
        usage = dict(line.split() for line in stat.splitlines())
        return int(usage["usage_usec"]) / 1e6

    def _is_off(self) -> LabError:
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
        pid, cgroup = self.entry()
        helper = python_command("ocf_py.lab.enter", str(pid), cgroup, *command)
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
        """End Pacemaker in order, and leave Corosync running."""
        self._command_cluster("USR1", "stop")

    def start_pacemaker(self) -> None:
        """Start Pacemaker again."""
        self._command_cluster("USR2", "start")

    def _command_cluster(self, signal_name: str, verb: str) -> None:
        if self._settings.init == "systemd":
            self.run(["systemctl", verb, "pacemaker"])
        else:
            self.run(["kill", f"-{signal_name}", "1"])

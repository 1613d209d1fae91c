"""A node that is a set of namespaces, from the host's side."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from ocf_py.lab.enter import enter_and_run
from ocf_py.lab.inside.address_news import subscribe_to_addresses
from ocf_py.lab.mount_list import read_mounts
from ocf_py.lab.namespaces import open_socket_in
from ocf_py.lab.node import Node
from ocf_py.lab.requests import send_request
from ocf_py.lab.spawn import python_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ocf_py.lab.mount_list import Mount
    from ocf_py.lab.node import AddressNews


class NamespaceNode(Node):
    """Reached through the namespaces of its pid 1."""

    def entry(self) -> tuple[int, str]:
        """Pid of its init, and the file through which a process joins its cgroup."""
        listed = send_request(self._settings, "list")
        pid = listed["nodes"][self.name]["pid"]
        if pid is None:
            raise self.is_off()
        cgroup = f"/proc/{listed['daemon']}/root{self._settings.cgroup}/{self.name}/cgroup.procs"
        return int(pid), cgroup

    def command_line(self, command: Sequence[str]) -> list[str]:
        """A helper that enters all of the node's namespaces."""
        pid, cgroup = self.entry()
        return python_command("ocf_py.lab.enter", str(pid), cgroup, *command)

    def enter(self, command: list[str]) -> int:
        """Enter them with this process."""
        return enter_and_run(*self.entry(), command)

    def cpu_seconds(self) -> float:
        """CPU time of all its processes since it was switched on, of those that have ended too.

        cpu.stat, Documentation/admin-guide/cgroup-v2.rst: told without any controller.
        """
        _, join = self.entry()
        stat = Path(join).with_name("cpu.stat").read_text(encoding="ascii")
        usage = dict(line.split() for line in stat.splitlines())
        return int(usage["usage_usec"]) / 1e6

    def mounts(self) -> list[Mount]:
        """The mount list of its init, read from outside."""
        pid = self.describe()["pid"]
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            return read_mounts(pid) if pid is not None else []
        return []

    def hear_addresses(self, pid: int) -> AddressNews:
        """A netlink socket in the network namespace of its init."""
        news = open_socket_in(pid, socket.AF_NETLINK, socket.SOCK_RAW, 0)
        subscribe_to_addresses(news)
        return news

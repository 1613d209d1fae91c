"""Runs one command inside a node: in all of its namespaces, its cgroup and a clean environment."""

from __future__ import annotations

import os
import sys

from ocf_py.lab import kernel
from ocf_py.lab.environment import node_environment

TYPE_CHECKING = False  # an import of typing takes as long as all else here
if TYPE_CHECKING:
    from typing import NoReturn

NOT_FOUND = 127
_NAMESPACES = (  # the mount namespace last: /proc is needed until then
    ("cgroup", kernel.CLONE_NEWCGROUP),
    ("ipc", kernel.CLONE_NEWIPC),
    ("uts", kernel.CLONE_NEWUTS),
    ("net", kernel.CLONE_NEWNET),
    ("pid", kernel.CLONE_NEWPID),
    ("mnt", kernel.CLONE_NEWNS),
)


def enter_and_run(pid: int, cgroup_procs: str, command: list[str]) -> int:
    """Run `command` in the node whose pid 1 is `pid`; returns its exit code, or 128 + signal.

    Libqb's sockets are abstract (one set a network namespace) and their rings lie in /dev/shm
    (one a mount namespace), so a cluster command needs all namespaces at once. The command is
    killed when this process is.
    """
    joined = os.open(cgroup_procs, os.O_WRONLY)
    descriptors = [
        (os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), kind) for name, kind in _NAMESPACES
    ]
    for descriptor, kind in descriptors:
        kernel.set_namespace(descriptor, kind)
    child = os.fork()  # only children enter a pid namespace
    if child == 0:
        _become(command, joined)
    os.close(joined)
    for number in (kernel.SIGINT, kernel.SIGQUIT):  # the terminal sends the command its own
        kernel.ignore_signal(number)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _become(command: list[str], joined: int) -> NoReturn:
    try:
        kernel.end_with_parent()
        os.write(joined, b"0")
        os.chdir("/")
        kernel.give_up_machine_capabilities()
        os.execvpe(command[0], command, node_environment())
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(NOT_FOUND)


def main() -> NoReturn:
    """`PID CGROUP_PROCS COMMAND...`: what the lab's own processes start."""
    sys.exit(enter_and_run(int(sys.argv[1]), sys.argv[2], sys.argv[3:]))

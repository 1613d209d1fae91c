"""Which nodes have the shared disk mounted, from their kernels' mount lists."""

from __future__ import annotations

import contextlib
import os
import select
import time
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.mount_list import parse_mounts
from ocf_py.lab.naming import title
from ocf_py.lab.shared_disk import SHARED_DISK
from ocf_py.lab.witnesses.holdings import Holding, Holdings
from ocf_py.lab.witnesses.running_nodes import RunningNodes
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab

LONGEST_ROUND = 0.2
_LONGEST_WAIT = 0.05  # seconds without a look at whether nodes came on


class DiskWitness(Watching):
    """Sees every mount of the lab's disk for as long as the `with` block lasts.

    The kernel wakes it when a node's list changes (proc_pid_mountinfo(5)), and it then reads the
    lists of all nodes, so a node that has mounted the disk before another one let go of it is
    seen. Raises LabError when it was blind for longer than LONGEST_ROUND.
    """

    def __init__(self, lab: Lab) -> None:
        super().__init__("witness of the shared disk")
        if not lab.settings.disk_mib:
            raise LabError(f"{title(lab.settings)} has no shared disk", hint="bring it up with one")
        number = os.stat(f"/proc/{lab.running_nodes()[0].pid}/root/dev/{SHARED_DISK}").st_rdev
        self._device = f"{os.major(number)}:{os.minor(number)}"
        self._holdings = Holdings()
        self._running = RunningNodes(lab)
        self._lists: dict[str, _MountList] = {}
        self._round_begun: float | None = None

    def watch(self) -> None:
        """Look until the end."""
        with self._running:
            try:
                while not self.ended.is_set():
                    self._check_round()
                    self._round_begun = time.monotonic()
                    self._open_new_lists()
                    self._read_lists()
                    self.ready.set()
                    self._await_change()
            finally:
                self._round_begun = None
                for mount_list in self._lists.values():
                    mount_list.close()

    def check(self) -> None:
        """Raise what hinders it from seeing."""
        super().check()
        self._running.check()
        self._check_round()

    def _check_round(self) -> None:
        begun = self._round_begun
        if begun is not None and time.monotonic() - begun > LONGEST_ROUND:
            raise LabError(
                f"the witness of the shared disk was blind for {time.monotonic() - begun:.1f} s: "
                "the machine is too busy"
            )

    @property
    def holdings(self) -> list[Holding]:
        """Who had it mounted until now, in the order in which they did it."""
        return self._holdings.so_far()

    def holders(self) -> list[str]:
        """Nodes that have it mounted now."""
        self.check()
        return self._holdings.holders()

    def double_holdings(self) -> list[tuple[Holding, Holding]]:
        """Pairs of different nodes' mounts that overlap in time; there should be none."""
        self.check()
        return self._holdings.doubles()

    def _open_new_lists(self) -> None:
        for name, pid in self._running.pids.items():
            if name not in self._lists:
                with contextlib.suppress(OSError):  # it may just have lost its power
                    self._lists[name] = _MountList(pid)

    def _read_lists(self) -> None:
        for name, mount_list in list(self._lists.items()):
            has_ended = mount_list.has_ended()
            held = not has_ended and self._device in mount_list.devices()
            self._holdings.note(name, time.monotonic(), held=held)
            if has_ended:
                mount_list.close()
                del self._lists[name]

    def _await_change(self) -> None:
        poll = select.poll()
        for mount_list in self._lists.values():
            poll.register(mount_list.descriptor, select.POLLPRI)
            poll.register(mount_list.pidfd, select.POLLIN)
        poll.poll(_LONGEST_WAIT * 1000)


class _MountList:
    """The mount list of one node's init, open.

    It keeps the node's mounts alive, so it must be closed as soon as that init has ended.
    """

    def __init__(self, pid: int) -> None:
        self.pidfd = os.pidfd_open(pid)
        try:
            self.descriptor = os.open(f"/proc/{pid}/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            os.close(self.pidfd)
            raise

    def has_ended(self) -> bool:
        """Whether the node has lost its power."""
        return bool(select.select([self.pidfd], [], [], 0)[0])

    def devices(self) -> set[str]:
        """What is mounted now."""
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        parts = []
        while part := os.read(self.descriptor, 65536):
            parts.append(part)
        return {mount.device for mount in parse_mounts(b"".join(parts))}

    def close(self) -> None:
        """Let the mounts go."""
        os.close(self.descriptor)
        os.close(self.pidfd)

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
from ocf_py.lab.witnesses.holdings import Holdings
from ocf_py.lab.witnesses.one_thing import OneThing
from ocf_py.lab.witnesses.rounds import LONGEST_WAIT

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab


class DiskWitness(OneThing):
    """Sees every mount of the lab's disk for as long as the `with` block lasts.

    The kernel wakes it when a node's list changes (proc_pid_mountinfo(5)), and it then reads the
    lists of all nodes, so a node that has mounted the disk before another one let go of it is
    seen.
    """

    def __init__(self, lab: Lab) -> None:
        super().__init__(lab, "witness of the shared disk")
        if not lab.settings.disk_mib:
            raise LabError(f"{title(lab.settings)} has no shared disk", hint="bring it up with one")
        if lab.settings.kind == "vm":
            raise LabError(
                "guests' mount lists cannot be watched from outside", hint="use MountWitness"
            )
        number = os.stat(f"/proc/{lab.running_nodes()[0].pid}/root/dev/{SHARED_DISK}").st_rdev
        self._device = f"{os.major(number)}:{os.minor(number)}"
        self._holdings = Holdings()
        self._lists: dict[str, MountList] = {}

    def look(self) -> None:
        """Read the lists of all nodes that run."""
        for name, pid in self.running.pids.items():
            if name not in self._lists:
                with contextlib.suppress(OSError):  # it may just have lost its power
                    self._lists[name] = MountList(pid)
        for name, mount_list in list(self._lists.items()):
            with contextlib.suppress(OSError):
                mount_list.follow()
            has_ended = mount_list.has_ended()
            held = not has_ended and self._device in mount_list.devices()
            self._holdings.note(name, time.monotonic(), held=held)
            if has_ended:
                mount_list.close()
                del self._lists[name]

    def listen(self) -> None:
        """Wait until a list changes, or a node ends."""
        poll = select.poll()
        for mount_list in self._lists.values():
            poll.register(mount_list.descriptor, select.POLLPRI)
            poll.register(mount_list.pidfd, select.POLLIN)
        poll.poll(LONGEST_WAIT * 1000)

    def close(self) -> None:
        """Let the lists go."""
        for mount_list in self._lists.values():
            mount_list.close()


class MountList:
    """The mount list of one node's init, open.

    It keeps the node's mounts alive, so it must be closed as soon as that init has ended. It shows
    what is below the root that init had when it was opened: of one that has not entered its own
    root yet that is nothing, for ever, so it is opened again once that has changed.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.pidfd = os.pidfd_open(pid)
        try:
            self._open()
        except OSError:
            os.close(self.pidfd)
            raise

    def _open(self) -> None:
        root = os.stat(f"/proc/{self._pid}/root")
        self.descriptor = os.open(f"/proc/{self._pid}/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
        self._root = root

    def follow(self) -> None:
        """Open it again where init has another root by now; OSError where it has just ended."""
        if not os.path.samestat(self._root, os.stat(f"/proc/{self._pid}/root")):
            blind = self.descriptor
            self._open()
            os.close(blind)

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

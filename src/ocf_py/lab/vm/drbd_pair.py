"""One resource of DRBD 8.4 on both guests of a lab, on disks of their own, from nothing to nothing.

It replicates over ring 1, so that the mirror can be cut and the cluster keeps its ring 0.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ocf_py.lab.networks import NETWORKS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator, Mapping

    from ocf_py.lab.lab import Lab

#: What docs/reference/drbd.md says that DRBD's configuration has to hold; and what goes with
#: ocf:linbit:drbd, whose agent takes no constraint away.
OUR_HANDLERS = {"fence-peer": "/usr/bin/ocf-py drbd fence-peer"}
LINBIT_HANDLERS = {
    "fence-peer": "/usr/lib/drbd/crm-fence-peer.sh",
    "after-resync-target": "/usr/lib/drbd/crm-unfence-peer.sh",
}
LINK = "1"  # the cable of the mirror, as the lab's faults name it
_RING1 = next(network for network in NETWORKS if network.interface == "eth1")
_FIRST_PORT = 7789
_SLOW = 120.0  # seconds: guests compute ten times slower, and the machine may be busy


@dataclass
class DrbdPair:
    """The resource `name` of both nodes: a volume for each of `backing`, from minor `minor` on.

    `disk` and `net` are further options of these sections ("on-io-error detach"), `metadata` is
    "internal" or a device for that of the first volume. With `fencing` come `handlers`. A resync
    copies `resync_rate` bytes a second ("250k"), whatever else is written: DRBD's own controller
    takes minutes for a disk of 64 MiB in a guest.
    """

    lab: Lab
    name: str = "r0"
    fencing: str = "dont-care"
    handlers: Mapping[str, str] = field(default_factory=dict)
    resync_rate: str = "10M"
    disk: tuple[str, ...] = ()
    net: tuple[str, ...] = ()
    backing: tuple[str, ...] = ("/dev/vdb",)
    metadata: str = "internal"
    minor: int = 0

    @property
    def file(self) -> str:
        """The resource's file in the guests."""
        return f"/etc/drbd.d/{self.name}.res"

    def describe(self) -> str:
        """The resource in the words of DRBD's configuration."""
        volumes = "".join(
            f"  volume {number} {{ device minor {self.minor + number}; disk {disk}; "
            f"meta-disk {self.metadata if number == 0 else 'internal'}; }}\n"
            for number, disk in enumerate(self.backing)
        )
        port = _FIRST_PORT + self.minor
        hosts = "".join(
            f"  on {node.name} {{ address {_RING1.address(node.number)}:{port}; }}\n"
            for node in self.lab.nodes
        )
        handlers = "".join(f'    {name} "{call}";\n' for name, call in self.handlers.items())
        # A lost peer is noticed within three seconds, a found one within one. By DRBD's own half a
        # second for an answer, a guest that waits for its turn on a busy machine would be lost.
        net = ("protocol C", "ping-int 1", "ping-timeout 20", "connect-int 1", *self.net)
        rate = self.resync_rate
        resync = ("c-plan-ahead 0", f"c-min-rate {rate}", f"resync-rate {rate}")
        disk = (f"fencing {self.fencing}", *resync, *self.disk)
        return (
            f"resource {self.name} {{\n"
            f"  net {{ {'; '.join(net)}; }}\n"
            f"  disk {{ {'; '.join(disk)}; }}\n"
            f"  handlers {{\n{handlers}  }}\n{volumes}{hosts}}}\n"
        )

    def configure(self) -> None:
        """Write the resource's file on both nodes, for a power loss not to take it, and no more."""
        self.on_both(["tee", self.file], stdin=self.describe().encode())
        self.on_both(["sync", self.file])

    def create(self, *, in_sync: bool = True) -> None:
        """Empty disks with fresh metadata; the resource is down.

        `in_sync`: the two are known to be alike: they are UpToDate once connected. Without it they
        are Inconsistent, as a new resource is.
        """
        self.configure()
        self.on_both(["modprobe", "drbd"])
        for disk in {*self.backing, self.metadata} - {"internal"}:
            self.on_both(["blkdiscard", "--zeroout", disk])
        self.on_both(["drbdadm", "create-md", "--force", self.name])
        if in_sync:
            self.on_both(["drbdadm", "up", self.name])
            self.await_states("Connected", "Inconsistent/Inconsistent")
            for number in range(len(self.backing)):
                first = self.lab.nodes[0]
                first.run(
                    ["drbdadm", "new-current-uuid", "--clear-bitmap", f"{self.name}/{number}"]
                )
            self.await_whole()
            self.on_both(["drbdadm", "down", self.name])

    @contextlib.contextmanager
    def up_on_first(self) -> Iterator[None]:
        """One that is down and in sync is up as long as the block lasts, primary on the first node.

        What is written is on both disks.
        """
        first = self.lab.nodes[0]
        self.on_both(["drbdadm", "up", self.name])
        self.await_whole()
        first.run(["drbdadm", "primary", self.name])
        try:
            yield
        finally:
            first.run(["drbdadm", "secondary", self.name])
            self.on_both(["drbdadm", "down", self.name])

    def warm_handler(self) -> None:
        """Have our handler compiled now, as that of a package is, and not amid a takeover."""
        self.on_both(["ocf-py", "drbd", "fence-peer", "--help"])

    def await_whole(self, timeout: float = _SLOW) -> None:
        """Wait until both are connected and have all the data."""
        self.await_states("Connected", "UpToDate/UpToDate", timeout)

    def await_states(self, connection: str, disks: str, timeout: float = _SLOW) -> None:
        """Wait until both nodes say so of every volume, in the words of drbdadm(8)."""
        for node in self.lab.nodes:
            for question, wanted in (("cstate", connection), ("dstate", disks)):
                self.lab.wait_until(
                    f"{self.name} is {wanted} on {node.name}",
                    lambda node=node, q=question, wanted=wanted: (  # type: ignore[misc]
                        self.ask(node.name, q) == {wanted}
                    ),
                    timeout=timeout,
                )

    def ask(self, node: str, question: str) -> set[str]:
        """What `drbdadm role`, `cstate` or `dstate` say on a node; of two volumes it may be two."""
        done = self.lab.node(node).run(["drbdadm", question, self.name], check=False)
        return set(done.stdout.split())

    def tear_down(self) -> None:
        """Neither resource, metadata, configuration nor kernel module is left on a node that is on.

        LabError where it is held open.
        """
        self.on_both(["drbdsetup", "down", self.name])
        for disk in {*self.backing, self.metadata} - {"internal"}:
            self.on_both(["blkdiscard", "--zeroout", disk])
        self.on_both(["rm", "-f", self.file])
        self.on_both(["modprobe", "--remove", "drbd"])

    def on_both(
        self, command: list[str], stdin: bytes = b"", *, check: bool = True
    ) -> list[subprocess.CompletedProcess[str]]:
        """Run it on both nodes at once; LabError where it fails on either."""
        nodes = self.lab.running_nodes()
        with ThreadPoolExecutor(len(nodes)) as pool:
            return list(
                pool.map(
                    lambda node: node.run(command, stdin=stdin, check=check, timeout=_SLOW), nodes
                )
            )

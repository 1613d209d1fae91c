"""A database on a disk that DRBD mirrors, in the cluster of examples/cib/block-mirror.xml."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ocf_py.drbd.constraint import name_constraint
from ocf_py.lab.cluster_state import PROMOTED, UNPROMOTED
from tests.cluster.conftest import EXAMPLES, other_node
from tests.cluster.database import making

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab import Lab
    from ocf_py.lab.vm.drbd_pair import DrbdPair

DISK, CLONE, DATABASE, SERVER = "disk", "disk-clone", "database", "postgres"
CIB = EXAMPLES / "block-mirror.xml"
SLOW = 480.0  # seconds: guests compute ten times slower, and the machine may be busy


class MirroredDatabase:
    """The resource ``pair`` with a database on it, and what the cluster makes of it."""

    def __init__(self, pair: DrbdPair) -> None:
        self.pair = pair
        self.lab: Lab = pair.lab

    # ------------------------------------------------------------------ having one

    def create(self) -> None:
        """A new database on a new mirror, in sync; all is down."""
        self.pair.create()
        self.pair.warm_handler()
        with self.pair.up_on_first():
            make = making("/dev/drbd0", is_small=True)
            self.lab.nodes[0].run(["sh", "-c", make], timeout=SLOW)

    def load(self, cib: Path = CIB) -> str:
        """Have the cluster run it; returns where."""
        self.lab.load(cib)
        return self.await_rest()

    def remove(self) -> None:
        """Neither the resources nor the mirror are left."""
        self.lab.load(EXAMPLES / "dummy.xml")
        self.settle()
        self.pair.tear_down()

    # ------------------------------------------------------------------ asking it

    def has_constraint(self, node: str) -> bool:
        """Whether our handler has forbidden a node's promotion."""
        return name_constraint(self.pair.name, node) in self._constraints()

    def has_ban(self) -> bool:
        """Whether anything, of whomever, is forbidden to be anywhere."""
        return "-INFINITY" in self._constraints()

    def _constraints(self) -> str:
        return self._ask(["cibadmin", "--query", "--scope", "constraints"])

    def score(self, node: str) -> str:
        """A node's promotion score, as the cluster knows it."""
        ask = ["crm_attribute", f"--promotion={DISK}", "-N", node, "-l", "reboot", "-G", "-Q"]
        return self._ask(ask).strip()

    def shown(self, seen_from: str | None = None) -> str:
        """What an admin sees: crm_mon's whole screen."""
        return self._ask(["crm_mon", "-1", "-r", "-f"], seen_from)

    def progress_shown(self) -> list[int]:
        """The percentages of a resynchronisation that an admin sees among the nodes' attributes."""
        found = re.findall(
            rf"drbd-{self.pair.name}-in-sync\s*: (\d+)%", self._ask(["crm_mon", "-1", "-A"])
        )
        return [int(one) for one in found]

    def _ask(self, command: list[str], seen_from: str | None = None) -> str:
        asked = self.lab.node(seen_from) if seen_from else self.lab.running_nodes()[0]
        return asked.run(command, check=False).stdout

    # ------------------------------------------------------------------ waiting for it

    def settle(self, node: str | None = None) -> None:
        """Wait until Pacemaker has nothing more to do."""
        asked = self.lab.node(node) if node else self.lab.running_nodes()[0]
        asked.run(["crm_resource", "--wait", f"--timeout={SLOW:g}s"], timeout=SLOW + 30)

    def serves(self, node: str | None = None, *, seen_from: str | None = None) -> str:
        """Wait until the disk is promoted and the server runs there; returns where."""
        place = self.lab.wait_for_place(SERVER, node, seen_from=seen_from or node, timeout=SLOW)
        return self.lab.wait_for_place(
            DISK, place, role=PROMOTED, seen_from=seen_from or node, timeout=SLOW
        )

    def await_rest(self) -> str:
        """Wait until it serves, both disks are whole, and either could take over; where it is."""
        return self.await_disk(self.serves())

    def await_disk(self, node: str | None = None) -> str:
        """Wait until the disk is promoted and whole, and either could take over; where it is."""
        place = self.lab.wait_for_place(DISK, node, role=PROMOTED, timeout=SLOW)
        standby = other_node(self.lab, place)
        self.lab.wait_for_place(DISK, standby, role=UNPROMOTED, timeout=SLOW)
        self.pair.await_whole()
        self.lab.wait_until(
            f"{standby} may be promoted again",
            lambda: not self.has_ban() and self.score(standby) == "10000",
            timeout=SLOW,
        )
        self.settle()
        return place

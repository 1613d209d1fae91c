"""Which nodes run, asked of the lab's daemon again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab

_INTERVAL = 0.1
# A node that boots needs longer until its cluster gives it anything; a daemon that switches one
# off is busy for some tenths of a second.
LONGEST_LOOK = 2.0


class RunningNodes(Watching):
    """Asks from a thread of its own: a daemon that is busy answers late."""

    def __init__(self, lab: Lab) -> None:
        super().__init__("witness of the running nodes")
        self.pids: dict[str, int] = {}  # of their inits; replaced as a whole
        self._lab = lab
        self._looked = time.monotonic()

    def watch(self) -> None:
        """Look until the end."""
        while not self.ended.wait(_INTERVAL if self.ready.is_set() else 0.0):
            described = self._lab.describe()["nodes"]
            self.pids = {name: node["pid"] for name, node in described.items() if node["pid"]}
            self._check_look()
            self._looked = time.monotonic()
            self.ready.set()

    def check(self) -> None:
        """Raise LabError also when a node may have come on that nobody has seen."""
        super().check()
        if self._thread.is_alive():
            self._check_look()

    def _check_look(self) -> None:
        took = time.monotonic() - self._looked
        if self.ready.is_set() and took > LONGEST_LOOK + _INTERVAL:
            raise LabError(
                f"the witness was blind: the lab's daemon has named no node for {took:.1f} s"
            )

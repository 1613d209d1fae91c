"""Which nodes run, asked of the lab's daemon again and again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ocf_py.lab.errors import UnseenError
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab

_INTERVAL = 0.1
# A node that boots needs longer until its cluster gives it anything.
LONGEST_UNKNOWN = 2.0
# A daemon that switches a node off answers when that is done, which takes a busy machine seconds;
# but what it boots meanwhile it tells of then. Less than the end of a witness may take.
LONGEST_SILENCE = 8.0


class RunningNodes(Watching):
    """Asks from a thread of its own: a daemon that is busy answers late.

    Raises UnseenError for a node that had run for longer than LONGEST_UNKNOWN when the daemon told
    of it, and for a daemon that does not answer for LONGEST_SILENCE.
    """

    def __init__(self, lab: Lab) -> None:
        super().__init__("witness of the running nodes")
        self.pids: dict[str, int] = {}  # of their inits; replaced as a whole
        self._lab = lab
        self._answered = time.monotonic()

    def watch(self) -> None:
        """Ask until the end, and then once more: for what has come on since."""
        while True:
            self._ask()
            self.ready.set()
            if self.ended.wait(_INTERVAL):
                break
        self._ask()

    def check(self) -> None:
        """Raise UnseenError also when a node may have come on that nobody has seen."""
        super().check()
        silent = time.monotonic() - self._answered
        if self._thread.is_alive() and self.ready.is_set() and silent > LONGEST_SILENCE:
            raise UnseenError(
                f"the witness was blind: the lab's daemon has named no node for {silent:.1f} s"
            )

    def _ask(self) -> None:
        described = self._lab.describe()["nodes"]
        self._answered = time.monotonic()
        running = {name: node for name, node in described.items() if node["pid"]}
        for name, node in running.items():
            ran = self._answered - node["since"]
            is_new = self.ready.is_set() and self.pids.get(name) != node["pid"]
            if is_new and ran > LONGEST_UNKNOWN:
                raise UnseenError(
                    f"the witness was blind: {name} had run for {ran:.1f} s when it heard of it"
                )
        self.pids = {name: node["pid"] for name, node in running.items()}

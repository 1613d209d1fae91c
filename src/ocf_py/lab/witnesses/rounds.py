"""A witness of all nodes looks round after round, and says so when it was blind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ocf_py.lab.errors import UnseenError
from ocf_py.lab.witnesses.running_nodes import RunningNodes
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab

# What a guest says comes late anyway, by as much as a busy guest makes it.
LONGEST_ROUND = {"namespaces": 0.2, "vm": 2.0}
LONGEST_WAIT = 0.05  # seconds without a look at whether nodes came on


class Rounds(Watching):
    """Base of the witnesses that look into every node's kernel, which is asked by `running`.

    Raises UnseenError for a round that took longer than LONGEST_ROUND of the lab's kind, and when
    the daemon did not say which nodes run.
    """

    def __init__(self, lab: Lab, name: str) -> None:
        super().__init__(name)
        self.running = RunningNodes(lab)
        self._name = name
        self._longest = LONGEST_ROUND[lab.settings.kind]
        self._round_begun: float | None = None

    def look(self) -> None:
        """Take in nodes that came on, and all that is there to be seen at once."""
        raise NotImplementedError

    def listen(self) -> None:
        """Wait for what changes, LONGEST_WAIT at most."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the nodes."""
        raise NotImplementedError

    def watch(self) -> None:
        """Look until the end."""
        with self.running:
            try:
                while not self.ended.is_set():
                    self._check_round()
                    self._round_begun = time.monotonic()
                    self.look()
                    self.ready.set()
                    self.listen()
            finally:
                self._round_begun = None
                self.close()

    def check(self) -> None:
        """Raise what hinders it from seeing."""
        super().check()
        self.running.check()
        self._check_round()

    def _check_round(self) -> None:
        begun = self._round_begun
        if begun is not None and time.monotonic() - begun > self._longest:
            raise UnseenError(
                f"the {self._name} was blind for {time.monotonic() - begun:.1f} s: "
                "the machine is too busy"
            )

"""Where the cluster says that a resource runs, for a CIB that has no address to be asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ocf_py.lab.cluster_state import PROMOTED, STARTED
from ocf_py.lab.witnesses.answers import Answer
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from ocf_py.lab.lab import Lab

_INTERVAL = 0.3


class PlaceWitness(Watching):
    """Asks Pacemaker every 300 ms; `answers` has where the resource was started or promoted.

    Its word is good to about a second: a question waits until a node answers it.
    """

    def __init__(self, lab: Lab, resource: str) -> None:
        super().__init__(f"witness of {resource}")
        self.resource = resource
        self.answers: list[Answer] = []
        self._lab = lab

    def watch(self) -> None:
        """Look until the end."""
        self.ready.set()
        while not self.ended.is_set():
            asked = time.monotonic()
            state = self._lab.state()
            if state is not None and state.quorate:
                for role in (PROMOTED, STARTED):
                    nodes = state.nodes_of(self.resource, role)
                    # One that is lost and not yet fenced is still shown where it was.
                    if len(nodes) == 1 and nodes[0] in state.online:
                        self.answers.append(Answer(asked, time.monotonic(), nodes[0]))
                        break
            self.ended.wait(_INTERVAL)

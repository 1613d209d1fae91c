"""Where the cluster says that a resource runs, for one that no address tells the place of."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ocf_py.lab.cluster_state import PROMOTED, STARTED
from ocf_py.lab.witnesses.answers import Answer
from ocf_py.lab.witnesses.watching import Watching

if TYPE_CHECKING:
    from ocf_py.lab.cluster_state import ClusterState
    from ocf_py.lab.lab import Lab

_INTERVAL = 0.3
# While a longer one was answered, it may have been started anew in its place.
_LONGEST_QUESTION = 3.0


class PlaceWitness(Watching):
    """Asks Pacemaker every 300 ms; `answers` has where the resource was started or promoted.

    Its word is good to about a second: a question waits until a node answers it. What it says to be
    on a node that is off, or stands still, is nowhere. `place` is its last word, "" for nowhere.
    """

    def __init__(self, lab: Lab, resource: str) -> None:
        super().__init__(f"witness of {resource}")
        self.resource = resource
        self.answers: list[Answer] = []
        self.place = ""
        self._lab = lab

    def watch(self) -> None:
        """Look until the end."""
        self.ready.set()
        before = ""
        while not self.ended.is_set():
            asked = time.monotonic()
            state = self._ask()
            if state is None:  # nobody knows
                before = ""
            else:
                self.place = self._find_in(state)
                if self.place:
                    now = time.monotonic()
                    continues = self.place == before and self._is_soon(now)
                    self.answers.append(Answer(asked, now, self.place, continues))
                before = self.place
            self.ended.wait(_INTERVAL)

    def _ask(self) -> ClusterState | None:
        """The view of a node with quorum, of the one where it was last first.

        One that has just booted has quorum before it knows what the others run.
        """
        for node in sorted(self._lab.nodes, key=lambda one: one.name != self.last_place):
            if self._lives(node.name):
                state = self._lab.state(node.name)
                if state is not None and state.quorate:
                    return state
        return None

    def _is_soon(self, now: float) -> bool:
        return now - self.answers[-1].answered < _LONGEST_QUESTION

    @property
    def last_place(self) -> str:
        """Where it was when it was last anywhere."""
        return self.answers[-1].node if self.answers else ""

    def _find_in(self, state: ClusterState) -> str:
        for role in (PROMOTED, STARTED):
            nodes = state.nodes_of(self.resource, role)
            # One that is lost and not yet fenced is still shown where it was.
            if len(nodes) == 1 and nodes[0] in state.online:
                return nodes[0] if self._lives(nodes[0]) else ""
        return ""

    def _lives(self, node: str) -> bool:
        """Whether it is on, and does not stand still."""
        known = self._lab.describe()["nodes"][node]
        return known["pid"] is not None and not known["frozen"]

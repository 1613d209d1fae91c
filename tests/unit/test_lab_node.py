"""An order to a node's Pacemaker is carried out when the node has said so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.errors import LabError
from ocf_py.lab.node import Node
from ocf_py.lab.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence


class SlowNode(Node):
    """Its init obeys only when it has been asked for news so often."""

    def __init__(self, state: str, asks: float) -> None:
        super().__init__(Settings.build("default"), "n1")
        self._states, self._asks = [state], asks
        self.orders: list[str] = []

    def run(  # type: ignore[override]
        self, command: Sequence[str], **_: object
    ) -> None:
        self.orders.append(" ".join(command))

    def describe(self) -> dict[str, object]:
        self._asks -= 1
        if self._asks < 0:
            self._states = ["ended" if "-USR1" in self.orders[-1] else "started"]
        return {"daemons": {"pacemaker": {"state": self._states[0]}}}


def test_a_start_returns_when_the_node_has_told_of_it() -> None:
    """Who looks sooner finds the last end, and takes it for one right after the start."""
    node = SlowNode("ended", asks=2)
    node.start_pacemaker()
    assert node.describe()["daemons"] == {"pacemaker": {"state": "started"}}
    assert node.orders == ["kill -USR2 1"]


def test_a_stop_returns_when_the_node_has_told_of_it() -> None:
    node = SlowNode("started", asks=2)
    node.stop_pacemaker()
    assert node.describe()["daemons"] == {"pacemaker": {"state": "ended"}}


def test_a_start_that_nobody_hears_of_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ocf_py.lab.node._START_SECONDS", 0.1)
    with pytest.raises(LabError, match="n1: Pacemaker does not start; logs in "):
        SlowNode("ended", asks=float("inf")).start_pacemaker()

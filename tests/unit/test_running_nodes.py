"""Who watches the nodes knows all of them in time, or says that it was blind."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.lab.errors import LabError
from ocf_py.lab.witnesses import running_nodes
from ocf_py.lab.witnesses.running_nodes import LONGEST_UNKNOWN, RunningNodes

if TYPE_CHECKING:
    from ocf_py.lab import Lab


class SlowLab:
    """Its daemon answers when it is let."""

    def __init__(self) -> None:
        self.nodes: dict[str, Any] = {"n1": node(7, ago=3600)}
        self.answers = threading.Event()
        self.answers.set()

    def describe(self) -> dict[str, Any]:
        assert self.answers.wait(60)
        return {"nodes": dict(self.nodes)}


def node(pid: int | None, ago: float) -> dict[str, object]:
    """What the daemon says of a node that has run for so many seconds."""
    return {"pid": pid, "since": time.monotonic() - ago}


@pytest.fixture
def lab() -> SlowLab:
    return SlowLab()


def watch(lab: SlowLab) -> RunningNodes:
    real: Any = lab
    typed: Lab = real
    return RunningNodes(typed)


def wait_for(nodes: RunningNodes, pids: dict[str, int]) -> None:
    end = time.monotonic() + 60
    while nodes.pids != pids:
        assert time.monotonic() < end
        nodes.check()
        time.sleep(0.01)


def test_a_daemon_that_was_busy_for_long_has_hidden_nothing_if_nothing_came_on(
    lab: SlowLab,
) -> None:
    with watch(lab) as nodes:
        lab.answers.clear()
        nodes._answered -= LONGEST_UNKNOWN + 1
        nodes.check()
        lab.nodes["n2"] = node(8, ago=0)
        lab.answers.set()
        wait_for(nodes, {"n1": 7, "n2": 8})


def test_a_node_that_has_run_for_long_before_it_is_known_may_have_done_anything(
    lab: SlowLab,
) -> None:
    with watch(lab) as nodes:
        lab.nodes["n2"] = node(8, ago=LONGEST_UNKNOWN + 1)
        with pytest.raises(LabError, match=r"blind: n2 had run for \d+\.\d s"):
            wait_for(nodes, {"n1": 7, "n2": 8})
        nodes.ended.set()
        nodes._error = None  # it has been told


def test_what_has_come_on_unseen_is_told_at_the_end(
    lab: SlowLab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running_nodes, "_INTERVAL", 60)
    with pytest.raises(LabError, match="blind: n1 had run"), watch(lab):
        lab.nodes["n1"] = node(9, ago=LONGEST_UNKNOWN + 1)


def test_a_daemon_that_says_nothing_for_long_leaves_its_nodes_unknown(lab: SlowLab) -> None:
    with watch(lab) as nodes:
        lab.answers.clear()
        while nodes._answered > time.monotonic() - 0.2:
            time.sleep(0.05)  # it is asked by now, and does not answer
        nodes._answered -= running_nodes.LONGEST_SILENCE
        with pytest.raises(LabError, match="has named no node"):
            nodes.check()
        lab.answers.set()

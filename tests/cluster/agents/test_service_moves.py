"""Service in the hands of an admin: changed while it runs, deeply asked, unmanaged, in standby."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import EXAMPLES, other_node, settle

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab import Lab
    from ocf_py.lab.node import Node

_CREATE = (
    "pcs resource create app ocf:ocfpy:Service command=/bin/sleep args=98766 "
    "health=/bin/true deep_health=/bin/true"
)
_OFTEN = "op monitor interval=2s timeout=10s"


@pytest.fixture
def active(lab: Lab) -> Iterator[Node]:
    """The node on which a service runs that was made by pcs."""
    lab.load(EXAMPLES / "dummy.xml")
    settle(lab)
    lab.nodes[0].run([*_CREATE.split(), *_OFTEN.split()])
    settle(lab)
    yield lab.node(lab.wait_for_place("app"))
    lab.nodes[0].run(["pcs", "resource", "delete", "app"])
    settle(lab)


def _pids(node: Node) -> list[str]:
    return node.run(["pgrep", "-x", "-f", "/bin/sleep 98766"], check=False).stdout.split()


def _shows(node: Node, text: str) -> bool:
    return text in node.run(["pcs", "status", "--full"]).stdout


def test_what_is_reloadable_changes_while_it_runs(lab: Lab, active: Node) -> None:
    before = _pids(active)
    active.run(["pcs", "resource", "update", "app", "stop_signals=KILL", "health_timeout=5s"])
    settle(lab)
    assert _pids(active) == before
    assert not _shows(active, "Failed Resource Actions")
    record = active.run(["cat", "/run/ocfpy/Service.app"]).stdout
    assert "stop_signals=KILL" in record
    assert "fact main=" in record
    active.run(["pcs", "resource", "update", "app", "umask=027"])
    settle(lab)
    (after,) = _pids(lab.node(lab.wait_for_place("app")))
    assert [after] != before


def test_every_depth_is_asked_and_a_deep_failure_restarts_it(lab: Lab, active: Node) -> None:
    active.run([*_CREATE.replace(" app ", " deep ").replace("98766", "98767").split()])
    shown = active.run(["pcs", "resource", "config", "deep"]).stdout
    assert shown.count("monitor: ") == 3
    active.run(["pcs", "resource", "delete", "deep"])
    settle(lab)
    before = _pids(active)
    active.run(["pcs", "resource", "update", "app", "deep_health=/bin/false"])
    active.run(["pcs", "resource", "update", "app", "op", "monitor", "interval=3s",
                "OCF_CHECK_LEVEL=20"])  # fmt: skip
    lab.wait_until("the deep failure is seen", lambda: _shows(active, "false ended with 1"))
    active.run(["pcs", "resource", "update", "app", "deep_health=/bin/true"])
    active.run(["crm_resource", "--cleanup"])
    settle(lab)
    assert _pids(lab.node(lab.wait_for_place("app"))) != before


def test_unmanaged_it_is_watched_and_left_alone(lab: Lab, active: Node) -> None:
    active.run(["pcs", "resource", "unmanage", "app"])
    settle(lab)
    (pid,) = _pids(active)
    active.run(["kill", "-KILL", pid])
    lab.wait_until("its end is seen", lambda: _shows(active, "Stopped (unmanaged)"))
    settle(lab)
    assert _pids(active) == []
    active.run(["pcs", "resource", "manage", "app"])
    active.run(["crm_resource", "--cleanup"])
    settle(lab)
    assert len(_pids(lab.node(lab.wait_for_place("app")))) == 1


def test_a_node_in_standby_hands_it_over(lab: Lab, active: Node) -> None:
    other = other_node(lab, active.name)
    active.run(["pcs", "node", "standby", active.name])
    settle(lab)
    assert lab.wait_for_place("app") == other
    assert _pids(active) == []
    assert active.run(["sh", "-c", "ls /run/ocfpy"]).stdout.split() == []
    active.run(["pcs", "node", "unstandby", active.name])
    settle(lab)
    assert len(_pids(lab.node(lab.wait_for_place("app")))) == 1


def test_a_damaged_record_moves_nothing_and_fences_nobody(lab: Lab, active: Node) -> None:
    before = _pids(active)
    active.run(["sh", "-c", "echo nonsense >/run/ocfpy/Service.app"])
    active.run(["crm_resource", "--refresh", "--resource", "app"])
    settle(lab)
    assert lab.wait_for_place("app") == active.name
    assert _pids(active) == before
    active.run(["pcs", "resource", "disable", "app"])
    settle(lab)
    assert _pids(active) == []
    assert active.run(["sh", "-c", "ls /run/ocfpy"]).stdout.split() == []
    active.run(["pcs", "resource", "enable", "app"])
    settle(lab)
    assert not _shows(active, "Failed Resource Actions")

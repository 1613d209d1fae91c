"""Two nodes with the agent on both, over a fake DRBD; a test plays the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ocf_py as ocf
import ocf_py.fencing_history
from drbd import Drbd
from ocf_py.cluster import Cluster
from ocf_py.drbd import marks
from tests.fakes.drbd import FakeDrbd
from tests.fakes.drbd_nodes import NAME, FakePair
from tests.fakes.mortal import InHere, Mortal

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

QUICK = 0.4  # seconds: a timeout that is over when nothing can change


class MortalDrbd(Mortal, FakeDrbd):
    """A fake whose user may die at every command."""

    questions = frozenset(("administer", "demote", "take_down", "look", "is_up"))


class Node(InHere):
    """The agent on one node."""

    instance = "drbd:0"

    def __init__(self, pair: FakePair, name: str, records: Path) -> None:
        self.name = name
        self.fake = pair.nodes[name]
        self.machine = machine = MortalDrbd(self.fake)
        self.score = ""
        self.attributes: dict[str, str] = {}
        self.records = records / name

        class Agent(Drbd):
            """DRBD

            on a fake node.
            """

            @ocf.seam
            def machine(self) -> Any:
                return machine

        super().__init__("Drbd", Agent, machine, self.records)

    def do(self, action: str, **more: Any) -> int | None:
        """One call as the cluster makes it of an instance of the clone."""
        meta = {"clone": "0", "notify": "true", "on_node": self.name, **more.pop("meta", {})}
        parameters = {"drbd_resource": NAME, "wfc_timeout": "0", **more}
        return self.call(action, meta=meta, **parameters)

    def monitor(self, **more: Any) -> int | None:
        return self.do("monitor", interval=10000, **more)

    def tell(self, kind: str, operation: str, **nodes: str) -> int | None:
        """One notification; `nodes` are those of a group, parted by blanks."""
        groups = {f"notify_{group}_uname": text for group, text in nodes.items()}
        told = {"notify_type": kind, "notify_operation": operation, **groups}
        return self.do("notify", meta=told)

    def boot(self) -> None:
        """Forget what does not outlive a boot."""
        for path in self.records.iterdir():
            path.unlink()


class World:
    """n1 and n2, and which fencings the cluster would confirm."""

    def __init__(self, records: Path, version: str, policy: str) -> None:
        self.pair = FakePair(version, policy)
        self.n1, self.n2 = (Node(self.pair, name, records) for name in ("n1", "n2"))
        self.fenced: set[str] = set()

    def start_both(self) -> None:
        assert self.n1.do("start") == 0, self.n1.reason
        assert self.n2.do("start") == 0, self.n2.reason


def build(records: Path, patch: pytest.MonkeyPatch, version: str, policy: str) -> World:
    """A world whose agents tell their scores to it."""
    world = World(records, version, policy)

    def find(cluster: Cluster) -> Node:
        return world.n1 if cluster._environment.node == "n1" else world.n2

    def set_score(cluster: Cluster, score: int) -> bool:
        find(cluster).score = "never" if score <= ocf.MINUS_INFINITY else str(score)
        return True

    def delete_score(cluster: Cluster) -> None:
        find(cluster).score = ""

    patch.setattr(marks, "RUN_DIRECTORY", str(records / "marks"))

    def set_attribute(cluster: Cluster, name: str, value: str) -> None:
        find(cluster).attributes[name] = value

    def delete_attribute(cluster: Cluster, name: str) -> None:
        find(cluster).attributes.pop(name, None)

    patch.setattr(Cluster, "set_attribute", set_attribute)
    patch.setattr(Cluster, "delete_attribute", delete_attribute)
    patch.setattr(Cluster, "set_promotion_score", set_score)
    patch.setattr(Cluster, "delete_promotion_score", delete_score)
    patch.setattr(ocf_py.fencing_history, "was_fenced", lambda node, _since: node in world.fenced)
    return world

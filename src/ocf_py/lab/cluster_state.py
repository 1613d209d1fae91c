"""What a node's Pacemaker says of the cluster, from crm_mon's XML."""

from __future__ import annotations

from dataclasses import dataclass
from xml.sax.saxutils import unescape

from lxml import etree

from ocf_py.outcomes import DEGRADED, DEGRADED_PROMOTED

STARTED, PROMOTED, UNPROMOTED = "Started", "Promoted", "Unpromoted"
# crm_mon calls a resource that is "Starting" active too, and names a node for it.
_SETTLED_ROLES = frozenset((STARTED, PROMOTED, UNPROMOTED))
_QUOTES = {"&apos;": "'", "&quot;": '"'}
_UNANSWERED = "did not return result in time"  # pacemaker-controld's words of another node's
_DEGRADED = frozenset((DEGRADED.code, DEGRADED_PROMOTED.code))


@dataclass(frozen=True)
class FailedAction:
    """One line of crm_mon's "Failed Resource Actions": what its exit code is called, and why."""

    operation_key: str
    node: str
    exit_code: int
    exit_status: str
    reason: str

    @property
    def is_degraded(self) -> bool:
        """Whether it counts as no failure: it is listed like one, also when it is over."""
        return self.exit_code in _DEGRADED

    @property
    def is_unanswered(self) -> bool:
        """Whether nobody said how it ended, as of a monitor that a cleanup cancelled under way."""
        return self.reason.endswith(_UNANSWERED)


@dataclass(frozen=True)
class ClusterState:
    """One node's view; `places` maps a resource id to its (node, role) pairs."""

    online: frozenset[str]
    coordinator: str | None
    quorate: bool
    maintenance: bool
    places: dict[str, tuple[tuple[str, str], ...]]
    failures: tuple[FailedAction, ...]

    @classmethod
    def from_xml(cls, document: bytes) -> ClusterState:
        """Parse `crm_mon -1 --output-as=xml`; ValueError if it is something else."""
        try:
            root = etree.fromstring(document)
        except etree.XMLSyntaxError as error:
            raise ValueError(f"crm_mon printed no XML: {error}") from None
        coordinator = root.find("summary/current_dc")
        options = root.find("summary/cluster_options")
        if coordinator is None:
            raise ValueError("crm_mon reached no cluster")
        return cls(
            online=frozenset(_online_nodes(root)),
            coordinator=coordinator.get("name"),
            quorate=coordinator.get("with_quorum") == "true",
            maintenance=options is not None and options.get("maintenance-mode") == "true",
            places=_places(root),
            failures=tuple(
                FailedAction(
                    failure.get("op_key", ""),
                    failure.get("node", ""),
                    int(failure.get("exitcode", "-1")),
                    failure.get("exitstatus", ""),
                    unescape(failure.get("exitreason", ""), _QUOTES),  # some escape it twice
                )
                for failure in root.iterfind("failures/failure")
            ),
        )

    def nodes_of(self, resource: str, role: str | None = None) -> list[str]:
        """Where a resource runs settled: in `role`, or in any."""
        return [node for node, actual in self.places.get(resource, ()) if role in (None, actual)]

    def node_of(self, resource: str, role: str | None = None) -> str | None:
        """The one node where a resource runs; None when it is nowhere or on several."""
        nodes = self.nodes_of(resource, role)
        return nodes[0] if len(nodes) == 1 else None

    def is_complete(self, nodes: list[str]) -> bool:
        """Whether all `nodes` are online in a partition that has a coordinator and quorum."""
        return self.quorate and self.coordinator is not None and self.online >= set(nodes)


def _online_nodes(root: etree._Element) -> list[str]:
    """A node that is still joining is online too, but pending."""
    return [
        node.get("name", "")
        for node in root.iterfind("nodes/node")
        if node.get("online") == "true"
        and node.get("pending") == "false"
        and node.get("unclean") == "false"
    ]


def _places(root: etree._Element) -> dict[str, tuple[tuple[str, str], ...]]:
    places: dict[str, tuple[tuple[str, str], ...]] = {}
    for resource in root.iterfind(".//resource"):
        name = resource.get("id", "").partition(":")[0]  # instances of a clone
        role = resource.get("role", "")
        if role not in _SETTLED_ROLES or resource.get("active") != "true":
            continue
        here = tuple((node.get("name", ""), role) for node in resource.iterfind("node"))
        places[name] = places.get(name, ()) + here
    return places

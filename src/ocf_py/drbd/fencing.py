"""The fence-peer handler: makes sure that a peer cannot be promoted, or says that it cannot.

DRBD runs it on a node that is promoted and has lost a peer, and before it promotes one that has not
heard of its peer; with `fencing resource-and-stonith` all I/O waits for its answer. Its exit codes
are DRBD's (drbd.conf(5), the kernel's `conn_try_outdate_peer`):

3 the peer's disk is inconsistent; 4 it is outdated, or cannot be promoted; 5 it is out of reach and
taken for dead; 6 it is promoted, and we are not; 7 it was fenced. Any other leaves I/O frozen.

Nothing is said that is not proven: where the cluster cannot tell in time, the answer is 1.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from lxml import etree

from . import words
from .constraint import deletion, name_constraint
from .tools import MANY_PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from .picture import Resource

UNDECIDED, OUTDATED, UNREACHABLE, PEER_PROMOTED, FENCED = 1, 4, 5, 6, 7
_INTERVAL = 1.0  # seconds between two looks at the cluster
_ANSWER = "5s"


class Undecided(Exception):  # noqa: N818 - says what is
    """Nothing can be said of the peer; the message says why, and I/O stays frozen."""


class Request:
    """What DRBD asks: about which resource, here (``node``) and there (``peer``), by host names.

    ``minor`` is the device that a handler is called for, -1 where it is for all.
    """

    def __init__(self, resource: str, node: str, peer: str, minor: int = -1) -> None:
        self.resource = resource
        self.node = node
        self.peer = peer
        self.minor = minor


def read_request(variables: Mapping[str, str], host: str) -> Request:
    """Read a handler's environment. ValueError names what is missing in it.

    8.4 gives DRBD_PEER, the peer's host. 9 numbers the nodes: DRBD_MY_NODE_ID, DRBD_PEER_NODE_ID,
    DRBD_NODE_ID_<number>=<host>.
    """
    resource = variables.get("DRBD_RESOURCE", "")
    if not resource:
        raise ValueError("DRBD_RESOURCE is not set")
    hosts = {
        name.rpartition("_")[2]: host
        for name, host in variables.items()
        if name.startswith("DRBD_NODE_ID_")
    }
    mine, peer = variables.get("DRBD_MY_NODE_ID", ""), variables.get("DRBD_PEER_NODE_ID", "")
    node = hosts.get(mine, host)
    there = hosts.get(peer, variables.get("DRBD_PEER", ""))
    if not there:
        raise ValueError("DRBD_PEER is not set, nor DRBD_PEER_NODE_ID with its DRBD_NODE_ID_")
    if node == there:
        raise ValueError(f"{node} is this node, and named as its own peer")
    minor = variables.get("DRBD_MINOR", "").split()  # of several volumes 9 gives them all
    is_of_one = len(minor) == 1 and minor[0].isdigit()
    return Request(resource, node, there, int(minor[0]) if is_of_one else -1)


class Standing:
    """What the cluster knows of its nodes: read from `crm_mon --output-as=xml`."""

    def __init__(self, document: bytes) -> None:
        self._root = _parse(document)

    @property
    def fences(self) -> bool:
        """Whether the cluster has fencing turned on."""
        options = self._root.find("summary/cluster_options")
        return options is not None and options.get("stonith-enabled") == "true"

    def is_online(self, node: str) -> bool:
        """Whether a node is a member, seen as such by the cluster."""
        found = self._node(node)
        return found.get("online") == "true" and found.get("unclean") == "false"

    def is_dead(self, node: str) -> bool:
        """Whether a node is known to run nothing: it was shut down, or fenced."""
        found = self._node(node)
        states = [found.get(one) for one in ("online", "unclean", "pending")]
        return states == ["false", "false", "false"]

    def is_promoted(self, clone: str, node: str) -> bool:
        """Whether the cluster has an instance of the clone promoted on a node."""
        return any(
            where.get("name") == node
            for one in self._root.iterfind("resources//clone")
            if one.get("id") == clone
            for instance in one.iter("resource")
            if instance.get("role") in ("Promoted", "Master")
            for where in instance.iter("node")
        )

    def _node(self, name: str) -> etree._Element:
        for one in self._root.iterfind("nodes/node"):
            if one.get("name") == name:
                return one
        raise Undecided(f"the cluster has no node {name}: DRBD's host names must be the cluster's")


class Configuration:
    """What the cluster is to do: its `<configuration>`, at one moment."""

    def __init__(self, document: bytes) -> None:
        self._root = _parse(document)

    def find_clone(self, resource: str) -> str:
        """The id of the promotable clone that a resource of DRBD is in the cluster."""
        for pair in self._root.iter("nvpair"):
            if pair.get("name") == "drbd_resource" and pair.get("value") == resource:
                for above in pair.iterancestors("clone", "master"):
                    return above.get("id", "")
        raise Undecided(f"no clone of the cluster has drbd_resource={resource}")

    def is_forbidden(self, resource: str, node: str) -> bool:
        """Whether a peer has forbidden promotion on a node."""
        wanted = name_constraint(resource, node)
        return any(one.get("id") == wanted for one in self._root.iter("rsc_location"))


class Pacemaker:
    """The cluster as the handler reaches it; each call raises Undecided where it fails."""

    def __init__(self, run: Callable[[Sequence[str]], Any]) -> None:
        """``run`` runs a program: (argv) → status, stdout, stderr."""
        self._run = run

    def look(self) -> Standing:
        """Ask how the nodes stand."""
        return Standing(self._ask(["crm_mon", "-1", "--output-as=xml"]))

    def read(self) -> Configuration:
        """Ask what is configured."""
        return Configuration(self._ask(["cibadmin", "--query", "--scope", "configuration"]))

    def answers(self, node: str) -> bool:
        """Whether a node's cluster manager answers a message.

        It is delivered behind every earlier one, so that the node knows by then what was changed
        in the configuration before; and a node that was just lost is a member for seconds.
        """
        argv = ["crmadmin", "--status", node, "--timeout", _ANSWER]
        return int(self._run(argv)[0]) == 0

    def forbid(self, clone: str, resource: str, node: str) -> None:
        """Forbid promotion on a node, in the configuration of the whole cluster."""
        element = etree.tostring(_constraint(clone, resource, node), encoding="unicode")
        self._ask(
            [
                *("cibadmin", "--modify", "--allow-create", "--scope", "constraints"),
                *("--xml-text", element),
            ]
        )

    def allow(self, resource: str, node: str) -> None:
        """Allow promotion on a node again."""
        self._ask(deletion(resource, node))

    def _ask(self, argv: Sequence[str]) -> bytes:
        status, stdout, stderr = self._run(argv)
        if status != 0:
            said = " ".join(stderr.split())[:300]
            raise Undecided(f"{argv[0]} {argv[1]} ended with {status}: {said}")
        return bytes(stdout)


class Handler:
    """One call of the handler: ``seconds`` until it gives up."""

    def __init__(
        self,
        request: Request,
        cluster: Pacemaker,
        seconds: float,
        say: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._request = request
        self._cluster = cluster
        self._seconds = seconds
        self._say = say
        self._sleep = sleep

    def fence(self, resource: Resource | None, policy: str) -> int:
        """Fence the peer; the exit code for DRBD. Undecided says why there is none.

        ``resource`` is how it is here, ``policy`` the setting `fencing` of it.
        """
        if resource is None:
            raise Undecided(f"{self._request.resource} is down here")
        bad = resource.disks - {words.UP_TO_DATE, words.CONSISTENT}
        if bad and not resource.has_access:
            raise Undecided(f"the disks here are {', '.join(sorted(bad))}: no better than a peer's")
        # I/O, or a promotion, waits for each of these questions: two, and not one a fact.
        standing = self._cluster.look()
        configuration = self._cluster.read()
        clone = configuration.find_clone(self._request.resource)
        node, peer = self._request.node, self._request.peer
        if standing.is_online(peer) and standing.is_promoted(clone, peer):
            if resource.is_primary:
                raise Undecided(f"{peer} is promoted as well: an admin has to decide")
            self._say(f"{peer} is promoted: this node's data becomes Outdated")
            return PEER_PROMOTED
        if configuration.is_forbidden(self._request.resource, node):
            raise Undecided(f"a peer has fenced {node}")
        self._cluster.forbid(clone, self._request.resource, peer)
        self._say(f"{peer} must not be promoted: {name_constraint(self._request.resource, peer)}")
        is_sure = resource.disks == {words.UP_TO_DATE} or resource.is_primary
        return self._settle(peer, policy, is_sure=is_sure)

    def _settle(self, peer: str, policy: str, *, is_sure: bool) -> int:
        """Wait until the cluster can tell what has become of a peer."""
        end = time.monotonic() + self._seconds
        while True:
            standing = self._cluster.look()
            if standing.is_online(peer) and self._cluster.answers(peer):
                if not is_sure:
                    raise Undecided(f"{peer} is there, and the data here is only Consistent")
                return OUTDATED
            if standing.is_dead(peer):
                return FENCED if standing.fences else self._settle_unfenced(policy, is_sure=is_sure)
            if time.monotonic() >= end:
                raise Undecided(f"{peer} was not fenced within {self._seconds:g} s")
            self._sleep(_INTERVAL)

    def _settle_unfenced(self, policy: str, *, is_sure: bool) -> int:
        peer = self._request.peer
        if policy == "resource-only" and is_sure:
            self._say(f"{peer} is out of reach and taken for dead: the cluster fences nobody")
            return UNREACHABLE
        raise Undecided(f"{peer} is out of reach, and the cluster has fencing turned off")

    def unfence(self, resource: Resource | None, major: int) -> None:
        """Allow the promotion of what has caught up again.

        8.4 says so on the node that was behind (after-resync-target), while that node's own
        device, ``minor``, does not show it yet; 9 on the one that was ahead (unfence-peer).
        """
        if resource is None:
            raise Undecided(f"{self._request.resource} is down here")
        if major < MANY_PEERS:
            behind = [
                volume.number
                for volume in resource.volumes.values()
                if volume.disk != words.UP_TO_DATE and volume.minor != self._request.minor
            ]
            if behind:
                self._say(f"volume {behind[0]} has yet to catch up: nothing is changed")
                return
        node = self._request.node if major < MANY_PEERS else self._request.peer
        self._cluster.allow(self._request.resource, node)
        self._say(f"{node} can be promoted again")


def read_policy(shown: str) -> str:
    """The setting `fencing` in what `drbdsetup show` printed; "dont-care" is the default.

    8.4 has it among the options of a disk, 9 among those of a connection.
    """
    for line in shown.split("\n"):
        parts = line.partition("#")[0].replace(";", " ").split()
        if len(parts) == 2 and parts[0] == "fencing":  # noqa: PLR2004 - a setting and its value
            return parts[1]
    return "dont-care"


def _constraint(clone: str, resource: str, node: str) -> etree._Element:
    name = name_constraint(resource, node)
    location = etree.Element("rsc_location", id=name, rsc=clone)
    rule = etree.SubElement(location, "rule", id=f"{name}.rule", role="Promoted", score="-INFINITY")
    etree.SubElement(
        rule,
        "expression",
        id=f"{name}.expression",
        attribute="#uname",
        operation="eq",
        value=node,
    )
    return location


def _parse(document: bytes) -> etree._Element:
    parser = etree.XMLParser(
        no_network=True, load_dtd=False, resolve_entities=False, huge_tree=True
    )
    try:
        return etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise Undecided(f"the cluster did not answer in XML: {error}") from error

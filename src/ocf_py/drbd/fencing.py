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

from . import words
from .cluster import Undecided
from .constraint import name_constraint
from .tools import MANY_PEERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .cluster import Pacemaker
    from .picture import Resource

UNDECIDED, OUTDATED, UNREACHABLE, PEER_PROMOTED, FENCED = 1, 4, 5, 6, 7
_INTERVAL = 1.0  # seconds between two looks at the cluster


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

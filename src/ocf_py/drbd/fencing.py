"""The fence-peer handler: makes sure that a peer cannot be promoted, or says that it cannot.

DRBD runs it on a node that is promoted and has lost a peer, and before it promotes one that has not
heard of its peer; with `fencing resource-and-stonith` all I/O waits for its answer. Its exit codes
are DRBD's (drbd.conf(5), the kernel's `conn_try_outdate_peer`):

3 the peer's disk is inconsistent; 4 it is outdated, or cannot be promoted; 5 it is out of reach and
taken for dead; 6 it is promoted, and we are not; 7 it was fenced. Any other leaves I/O frozen.

Nothing is said that is not proven: where the cluster cannot tell in time, the answer is 1. What
is proven has been looked at after the constraint was written.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from ocf_py.outcomes import Failure

from .cluster import Unanswered, Undecided
from .constraint import name_constraint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .cluster import Configuration, Pacemaker, Standing
    from .picture import Peer, Resource

UNDECIDED, OUTDATED, UNREACHABLE, PEER_PROMOTED, FENCED = 1, 4, 5, 6, 7
_INTERVAL = 1.0  # seconds between two looks at the cluster
_WITHDRAWALS = 3  # attempts to take back what was written for a promotion that is refused


class Request:
    """What DRBD asks: about which resource, here (``node``) and there (``peer``), by host names.

    ``peer_id`` is the peer's number in DRBD 9, where a connection may have any name; -1 in 8.4.
    """

    def __init__(self, resource: str, node: str, peer: str, peer_id: int = -1) -> None:
        self.resource = resource
        self.node = node
        self.peer = peer
        self.peer_id = peer_id


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
    return Request(resource, node, there, int(peer) if peer.isdigit() else -1)


class Patience:
    """How long a call of the handler may take, its every question to a tool included.

    Without ``seconds`` it is `PROMOTION` at first, for which a promotion waits: DRBD asks up to
    four times for one (max_tries in its drbd_set_role), and all are to end before the action does.
    Where the resource is promoted it is `SERVING`: DRBD asks once, and I/O that nobody has
    thawed by the end stays frozen though the peer be fenced a minute later. drbdadm itself gives a
    handler 600 seconds (its SLEEPS_VERY_LONG), the last tool that this asks included.
    """

    PROMOTION, SERVING = 15.0, 560.0

    def __init__(self, seconds: float | None = None) -> None:
        self._end = time.monotonic() + (self.PROMOTION if seconds is None else seconds)
        self._is_given = seconds is not None

    @property
    def remaining(self) -> float:
        """Seconds, 0 where none are left."""
        return max(self._end - time.monotonic(), 0.0)

    def serve(self) -> None:
        """Have the time of a resource that is promoted."""
        if not self._is_given:
            self._end += self.SERVING - self.PROMOTION


class Handler:
    """One call of a handler. ``look`` tells how the resource is here; None says that it is down.

    ``is_vouched`` tells whether who promotes knows that what is only Consistent here is current.
    """

    def __init__(
        self,
        request: Request,
        cluster: Pacemaker,
        look: Callable[[], Resource | None],
        patience: Patience,
        say: Callable[[str], None],
        is_vouched: Callable[[], bool] = lambda: False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._request = request
        self._cluster = cluster
        self._look_here = look
        self._patience = patience
        self._say = say
        self._is_vouched = is_vouched
        self._sleep = sleep
        self._has_forbidden = False
        self._has_answered = False

    def fence(self, policy: str, booted: float, mark: Callable[[], object]) -> int:
        """Fence the peer; the exit code for DRBD. Undecided says why there is none.

        ``policy`` is the setting `fencing` of the resource, ``booted`` when this machine was, in
        seconds of the epoch. ``mark`` is called before the cluster is told to promote no peer.
        """
        resource = self._look_patiently()
        bad = resource.bad_disks
        if bad and not resource.has_access:
            raise Undecided(f"the disks here are {', '.join(sorted(bad))}: no better than a peer's")
        if resource.is_primary:
            self._patience.serve()
        try:
            return self._settle(resource, policy, booted, mark)
        except Undecided:
            # A promotion that is refused leaves the peer free. One that serves may have written
            # what the peer has not: there the constraint stays until the peer has caught up.
            if self._has_forbidden and not resource.is_primary:
                self._withdraw()
            raise

    def _settle(
        self, resource: Resource, policy: str, booted: float, mark: Callable[[], object]
    ) -> int:
        """Ask again and again, until the cluster can tell what has become of the peer.

        I/O, or a promotion, waits for each of the questions: a few, and not one a fact. A tool that
        fails is asked again: a cluster manager that restarts answers nobody for a while.
        """
        while True:
            try:
                answer = self._judge(resource, policy, booted, mark)
            except Unanswered as error:
                answer = str(error)
            if isinstance(answer, int):
                return answer
            self._wait(answer)

    def _judge(
        self, resource: Resource, policy: str, booted: float, mark: Callable[[], object]
    ) -> int | str:
        """What is to be said of the peer now, or why there is nothing yet."""
        peer = self._request.peer
        is_sure = resource.is_up_to_date or resource.is_primary
        standing, configuration = self._cluster.look(), self._cluster.read()
        clone = configuration.find_clone(self._request.resource)
        is_there = standing.is_online(peer)
        is_promoted = is_there and standing.is_promoted(clone, peer)
        if is_promoted and not resource.is_primary:
            self._say(f"{peer} is promoted: this node's data becomes Outdated")
            return PEER_PROMOTED
        obstacle = self._find_obstacle(resource, standing, configuration, is_promoted=is_promoted)
        if obstacle:
            return obstacle
        is_new = self._forbid(configuration, clone, mark)
        if standing.is_dead(peer):
            return self._judge_dead(standing, policy, booted, is_sure=is_sure)
        if self._has_answered and is_there and not is_new:
            return self._judge_there(is_sure=is_sure)
        if is_there and self._cluster.answers(peer):
            self._has_answered = True  # what has happened until then is looked at once more
            return self._judge(resource, policy, booted, mark)
        return f"{peer} was not fenced in time"

    def _find_obstacle(
        self,
        resource: Resource,
        standing: Standing,
        configuration: Configuration,
        *,
        is_promoted: bool,
    ) -> str:
        """Why nothing can be said, nor be written: "" if nothing is in the way."""
        if is_promoted:  # of two primaries the cluster may be about to fence one
            return f"{self._request.peer} is promoted as well: an admin has to decide"
        if configuration.is_forbidden(self._request.resource, self._request.node):
            return self._find_fenced(resource)
        # Whom a minority takes for dead may be promoted by the majority, which has the say.
        return "" if standing.has_quorum else "this part of the cluster has no quorum"

    def _find_fenced(self, resource: Resource) -> str:
        """Why there is nothing to be said yet by one whom a peer has fenced."""
        why = f"a peer has fenced {self._request.node}"
        if self._has_forbidden and resource.is_primary:
            return why  # they fence each other: the peer will find this one promoted, and give in
        raise Undecided(why)

    def _forbid(self, configuration: Configuration, clone: str, mark: Callable[[], object]) -> bool:
        """Have the cluster promote no peer; whether that was not so yet."""
        name, peer = self._request.resource, self._request.peer
        if configuration.is_forbidden(name, peer):
            return False
        mark()
        self._has_forbidden = True  # though it may be told as failed
        self._cluster.forbid(clone, name, peer)
        self._say(f"{peer} must not be promoted: {name_constraint(name, peer)}")
        return True

    def _judge_there(self, *, is_sure: bool) -> int:
        """What is to be said of a node that is there, and knows that it must not be promoted."""
        if not is_sure:
            raise Undecided(f"{self._request.peer} is there, and the data here is only Consistent")
        return OUTDATED

    def _judge_dead(self, standing: Standing, policy: str, booted: float, *, is_sure: bool) -> int:
        """What is to be said of a node that runs nothing: fenced, shut down, or left alone."""
        peer = self._request.peer
        if not standing.fences:
            if policy == "resource-only" and is_sure:
                self._say(f"{peer} is out of reach, taken for dead: the cluster fences nobody")
                return UNREACHABLE
            raise Undecided(f"{peer} is out of reach, and the cluster has fencing turned off")
        was_fenced = standing.was_fenced(peer, booted)
        if not is_sure and not (was_fenced and self._is_vouched()):
            # That it was shot makes the data here no newer than it is.
            told = "was fenced" if was_fenced else "was not fenced"
            raise Undecided(f"{peer} {told}, and the data here is only Consistent")
        if was_fenced:
            return FENCED
        self._say(f"{peer} is off: it was shut down in order")
        return UNREACHABLE

    def _wait(self, why: str) -> None:
        """Wait a little. Undecided where the time is up, or DRBD does not need to know any more."""
        if self._patience.remaining <= 0:
            raise Undecided(why)
        self._sleep(_INTERVAL)
        try:
            peer = self._find_peer(self._look())
        except Unanswered:
            return  # so much the less is known of the peer
        if peer is not None and peer.is_connected:
            if self._has_forbidden and peer.is_up_to_date:
                self._withdraw()
            raise Undecided(f"{self._request.peer} is connected again")

    def _withdraw(self) -> None:
        """Leave the peer free, whom this call has forbidden. Undecided where that fails."""
        for left in reversed(range(_WITHDRAWALS)):
            try:
                self._cluster.allow(self._request.resource, self._request.peer)
            except Unanswered as error:
                if not left:
                    name = name_constraint(self._request.resource, self._request.peer)
                    raise Undecided(
                        f"{name} stays, and is to be removed by hand: {error}"
                    ) from None
                self._sleep(_INTERVAL)
            else:
                self._has_forbidden = False
                return

    def _find_peer(self, resource: Resource) -> Peer | None:
        return resource.find_peer(self._request.peer, self._request.peer_id)

    def _look_patiently(self) -> Resource:
        """The first look: nothing is known before it."""
        while True:
            try:
                return self._look()
            except Unanswered:
                if self._patience.remaining <= 0:
                    raise
                self._sleep(_INTERVAL)

    def _look(self) -> Resource:
        try:
            resource = self._look_here()
        except Failure as failure:
            raise Unanswered(str(failure)) from failure
        if resource is None:
            raise Undecided(f"{self._request.resource} is down here")
        return resource

    def unfence(self) -> None:
        """Allow the promotion of what has caught up again.

        By the view of the node that is promoted: another learns up to ten seconds later that the
        link is gone, and would free a peer that was fenced for that very loss. Where nobody is
        promoted, and so nobody writes, any other's will do.
        """
        resource, peer = self._look(), self._request.peer
        clone = self._cluster.read().find_clone(self._request.resource)
        is_written = resource.find_primary() or self._cluster.look().is_promoted(clone, peer)
        if is_written and not resource.is_primary:
            self._say(f"nothing is changed: where {resource.name} is promoted, {peer} is judged")
            return
        if not self._has_caught_up(resource):
            self._say(f"{peer} has yet to catch up: nothing is changed")
            return
        self._cluster.allow(self._request.resource, peer)
        if not self._has_caught_up(self._look()):
            self._cluster.forbid(clone, self._request.resource, peer)
            self._say(f"{peer} was lost a moment ago: it must not be promoted")
            return
        self._say(f"{peer} can be promoted again")

    def _has_caught_up(self, resource: Resource) -> bool:
        """Whether the peer is connected, with all of the data."""
        peer = self._find_peer(resource)
        return peer is not None and peer.is_up_to_date

"""One resource of DRBD as this node sees it: role, disks, peers, and what differs between them."""

from __future__ import annotations

from . import words


class Volume:
    """One volume's local disk: ``size`` in KiB, ``disk`` one of `words.DISKS`.

    ``is_client`` is true for one that is without a disk on purpose (9 alone). Without quorum
    (9 alone) nothing can be written.
    """

    __slots__ = ("disk", "has_quorum", "is_client", "minor", "number", "size")

    def __init__(
        self, number: int, minor: int, disk: str, size: int, *, is_client: bool, has_quorum: bool
    ) -> None:
        self.number = number
        self.minor = minor
        self.disk = disk
        self.size = size
        self.is_client = is_client
        self.has_quorum = has_quorum


class PeerVolume:
    """One volume on one peer: ``out_of_sync`` in KiB; ``resync_suspended`` is "" or by whom.

    ``is_client`` is true where the peer is without a disk on purpose (9 alone).
    """

    __slots__ = ("disk", "is_client", "number", "out_of_sync", "replication", "resync_suspended")

    def __init__(
        self,
        number: int,
        disk: str,
        replication: str,
        out_of_sync: int,
        resync_suspended: str,
        *,
        is_client: bool = False,
    ) -> None:
        self.number = number
        self.disk = disk
        self.replication = replication
        self.out_of_sync = out_of_sync
        self.resync_suspended = resync_suspended
        self.is_client = is_client


class Peer:
    """One connection: the peer's name (its host's on 9), its role, and its volumes by number."""

    __slots__ = ("connection", "name", "node_id", "role", "volumes")

    def __init__(self, node_id: int, name: str, connection: str, role: str) -> None:
        self.node_id = node_id
        self.name = name
        self.connection = connection
        self.role = role
        self.volumes: dict[int, PeerVolume] = {}

    @property
    def is_connected(self) -> bool:
        """Whether it hears us."""
        return self.connection == words.CONNECTED

    @property
    def stands_alone(self) -> bool:
        """Whether this node looks for it no more: after a split brain, or as it was told."""
        return self.connection == words.STAND_ALONE

    @property
    def is_up_to_date(self) -> bool:
        """Whether it is there with good data in every volume."""
        return self.is_connected and {one.disk for one in self.volumes.values()} == {
            words.UP_TO_DATE
        }

    @property
    def is_client(self) -> bool:
        """Whether it is without any disk on purpose."""
        return bool(self.volumes) and all(one.is_client for one in self.volumes.values())

    @property
    def is_well(self) -> bool:
        """Whether it is there with all that it is to have."""
        return self.is_up_to_date or (self.is_connected and self.is_client)

    @property
    def is_known(self) -> bool:
        """Whether the state of its every disk is known, be it from before it was lost."""
        return bool(self.volumes) and all(
            one.is_client or one.disk != words.UNKNOWN for one in self.volumes.values()
        )

    @property
    def out_of_sync(self) -> int:
        """KiB that differ, in all volumes."""
        return sum(one.out_of_sync for one in self.volumes.values())

    def replicates(self, states: frozenset[str]) -> bool:
        """Whether any of its volumes is in one of these states."""
        return any(one.replication in states for one in self.volumes.values())


class Resource:
    """The whole: ``suspended`` is "" or why I/O is frozen ("fencing", "quorum", "user", ...).

    ``strange`` has what DRBD said of a peer in no word that we know ("n2 is replication:Later"),
    or not at all ("volume 1 on n2").
    """

    __slots__ = ("name", "peers", "role", "strange", "suspended", "volumes")

    def __init__(self, name: str, role: str, suspended: str) -> None:
        self.name = name
        self.role = role
        self.suspended = suspended
        self.volumes: dict[int, Volume] = {}
        self.peers: dict[int, Peer] = {}
        self.strange: list[str] = []

    @property
    def is_primary(self) -> bool:
        """Whether it is promoted here."""
        return self.role == words.PRIMARY

    @property
    def minors(self) -> list[int]:
        """The minor numbers of its devices, in the order of the volumes."""
        return [one.minor for one in self.volumes.values()]

    @property
    def disks(self) -> frozenset[str]:
        """The states that its local disks are in."""
        return frozenset(one.disk for one in self.volumes.values())

    @property
    def bad_disks(self) -> frozenset[str]:
        """The states of local disks that are behind or gone, as a Consistent one need not be."""
        return self.disks - {words.UP_TO_DATE, words.CONSISTENT}

    @property
    def is_up_to_date(self) -> bool:
        """Whether every local disk is."""
        return self.disks == {words.UP_TO_DATE}

    @property
    def is_well(self) -> bool:
        """Whether every disk is UpToDate, here and on every peer, which are all connected."""
        return (
            self.is_up_to_date
            and bool(self.peers)
            and not self.strange
            and all(one.is_well for one in self.peers.values())
        )

    @property
    def has_quorum(self) -> bool:
        """Whether no volume has lost it."""
        return all(one.has_quorum for one in self.volumes.values())

    @property
    def has_access(self) -> bool:
        """Whether good data of every volume can be read, here or through a connected peer."""
        return bool(self.volumes) and all(self.can_read(one) for one in self.volumes.values())

    @property
    def is_cut_off(self) -> bool:
        """Whether good data is certainly out of reach: a word that is not known may be a peer's."""
        return not self.has_access and not self.strange

    def can_read(self, volume: Volume) -> bool:
        """Whether good data of one volume is within reach."""
        return volume.disk == words.UP_TO_DATE or any(
            peer.is_connected
            and volume.number in peer.volumes
            and peer.volumes[volume.number].disk == words.UP_TO_DATE
            for peer in self.peers.values()
        )

    def find_peer(self, name: str, number: int = -1) -> Peer | None:
        """The peer of a number or a name; 8.4, which knows neither, has but one."""
        if number in self.peers:
            return self.peers[number]
        named = [one for one in self.peers.values() if one.name == name]
        return next(iter(named or (self.peers.values() if len(self.peers) == 1 else ())), None)

    def find_primary(self) -> Peer | None:
        """The peer that is promoted, if one is seen to be."""
        return next((one for one in self.peers.values() if one.role == words.PRIMARY), None)

    def percent_in_sync(self, peer: Peer) -> float:
        """How much of the data the peer and we have alike, in percent to one decimal, rounded down.

        100.0 is all of it, and nothing less is.
        """
        size = sum(one.size for one in self.volumes.values())
        same = max(size - peer.out_of_sync, 0)
        return same * 1000 // size / 10 if size else 100.0

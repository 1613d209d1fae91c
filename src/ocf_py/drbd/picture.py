"""One resource of DRBD as this node sees it, read from `drbdsetup events2 --now --statistics`.

The one source that says everything, in one format, on 8.4 and on 9: `status` leaves a StandAlone
connection out, /proc/drbd knows no names, and 8.4 has no JSON (nor has a monitor the time for
Python's). Its last line is "exists -", so that a part is never taken for the whole.
"""

from __future__ import annotations

from . import words

_END = ["exists", "-"]
_STATELESS = ("path", "helper")
_NAMELESS = "the peer"  # 8.4 prints "peer", or nothing, for the one it has
_LONGEST = 160  # characters of a line that is shown


class PictureUnreadable(ValueError):  # noqa: N818 - says what is
    """What drbdsetup printed is no picture of a resource; the message shows the line."""


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
    """One volume on one peer: ``out_of_sync`` in KiB; ``resync_suspended`` is "" or by whom."""

    __slots__ = ("disk", "number", "out_of_sync", "replication", "resync_suspended")

    def __init__(
        self, number: int, disk: str, replication: str, out_of_sync: int, resync_suspended: str
    ) -> None:
        self.number = number
        self.disk = disk
        self.replication = replication
        self.out_of_sync = out_of_sync
        self.resync_suspended = resync_suspended


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
    def is_up_to_date(self) -> bool:
        """Whether it is there with good data in every volume."""
        return self.is_connected and {one.disk for one in self.volumes.values()} == {
            words.UP_TO_DATE
        }

    @property
    def is_known(self) -> bool:
        """Whether the state of its every disk is known, be it from before it was lost."""
        return bool(self.volumes) and all(
            one.disk != words.UNKNOWN for one in self.volumes.values()
        )

    @property
    def out_of_sync(self) -> int:
        """KiB that differ, in all volumes."""
        return sum(one.out_of_sync for one in self.volumes.values())

    def replicates(self, states: frozenset[str]) -> bool:
        """Whether any of its volumes is in one of these states."""
        return any(one.replication in states for one in self.volumes.values())


class Resource:
    """The whole: ``suspended`` is "" or why I/O is frozen ("fencing", "quorum", "user", ...)."""

    __slots__ = ("name", "peers", "role", "suspended", "volumes")

    def __init__(self, name: str, role: str, suspended: str) -> None:
        self.name = name
        self.role = role
        self.suspended = suspended
        self.volumes: dict[int, Volume] = {}
        self.peers: dict[int, Peer] = {}

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
    def is_up_to_date(self) -> bool:
        """Whether every local disk is."""
        return self.disks == {words.UP_TO_DATE}

    @property
    def has_quorum(self) -> bool:
        """Whether no volume has lost it."""
        return all(one.has_quorum for one in self.volumes.values())

    @property
    def has_access(self) -> bool:
        """Whether good data of every volume can be read, here or through a connected peer."""
        return bool(self.volumes) and all(self._can_read(one) for one in self.volumes.values())

    def _can_read(self, volume: Volume) -> bool:
        return volume.disk == words.UP_TO_DATE or any(
            peer.is_connected
            and volume.number in peer.volumes
            and peer.volumes[volume.number].disk == words.UP_TO_DATE
            for peer in self.peers.values()
        )

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


def parse(text: str, name: str) -> Resource | None:
    """Read the picture of the resource ``name``; None if the kernel has none of that name.

    PictureUnreadable where the output is not whole, or is not understood in full.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or lines[-1].split() != _END:
        last = f"ends with {_show(lines[-1])}" if lines else "is empty"
        raise PictureUnreadable(f"what drbdsetup printed {last}, not with 'exists -'")
    found: Resource | None = None
    for line in lines[:-1]:
        try:
            found = _take_in(found, line, name)
        except KeyError as missing:
            raise PictureUnreadable(
                f"drbdsetup printed {_show(line)}, without {missing.args[0]}"
            ) from missing
        except ValueError as error:
            raise PictureUnreadable(f"drbdsetup printed {_show(line)}, which {error}") from error
    if found is not None:
        _check_whole(found)
    return found


def _take_in(found: Resource | None, line: str, name: str) -> Resource | None:
    """The picture with what one more line says; KeyError or ValueError say what is wrong."""
    kind, fields = _read_line(line)
    if kind in _STATELESS:
        return found
    if fields["name"] != name:
        raise ValueError("is of another resource")
    if kind == "resource":
        return _read_resource(fields)
    if found is None:
        raise ValueError("comes before its resource")
    if kind not in _READERS:
        raise ValueError("is of a kind that DRBD does not document")
    _READERS[kind](found, fields)
    return found


def _read_line(line: str) -> tuple[str, dict[str, str]]:
    event, *rest = line.split()
    if event != "exists" or not rest:
        raise ValueError("tells no state")
    fields = {}
    for word in rest[1:]:
        key, colon, value = word.partition(":")
        if not colon or not value:
            raise ValueError(f"holds {word!r}, which is no key and value")
        fields[key] = value
    return rest[0], fields


def _read_resource(fields: dict[str, str]) -> Resource:
    role = _word(fields, "role", words.ROLES)
    return Resource(fields["name"], role, _reason(fields["suspended"]))


def _read_connection(resource: Resource, fields: dict[str, str]) -> None:
    node_id = _number(fields, "peer-node-id")
    name = fields.get("conn-name", "peer")
    connection = _word(fields, "connection", words.CONNECTIONS)
    role = _word(fields, "role", words.ROLES)
    name = _NAMELESS if name == "peer" else name
    resource.peers[node_id] = Peer(node_id, name, connection, role)


def _read_device(resource: Resource, fields: dict[str, str]) -> None:
    number = _number(fields, "volume")
    resource.volumes[number] = Volume(
        number,
        _number(fields, "minor"),
        _word(fields, "disk", words.DISKS),
        _number(fields, "size"),
        is_client=fields.get("client", "no") == "yes",
        has_quorum=fields.get("quorum", "yes") == "yes",
    )


def _read_peer_device(resource: Resource, fields: dict[str, str]) -> None:
    peer = resource.peers.get(_number(fields, "peer-node-id"))
    if peer is None:
        raise ValueError("comes before its connection")
    number = _number(fields, "volume")
    peer.volumes[number] = PeerVolume(
        number,
        _word(fields, "peer-disk", words.DISKS),
        _word(fields, "replication", words.REPLICATIONS),
        _number(fields, "out-of-sync"),
        _reason(fields["resync-suspended"]),
    )


_READERS = {
    "connection": _read_connection,
    "device": _read_device,
    "peer-device": _read_peer_device,
}


def _check_whole(resource: Resource) -> None:
    """Refuse a picture in which a peer knows other volumes than we have."""
    for peer in resource.peers.values():
        if peer.volumes.keys() != resource.volumes.keys():
            raise PictureUnreadable(
                f"drbdsetup printed volumes {[*resource.volumes]} here and {[*peer.volumes]} "
                f"on {peer.name}"
            )


def _word(fields: dict[str, str], key: str, known: frozenset[str]) -> str:
    word = fields[key]
    if word not in known:
        raise ValueError(f"says {key}:{word}, which DRBD does not document")
    return word


def _number(fields: dict[str, str], key: str) -> int:
    text = fields[key]
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"says {key}:{text}, which is no number")
    return int(text)


def _reason(text: str) -> str:
    return "" if text == "no" else text


def _show(line: str) -> str:
    """The line as it can stand in a message."""
    return repr(line if len(line) <= _LONGEST else line[:_LONGEST] + "...")

"""Reads the picture of a resource from `drbdsetup events2 --now --statistics`.

The one source that says everything, in one format, on 8.4 and on 9: `status` leaves a StandAlone
connection out, /proc/drbd knows no names, and 8.4 has no JSON (nor has a monitor the time for
Python's). Its last line is "exists -", so that a part is never taken for the whole.
"""

from __future__ import annotations

from . import words
from .picture import Peer, PeerVolume, Resource, Volume

_END = ["exists", "-"]
_NAMELESS = "the peer"  # 8.4 prints "peer", or nothing, for the one it has
_LONGEST = 160  # characters of a line that is shown


class PictureUnreadable(ValueError):  # noqa: N818 - says what is
    """What drbdsetup printed is no picture of a resource; the message shows the line."""


def parse(text: str, name: str) -> Resource | None:
    """Read the picture of the resource ``name``; None if the kernel has none of that name.

    PictureUnreadable where the output is not whole, or says something of this node that is not
    understood. What is strange of a peer counts as not known, and is in the picture as such.
    """
    found: Resource | None = None
    for line in _split(text):
        event, *rest = line.split()
        if event != "exists" or not rest:
            continue  # which tells no state
        try:
            found = take_in(found, rest[0], _read_fields(rest[1:]), name)
        except (KeyError, ValueError) as error:
            raise complain(show(line), error) from error
    if found is not None:
        complete(found)
    return found


def is_nothing(text: str, name: str) -> bool:
    """Whether it is proven that the kernel has no resource of that name, in whatever state."""
    lines = [line.split() for line in text.split("\n") if line.strip()]
    return lines[-1:] == [_END] and not any(f"name:{name}" in line for line in lines)


def _split(text: str) -> list[str]:
    """The lines of what has to be whole, without the last one, which says that it is."""
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or lines[-1].split() != _END:
        last = f"ends with {show(lines[-1])}" if lines else "is empty"
        raise PictureUnreadable(f"what drbdsetup printed {last}, not with 'exists -'")
    return lines[:-1]


def take_in(
    found: Resource | None, kind: str, fields: dict[str, str], name: str
) -> Resource | None:
    """The picture with one more object in it; KeyError or ValueError say what is wrong with it."""
    if kind != "resource" and kind not in _OURS and kind not in _THEIRS:
        return found  # a path, a helper, or what a later DRBD tells of besides
    if fields["name"] != name:
        raise ValueError("is of another resource")
    if kind == "resource":
        return _read_resource(fields)
    if found is None:
        raise ValueError("comes before its resource")
    if kind in _OURS:
        _OURS[kind](found, fields)
        return found
    try:
        _THEIRS[kind](found, fields)
    except (KeyError, ValueError) as error:
        found.strange.append(f"a {kind} {_explain(error)}")
    return found


def _read_fields(told: list[str]) -> dict[str, str]:
    parts = [word.partition(":") for word in told]
    return {key: value for key, _, value in parts if value}


def _read_resource(fields: dict[str, str]) -> Resource:
    role = _word(fields, "role", words.ROLES)
    return Resource(fields["name"], role, _reason(fields["suspended"]))


def _read_connection(resource: Resource, fields: dict[str, str]) -> None:
    node_id = _number(fields, "peer-node-id")
    name = fields.get("conn-name", "peer")
    name = _NAMELESS if name == "peer" else name
    peer = Peer(node_id, name, fields["connection"], fields["role"])
    if peer.connection not in words.CONNECTIONS:  # it counts as not connected
        _call_strange(resource, peer, "connection", peer.connection)
    if peer.role not in words.ROLES:
        _call_strange(resource, peer, "role", peer.role)
        peer.role = words.UNKNOWN_ROLE
    resource.peers[node_id] = peer


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
    disk, replication = fields["peer-disk"], fields["replication"]
    if disk not in words.DISKS:
        _call_strange(resource, peer, "disk", disk)
        disk = words.UNKNOWN
    if replication not in words.REPLICATIONS:
        _call_strange(resource, peer, "replication", replication)
    peer.volumes[number] = PeerVolume(
        number,
        disk,
        replication,
        _number(fields, "out-of-sync"),
        _reason(fields["resync-suspended"]),
        is_client=fields.get("peer-client", "no") == "yes",
    )


def _call_strange(resource: Resource, peer: Peer, what: str, word: str) -> None:
    resource.strange.append(f"{peer.name} is {what}:{word}")


_OURS = {"device": _read_device}
_THEIRS = {"connection": _read_connection, "peer-device": _read_peer_device}


def complete(resource: Resource) -> None:
    """Take what a peer has not told for not known; refuse a picture that lacks a volume of ours."""
    for peer in resource.peers.values():
        if peer.volumes.keys() - resource.volumes.keys():
            raise PictureUnreadable(
                f"drbdsetup printed volumes {[*resource.volumes]} here and {[*peer.volumes]} "
                f"on {peer.name}"
            )
        for number in resource.volumes.keys() - peer.volumes.keys():
            peer.volumes[number] = PeerVolume(number, words.UNKNOWN, words.OFF, 0, "")
            resource.strange.append(f"volume {number} on {peer.name}")


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


def complain(shown: str, error: KeyError | ValueError) -> PictureUnreadable:
    """What is to be said of a part that `take_in` has refused."""
    return PictureUnreadable(f"drbdsetup printed {shown}, {_explain(error)}")


def _explain(error: KeyError | ValueError) -> str:
    return f"without {error.args[0]}" if isinstance(error, KeyError) else f"which {error}"


def show(line: str) -> str:
    """The line as it can stand in a message."""
    return repr(line if len(line) <= _LONGEST else line[:_LONGEST] + "...")


def read_policy(shown: str) -> str:
    """The setting `fencing` in what `drbdsetup show` printed; "dont-care" is the default.

    8.4 has it among the options of a disk, 9 among those of a connection.
    """
    for line in shown.split("\n"):
        parts = line.partition("#")[0].replace(";", " ").split()
        if len(parts) == 2 and parts[0] == "fencing":  # noqa: PLR2004 - a setting and its value
            return parts[1]
    return "dont-care"

"""Reads the picture of a resource from `drbdsetup status --json`, which DRBD 9 alone has.

Written from drbdsetup(8) and published samples, and never run on a live module of 9. It is for the
toolkit, which is given such output; the agent does not ask for it: json costs as much to import as
the rest of a monitor, and events2 says the same.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .reading import PictureUnreadable, complain, complete, show, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .picture import Resource

# What each kind of object is called here, by what it is called in events2.
_RESOURCE = {"name": "name", "role": "role"}
_DEVICE = {
    **{name: name for name in ("volume", "minor", "size", "client", "quorum")},
    "disk": "disk-state",
}
_CONNECTION = {
    "peer-node-id": "peer-node-id",
    "conn-name": "name",
    "connection": "connection-state",
    "role": "peer-role",
}
_PEER_DEVICE = {
    **{name: name for name in ("volume", "out-of-sync", "resync-suspended", "peer-client")},
    "peer-disk": "peer-disk-state",
    "replication": "replication-state",
}
_WHY_SUSPENDED = "suspended-"  # the beginning of the flags that say it; older ones say none
_UNSAID = "no reason told"


def parse_json(text: str, name: str) -> Resource | None:
    """Read the picture of the resource ``name``; None if it is not among them.

    PictureUnreadable where the output is not whole, or is not understood in full.
    """
    found: Resource | None = None
    for one in _load(text):
        if not isinstance(one, dict) or "name" not in one:
            raise PictureUnreadable(f"drbdsetup printed {_shorten(one)}, which has no name")
        if one["name"] == name:
            found = _read(one, name)
    return found


def _load(text: str) -> list[Any]:
    try:
        loaded = json.loads(text)
    except RecursionError as error:
        raise PictureUnreadable("drbdsetup printed what is nested too deep") from error
    except ValueError as error:
        number = getattr(error, "lineno", 1)
        line = (text.splitlines() or [""])[min(number, len(text.splitlines()) or 1) - 1]
        raise PictureUnreadable(f"drbdsetup printed {show(line)}, which is no JSON") from error
    if not isinstance(loaded, list):
        raise PictureUnreadable(f"drbdsetup printed {_shorten(loaded)}, which is no list")
    return loaded


def _read(one: dict[str, Any], name: str) -> Resource | None:
    found: Resource | None = None
    for kind, names, more, where in _list_objects(one):
        try:
            fields = {
                ours: _word(where[theirs]) for ours, theirs in names.items() if theirs in where
            }
            found = take_in(found, kind, {"name": name, **more, **fields}, name)
        except (KeyError, ValueError) as error:
            raise complain(_shorten(where), error) from error
    if found is not None:
        complete(found)
    return found


def _list_objects(
    one: dict[str, Any],
) -> Iterator[tuple[str, dict[str, str], dict[str, str], dict[str, Any]]]:
    """(kind, its names, fields that are told elsewhere, object), a resource before what it has."""
    yield "resource", _RESOURCE, {"suspended": _read_suspension(one)}, one
    for device in _list(one, "devices"):
        yield "device", _DEVICE, {}, device
    for connection in _list(one, "connections"):
        yield "connection", _CONNECTION, {}, connection
        more = {"peer-node-id": _word(connection.get("peer-node-id"))}
        for device in _list(connection, "peer_devices"):
            yield "peer-device", _PEER_DEVICE, more, device


def _list(one: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = one.get(name)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise PictureUnreadable(f"drbdsetup printed {_shorten(one)}, without a list of {name}")
    return found


def _read_suspension(one: dict[str, Any]) -> str:
    """In the words of events2: "no", or why."""
    if one.get("suspended") not in (True, False):
        raise PictureUnreadable(f"drbdsetup printed {_shorten(one)}, without suspended")
    begin = len(_WHY_SUSPENDED)
    why = [key[begin:] for key, is_so in one.items() if key.startswith(_WHY_SUSPENDED) and is_so]
    return ",".join(why) if why else _UNSAID if one["suspended"] else "no"


def _word(value: Any) -> str:
    """A value as events2 writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _shorten(value: Any) -> str:
    """An object without those within it, as it can stand in a message."""
    if isinstance(value, dict):
        value = {key: each for key, each in value.items() if not isinstance(each, list)}
    return show(json.dumps(value))

"""`drbdsetup status --json` of DRBD 9: the same picture as events2 gives, and never a guess."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ocf_py.drbd.json_reading import parse_json
from ocf_py.drbd.reading import PictureUnreadable, parse
from tests.unit.block_mirror.captures import WRITTEN, events_of_nine, read

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_STATUS = "drbdsetup status --json data"


def _spread(one: object) -> Any:
    """All that is in a picture, as plain values."""
    if isinstance(one, dict):
        return {key: _spread(value) for key, value in one.items()}
    names = [*getattr(type(one), "__slots__", ()), *getattr(one, "__dict__", ())]
    return {name: _spread(getattr(one, name)) for name in names} if names else one


def _status(name: str = "quorum-lost") -> str:
    (path,) = (one for one in WRITTEN if one.stem == name)
    return read(path, _STATUS)


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.stem)
def test_both_sources_give_the_same_picture(path: Path) -> None:
    picture = _spread(parse_json(read(path, _STATUS), "data"))
    assert picture["volumes"]
    assert picture["peers"]
    assert picture == _spread(parse(events_of_nine(path.stem), "data"))


def test_what_is_not_there_is_no_resource() -> None:
    assert parse_json("[]", "data") is None
    assert parse_json(_status(), "other") is None


def test_older_tools_do_not_say_why_it_is_frozen() -> None:
    document = json.loads(_status())
    kept = {key: value for key, value in document[0].items() if not key.startswith("suspended-")}
    found = parse_json(json.dumps([kept]), "data")
    assert found is not None
    assert found.suspended == "no reason told"


def test_output_that_was_cut_anywhere_is_an_error() -> None:
    whole = _status().strip()
    for end in range(0, len(whole), 7):
        with pytest.raises(PictureUnreadable, match="drbdsetup printed"):
            parse_json(whole[:end], "data")


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda one: one.update(role="Prim"), "role:Prim, which DRBD does not document"),
        (lambda one: one.pop("suspended"), "without suspended"),
        (lambda one: one.pop("devices"), "without a list of devices"),
        (lambda one: one["devices"].append(3), "without a list of devices"),
        (lambda one: one["devices"].clear(), "printed volumes"),
        (lambda one: one["devices"][0].pop("minor"), "without minor"),
        (lambda one: one["devices"][0].update(size=-1), "size:-1, which is no number"),
        (lambda one: one["devices"][0].update({"disk-state": None}), "disk:None, which"),
    ],
)
def test_what_is_wrong_is_an_error_that_shows_it(
    change: Callable[[Any], object], complaint: str
) -> None:
    document = json.loads(_status())
    change(document[0])
    with pytest.raises(PictureUnreadable, match=complaint):
        parse_json(json.dumps(document), "data")


def test_what_is_not_understood_of_a_peer_is_told_as_such() -> None:
    document = json.loads(_status("three-nodes-in-sync"))
    document[0]["connections"][0].pop("peer-node-id")
    document[0]["connections"][1]["peer_devices"][0]["replication-state"] = "On"
    found = parse_json(json.dumps(document), "data")
    assert found is not None
    assert [one.name for one in found.peers.values()] == ["n3"]
    assert found.strange[0] == "a connection without peer-node-id"
    assert found.strange[-1] == "n3 is replication:On"


@pytest.mark.parametrize("text", ["", "{}", "[3]", "[{}]", "[" * 100_000, "\0", "USAGE: drbdsetup"])
def test_what_is_no_answer_is_an_error(text: str) -> None:
    with pytest.raises(PictureUnreadable):
        parse_json(text, "data")

"""Holders that were found count, though the search for more had no end."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.storage_world import FakeStorageWorld, MortalStorage
from tests.filesystem.world import asked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.system.holders import Mounts


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeStorageWorld]:
    """Where one look finds one holder, and runs out of time."""
    find_holders = MortalStorage.find_holders

    def find_one(storage: MortalStorage, mounts: Mounts, seconds: float) -> Any:
        found, kernel, _ = find_holders(storage, mounts, seconds)
        return found[:1], kernel, "no answer within 1 s"

    monkeypatch.setattr(MortalStorage, "find_holders", find_one)
    with tempfile.TemporaryDirectory(prefix="fs") as folder:  # short, for the reason's sake
        yield FakeStorageWorld(Path(folder), monkeypatch)


def test_they_are_asked_to_go_and_then_the_others(world: FakeStorageWorld) -> None:
    one = asked(world)
    assert world.call("start", **one) == 0, world.reason
    holders = [world.hold(one["directory"]) for _ in range(3)]
    assert world.call("stop") == 0, world.reason
    assert not any(world.lives(holder) for holder in holders)


def test_the_reason_says_that_there_may_be_others(world: FakeStorageWorld) -> None:
    one = asked(world, name="m", force_unmount="false")
    assert world.call("start", **one) == 0, world.reason
    holder = world.hold(one["directory"])
    assert world.call("stop", timeout=3, **one) == 1
    assert f"pid {holder} (" in world.reason
    assert "; others, maybe: no answer" in world.reason

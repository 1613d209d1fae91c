"""A start waits for what can come, and for nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.deadline import Deadline
from tests.fakes.storage_world import FakeStorageWorld
from tests.filesystem.world import asked

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was waited for."""
    found: list[str] = []

    def note(deadline: Deadline, seconds: float, waiting_for: str) -> None:
        found.append(waiting_for)
        deadline.end = 0.0

    monkeypatch.setattr(Deadline, "sleep", note)
    return found


@pytest.mark.parametrize(
    ("device", "is_waited_for"),
    [
        ("/dev/nonexistent", True),
        ("/dev/mapper/../nonexistent", True),
        ("UUID=0b3ea0f0-1a2b-4c3d-8e4f-a0b1c2d3e4f5", True),
        ("/dev/null", False),
        ("/dev", False),
        ("/nonexistent", False),
        ("/dev/sda1 ", False),
    ],
)
def test_a_device_is_waited_for_if_it_can_come(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    waits: list[str],
    device: str,
    is_waited_for: bool,
) -> None:
    world = FakeStorageWorld(tmp_path, monkeypatch)
    assert world.call("start", **{**asked(world), "device": device}) in (2, 6)
    assert f"device={device!r} " in world.reason
    assert bool(waits) is is_waited_for

"""What several nodes may have mounted at once: types that no kernel here knows, on a fake."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fakes.storage_world import FakeStorageWorld
from tests.filesystem.world import RECURRING, asked

if TYPE_CHECKING:
    from pathlib import Path

_CLONE = {"clone": "0", "clone_max": "2"}


@pytest.mark.parametrize(("fstype", "code"), [("gfs2", 0), ("ocfs2", 0), ("ext4", 6)])
def test_a_clone_mounts_what_is_made_for_several_writers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fstype: str, code: int
) -> None:
    world = FakeStorageWorld(tmp_path, monkeypatch)
    one = {**asked(world), "fstype": fstype}
    assert world.call("start", meta=_CLONE, **one) == code, world.reason
    assert world.call("monitor", interval=RECURRING, meta=_CLONE, **one) == (0 if code == 0 else 7)
    assert world.call("stop", meta=_CLONE, **one) == 0, world.reason
    assert world.mounted(one["directory"]) == []


@pytest.mark.parametrize("fstype", ["gfs2", "ocfs2"])
def test_its_stop_leaves_what_else_is_mounted_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fstype: str
) -> None:
    world = FakeStorageWorld(tmp_path, monkeypatch)
    one = {**asked(world), "fstype": fstype}
    assert world.call("start", meta=_CLONE, **one) == 0, world.reason
    world.mount(one["device"], f"{world.base}/other", fstype)
    holder = world.hold(f"{world.base}/other")
    assert world.call("stop", meta=_CLONE) == 0, world.reason
    assert world.lives(holder)
    assert world.mounted(f"{world.base}/other") == [one["device"]]

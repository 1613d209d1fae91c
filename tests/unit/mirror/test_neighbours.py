"""What a start sees of the other mirrors that run on its node."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror import local
from ocf_py.mirror.settings import Settings
from ocf_py.mirror.status import RUNNING, Status, find_folders, write_status
from ocf_py.system.processes import identify

if TYPE_CHECKING:
    from pathlib import Path


def settle(run: Path, name: str, text: str, worker: str) -> None:
    """Have a worker's folder, with what is in its settings."""
    folder = run / "mirror" / name
    folder.mkdir(parents=True)
    (folder / "settings").write_text(text)
    write_status(str(folder), Status(worker, RUNNING))


def test_only_those_that_run_and_can_be_read_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive, dead = str(identify(1)), "1:1"
    text = json.dumps(
        {
            **dict.fromkeys(("node", "secrets_file", "trigger", "snapshot"), ""),
            **dict.fromkeys(("port", "interval", "max_lag", "max_delete", "min_free"), 0),
            **{name: [] for name in ("exclude", "promoted", "active")},
            "instance": "site",
            "addresses": {},
            "directory": "/srv/site",
            "store": "/srv/.site.mirror",
        }
    )
    settle(tmp_path, "alive", text, alive)
    settle(tmp_path, "dead", text, dead)
    settle(tmp_path, "older", '{"directory": "/srv/older"}', alive)
    settle(tmp_path, "newer", text.replace("{", '{"novelty": 1, ', 1), alive)
    settle(tmp_path, "broken", "{", alive)
    monkeypatch.setattr(local, "find_folders", lambda: find_folders(str(tmp_path)))
    assert [one.directory for one in local.find_running()] == ["/srv/site"]
    with pytest.raises(ValueError, match="of another version"):
        Settings.read(str(tmp_path / "mirror/older"))


def test_where_no_mirror_was_ever_started_there_is_none(tmp_path: Path) -> None:
    assert find_folders(str(tmp_path)) == []

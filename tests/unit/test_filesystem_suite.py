"""Filesystem's checks over a fake storage: runner, agent and record, without a kernel."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.storage_world import FakeStorageWorld
from tests.filesystem.suite import every_check

if TYPE_CHECKING:
    import pytest

    from tests.filesystem.world import Check


@every_check
def test_the_agent_over_a_fake_storage(monkeypatch: pytest.MonkeyPatch, check: Check) -> None:
    # Not in pytest's own folder, whose long name would fill the exit reasons.
    with tempfile.TemporaryDirectory(prefix="fs") as folder:
        check(FakeStorageWorld(Path(folder), monkeypatch))

"""Service's checks over fake processes: the runner, the agent and its record, without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.service_world import FakeServiceWorld
from tests.service.suite import every_check

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.world import Check


@every_check
def test_the_agent_over_fake_processes(tmp_path: Path, check: Check) -> None:
    check(FakeServiceWorld(tmp_path))

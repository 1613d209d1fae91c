"""IPaddr's checks over the fake network: the runner, the agent and its record, without a kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.world import FakeWorld
from tests.ipaddr.suite import every_check

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.ipaddr.world import Check


@every_check
def test_the_agent_over_a_fake_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: Check
) -> None:
    check(FakeWorld(tmp_path, monkeypatch))

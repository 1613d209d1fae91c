"""What the unit tests share: a panel, and one call of the runner in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from ocf_py.environment import Environment
from ocf_py.runner import run
from ocf_py.start_record import RecordFile, StartRecord
from tests.fakes.lamp import Panel

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py import Agent

# How long an example takes says nothing on a machine that does other work beside it.
settings.register_profile("unit", deadline=None, database=None)
settings.load_profile("unit")


@pytest.fixture
def panel() -> Panel:
    Panel.current = Panel()
    return Panel.current


class Caller:
    """Calls the runner as Pacemaker would, with a record directory of its own."""

    def __init__(self, agent: type[Agent], directory: Path) -> None:
        self.agent = agent
        self.file = RecordFile(agent.__name__, "vip", str(directory / "ocfpy"))
        self.scores: list[str] = []

    def __call__(
        self,
        action: str,
        parameters: dict[str, str] | None = None,
        *,
        interval: int = 0,
        level: int = 0,
        timeout: int = 20_000,
        **more: str,
    ) -> int:
        variables = {
            "OCF_RESOURCE_INSTANCE": "vip",
            "HA_LOGFACILITY": "none",
            "OCF_RESKEY_CRM_meta_timeout": str(timeout),
            "OCF_RESKEY_CRM_meta_interval": str(interval),
            "OCF_CHECK_LEVEL": str(level),
            **{f"OCF_RESKEY_{name}": text for name, text in (parameters or {}).items()},
            **more,
        }
        return run(self.agent, [action], Environment(variables), self.file)

    def call(self, action: str, parameters: dict[str, str], variables: dict[str, str]) -> int:
        """Call it with more variables of the environment than those that all calls have."""
        return self(action, parameters, interval=0, level=0, timeout=20_000, **variables)

    def record(self, **parameters: str) -> None:
        """Leave the record of a start with these parameters."""
        self.file.write(StartRecord(parameters))

    @property
    def recorded(self) -> dict[str, str] | None:
        record = self.file.read()
        return record.parameters if record else None

    @property
    def facts(self) -> dict[str, str]:
        record = self.file.read()
        return record.facts if record else {}

    def spoil_record(self) -> None:
        self.record(lamp="x")
        with open(self.file.path, "w", encoding="ascii") as file:
            file.write("ocfpy-record 1\nboot ")

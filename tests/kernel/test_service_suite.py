"""Service's checks on a real kernel: with a control group, and told by session alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.conformance.sandbox import Sandbox
from tests.kernel.service_world import KernelServiceWorld
from tests.service.suite import every_check

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.service.world import Check


@pytest.fixture(params=["cgroup", "session"])
def service_world(
    request: pytest.FixtureRequest, installed_agents: Path
) -> Iterator[KernelServiceWorld]:
    with Sandbox() as sandbox:
        made = KernelServiceWorld(sandbox, installed_agents, cgroup=request.param == "cgroup")
        yield made
        made.close()


@every_check
def test_the_agent_on_the_kernel(service_world: KernelServiceWorld, check: Check) -> None:
    check(service_world)

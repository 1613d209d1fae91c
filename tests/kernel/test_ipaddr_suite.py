"""IPaddr's checks on a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ipaddr.suite import every_check

if TYPE_CHECKING:
    from tests.ipaddr.world import Check
    from tests.kernel.world import KernelWorld


@every_check
def test_the_agent_on_the_kernel(world: KernelWorld, check: Check) -> None:
    check(world)

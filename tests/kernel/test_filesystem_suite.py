"""Filesystem's checks on a real kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.filesystem.suite import every_check

if TYPE_CHECKING:
    from tests.filesystem.world import Check
    from tests.kernel.storage_world import KernelStorage


@every_check
def test_the_agent_on_the_kernel(storage: KernelStorage, check: Check) -> None:
    check(storage)

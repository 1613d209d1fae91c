"""What the kernel tests share: a sandbox each, and a second one at the other end of a cable."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.conformance.sandbox import Sandbox
from tests.kernel.ear import Ear
from tests.kernel.mirror_pair import Pair
from tests.kernel.storage_world import KernelStorage
from tests.kernel.world import KernelWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def peer() -> Iterator[Sandbox]:
    """The other host: its eth0 is the far end of the sandbox's."""
    with Sandbox() as made:
        yield made


@pytest.fixture
def sandbox(peer: Sandbox) -> Iterator[Sandbox]:
    """The host under test: lo, and eth0 with a cable to the peer; no address but lo's."""
    with Sandbox() as made:
        made.join(peer, "eth0", "eth0")
        yield made


@pytest.fixture
def ear(peer: Sandbox, sandbox: Sandbox) -> Iterator[Ear]:
    made = Ear(peer)
    yield made
    made.close()


@pytest.fixture
def world(
    sandbox: Sandbox, peer: Sandbox, ear: Ear, installed_agents: Path
) -> Iterator[KernelWorld]:
    """The host under test as IPaddr's checks know it."""
    made = KernelWorld(sandbox, peer, ear, installed_agents)
    yield made
    made.close()


@pytest.fixture
def storage(installed_agents: Path) -> Iterator[KernelStorage]:
    """A host with two disks, as Filesystem's checks know it."""
    with Sandbox() as made:
        host = KernelStorage(made, installed_agents)
        try:
            yield host
        finally:
            host.close()


@pytest.fixture
def pair(sandbox: Sandbox, peer: Sandbox, open_folder: Path) -> Iterator[Pair]:
    """A mirrored directory on two hosts."""
    folder = open_folder / f"mirror-{time.monotonic_ns()}"
    folder.mkdir()
    made = Pair(sandbox, peer, folder)
    yield made
    made.process.kill()
    made.process.wait()
    shutil.rmtree(folder)

"""The worker as a process: what its surroundings do to it must not end it, nor have it lie."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror.status import PROMOTED
from tests.kernel.mirror_worker import WorkerHost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.conformance.sandbox import Sandbox


@pytest.fixture
def host(sandbox: Sandbox) -> Iterator[WorkerHost]:
    made = WorkerHost(sandbox)
    yield made
    made.stop()


def test_a_reload_never_ends_it(host: WorkerHost) -> None:
    """The agent replaces the settings first, and asks then: a beat may come between the two."""
    host.start_promoted()
    host.settings(max_delete=40).write(str(host.folder))
    time.sleep(2.5)
    assert host.is_alive
    host.ask("reload")
    assert host.status.role == PROMOTED


def test_it_ends_where_its_folder_was_taken_away(host: WorkerHost) -> None:
    host.start_promoted()
    host.folder.rename(host.folder.with_name("another"))
    host.wait_for(lambda: not host.is_alive, "it goes on where nobody can end it")

"""The worker as a process: what its surroundings do to it must not end it, nor have it lie."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror.daemon import Daemon
from ocf_py.mirror.status import PROMOTED, RUNNING, UNPROMOTED
from tests.kernel.mirror_worker import ADDRESSES, PORT, WorkerHost

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


def test_a_start_does_not_wait_for_a_long_first_pass(sandbox: Sandbox) -> None:
    source = WorkerHost(sandbox, "n1", is_alone=False)
    copy = WorkerHost(sandbox, "n2", is_alone=False)
    source.make_folders()
    copy.make_folders()
    (source.data / "big").write_bytes(b"x" * (8 << 20))
    source.own()
    daemon = Daemon(f"{source.base}/run/worker")
    Daemon(str(source.folder)).configure(
        f"{source.base}/fs/data",
        f"{source.base}/fs/store",
        ADDRESSES["n1"],
        PORT,
        list(ADDRESSES.values()),
        [("site", "a-secret-of-the-mirror")],
    )
    text = (source.folder / "rsyncd.conf").read_text()
    outside = str(source.folder)
    (source.folder / "rsyncd.conf").write_text(text.replace(outside, f"{source.base}/run/worker"))
    serving = sandbox.popen(daemon.argv)
    try:
        copy.start(bwlimit=100)  # 80 s of it
        copy.wait_for(lambda: copy.status.stage == RUNNING, "the start waits for the pass")
        assert not (copy.data / "big").exists()
    finally:
        copy.stop()
        serving.kill()
        serving.wait()


def test_a_full_run_ends_no_promoted_worker(host: WorkerHost) -> None:
    """Its daemon is killed, too, so that there is something to write about."""
    host.mount("run", "512k")
    host.start_promoted()
    host.fill("run/filler")
    daemons = host.daemons()
    assert daemons
    for pid in daemons:
        os.kill(pid, signal.SIGKILL)
    host.wait_for(lambda: "ended with -9" in host.status.fault, "it does not say so")
    host.wait_for(lambda: not host.status.fault, "the daemon does not come back")
    assert host.is_alive
    assert host.silence < 3
    assert host.ask("demote") == {}
    assert host.status.role == UNPROMOTED


def test_a_lost_store_ends_no_promoted_worker(host: WorkerHost) -> None:
    host.start_promoted()
    host.store.rename(host.store.with_name("gone"))
    host.ask("look")
    host.wait_for(lambda: "store" in host.status.fault, "it does not say so")
    time.sleep(2.5)
    assert host.is_alive
    assert host.silence < 3
    assert host.status.role == PROMOTED
    host.store.with_name("gone").rename(host.store)
    host.ask("look")
    host.wait_for(lambda: not host.status.fault, "it does not recover")

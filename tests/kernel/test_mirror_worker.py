"""The worker as a process: what its surroundings do to it must not end it, nor have it lie."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror.control import Refused
from ocf_py.mirror.daemon import Daemon
from ocf_py.mirror.generations import FENCED, UNCONFIRMED
from ocf_py.mirror.record import Aside, Record
from ocf_py.mirror.record_file import RecordFile
from ocf_py.mirror.status import PROMOTED, RUNNING, UNPROMOTED
from tests.kernel.mirror_worker import ADDRESSES, PORT, WorkerHost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.conformance.sandbox import Sandbox

ASIDE = "aside-1-ab12-1"


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
    copy.make_folders()
    with serving(source):
        copy.start(bwlimit=100)  # 80 s of it
        try:
            copy.wait_for(lambda: copy.status.stage == RUNNING, "the start waits for the pass")
            assert not (copy.data / "big").exists()
        finally:
            copy.stop()


@contextlib.contextmanager
def serving(source: WorkerHost, said: str = "a-secret-of-the-mirror") -> Iterator[None]:
    """Have a node serve 8 MiB as one that is promoted does, to whoever knows the secret."""
    source.make_folders()
    (source.data / "big").write_bytes(b"x" * (8 << 20))
    source.own()
    daemon = Daemon(f"{source.base}/run/worker")
    Daemon(str(source.folder)).configure(
        f"{source.base}/fs/data",
        f"{source.base}/fs/store",
        ADDRESSES["n1"],
        PORT,
        list(ADDRESSES.values()),
        [("site", said)],
    )
    text = (source.folder / "rsyncd.conf").read_text()
    outside = str(source.folder)
    (source.folder / "rsyncd.conf").write_text(text.replace(outside, f"{source.base}/run/worker"))
    process = source.sandbox.popen(daemon.argv)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def test_a_peer_that_refuses_the_secret_is_named_with_the_remedy(sandbox: Sandbox) -> None:
    source = WorkerHost(sandbox, "n1", is_alone=False)
    copy = WorkerHost(sandbox, "n2", is_alone=False)
    copy.make_folders()
    said = "n1 refuses the secret of this node: secrets_file has to be the same on all nodes"
    with serving(source, "the-secret-of-another"):
        copy.start()
        try:
            copy.wait_for(lambda: copy.status.fault == said, "nothing is told of it")
            unreachable = copy.ask("status")["unreachable"]
        finally:
            copy.stop()
    assert "the peer refuses our secret" in unreachable["n1"]
    assert "the-secret-of-another" not in str(unreachable)


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


@pytest.fixture
def host_with_aside(host: WorkerHost) -> WorkerHost:
    """Little room, and a tree set aside that has a file of more than that under another name."""
    host.mount("fs", "12m")
    host.make_folders()
    (host.data / "big").write_bytes(b"x" * (8 << 20))
    (host.store / ASIDE).mkdir()
    os.link(host.data / "big", host.store / ASIDE / "renamed")
    return host


def set_aside(host: WorkerHost, end: str) -> None:
    kept = Aside(ASIDE, end, None)
    RecordFile(str(host.store), host.node).write(Record(host.node, asides=(kept,)))


def test_what_a_fencing_left_stops_no_promotion(host_with_aside: WorkerHost) -> None:
    host = host_with_aside
    set_aside(host, FENCED)
    host.start_promoted()
    assert host.status.role == PROMOTED
    assert not (host.store / ASIDE).exists()
    assert not host.record.asides


def test_what_a_divergence_left_is_never_dropped(host_with_aside: WorkerHost) -> None:
    host = host_with_aside
    set_aside(host, UNCONFIRMED)
    with pytest.raises(Refused, match=f"{ASIDE} still shares files"):
        host.start_promoted()
    assert host.is_alive
    assert host.record.asides
    assert (host.store / ASIDE / "renamed").stat().st_nlink == 2


def test_what_was_set_aside_keeps_what_it_alone_has(host: WorkerHost) -> None:
    host.make_folders()
    (host.data / "file").write_bytes(b"x" * 8192)
    (host.store / ASIDE).mkdir()
    os.link(host.data / "file", host.store / ASIDE / "file")
    (host.store / ASIDE / "own").write_text("written last")
    set_aside(host, FENCED)
    host.start_promoted()
    assert (host.data / "file").stat().st_nlink == 1
    assert os.listdir(host.store / ASIDE) == ["own"]
    assert (host.store / ASIDE / "own").read_text() == "written last"


def test_a_full_disk_lets_no_copy_be_taken_for_another_moment(host: WorkerHost) -> None:
    """Every change is published, and the generation is closed in the end."""
    host.mount("fs", "8m")
    host.start_promoted()
    host.wait_for((host.store / "ballast").exists, "it takes no precaution")
    host.fill("fs/data/filler")
    time.sleep(2)
    before = host.record.moment
    for letter in b"abcd":
        with (host.data / "file").open("r+b") as file:
            file.write(bytes([letter]) * 8192)
        time.sleep(0.5)
    assert host.record.moment >= before + 4
    assert host.status.fault == ""
    host.ask("demote")
    assert not host.record.is_open


def test_a_tree_whose_record_is_behind_is_not_served(host: WorkerHost) -> None:
    host.start_promoted()
    time.sleep(1)
    before = host.record.moment
    configuration = host.folder / "rsyncd.conf"
    assert "[tree]" in configuration.read_text()
    host.store.rename(host.store.with_name("gone"))
    (host.data / "more").touch()
    host.wait_for(lambda: "[tree]" not in configuration.read_text(), "it is served")
    host.wait_for(lambda: bool(host.status.fault), "nothing is told of it")
    host.store.with_name("gone").rename(host.store)
    host.wait_for(lambda: host.record.moment > before, "the change is never published")
    host.wait_for(lambda: "[tree]" in configuration.read_text(), "it is not served again")
    host.wait_for(lambda: not host.status.fault, "the fault stays")


SLOW_DISK = """
import os, posix, time
sync = posix.fsync
def wait(handle):
    while os.path.exists("/run/slow"):
        time.sleep(0.1)
    sync(handle)
posix.fsync = wait
"""


def test_a_disk_that_takes_its_time_is_told_of_and_silences_nobody(host: WorkerHost) -> None:
    host.start_promoted(SLOW_DISK)
    time.sleep(1)
    slow = host.sandbox.root / "run/slow"
    slow.touch()
    (host.data / "more").touch()
    host.wait_for(lambda: "has not answered for" in host.status.fault, "nothing is told of it")
    time.sleep(3)
    assert host.silence < 3
    assert host.status.role == PROMOTED
    slow.unlink()
    host.wait_for(lambda: not host.status.fault, "the fault stays")
    assert host.is_alive

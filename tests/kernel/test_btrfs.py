"""Snapshots of a real btrfs: taken, left as they were, removed; and what they leave out."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.conformance.sandbox import Sandbox
from ocf_py.system.btrfs import NoSubvolume, find_nested, find_top, remove_snapshot, take_snapshot
from tests.kernel.inside import inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DISK = Path("/tmp/disk")  # noqa: S108 - of the sandbox alone
TOP = DISK / "sub"
SITE = TOP / "site"


@pytest.fixture
def host() -> Iterator[Sandbox]:
    """A host with a subvolume, and a directory in it."""
    with Sandbox(fresh_tmp=True) as made:
        for words in (
            ["truncate", "-s", "160M", "/tmp/image"],  # noqa: S108 - of the sandbox alone
            ["mkfs.btrfs", "-q", "/tmp/image"],  # noqa: S108
            ["mkdir", str(DISK)],
            ["mount", "-o", "loop", "/tmp/image", str(DISK)],  # noqa: S108
            ["btrfs", "subvolume", "create", str(TOP)],
            ["mkdir", "-p", str(SITE / "deep"), str(TOP / "moments")],
        ):
            made.run(words, check=True)
        yield made


def in_host(host: Sandbox, body: Callable[[], object]) -> None:
    inside(host, body)


def create(*paths: Path) -> None:
    for path in paths:
        subprocess.run(
            ["/usr/bin/btrfs", "subvolume", "create", path], check=True, stdout=subprocess.DEVNULL
        )


def test_a_snapshot_stays_what_it_was(host: Sandbox) -> None:
    def body() -> None:
        (SITE / "file").write_text("one")
        moment = TOP / "moments/1"
        take_snapshot(find_top(str(SITE / "deep")), str(moment))
        (SITE / "file").write_text("two")
        assert (moment / "site/file").read_text() == "one"
        with pytest.raises(OSError, match="Read-only"):
            (moment / "site/file").write_text("three")
        with pytest.raises(FileExistsError, match="moments/1"):
            take_snapshot(str(TOP), str(moment))
        remove_snapshot(str(moment))
        assert os.listdir(TOP / "moments") == []
        with pytest.raises(FileNotFoundError):
            remove_snapshot(str(moment))

    in_host(host, body)


def test_what_is_no_snapshot_is_not_removed(host: Sandbox) -> None:
    def body() -> None:
        with pytest.raises(OSError, match="deep") as refused:
            remove_snapshot(str(SITE / "deep"))
        assert refused.value.errno == errno.EINVAL
        assert (SITE / "deep").is_dir()

    in_host(host, body)


def test_the_subvolumes_in_a_directory_are_found(host: Sandbox) -> None:
    def body() -> None:
        create(TOP / "beside", TOP / "site-2")
        assert find_nested(str(TOP), str(SITE)) == []
        create(SITE / "one", *(SITE / f"deep/{number}" for number in range(260)))
        found = find_nested(str(TOP), str(SITE))
        assert len(found) == 261  # more than one answer of the kernel holds
        assert {*found} == {str(SITE), str(SITE / "deep")}

    in_host(host, body)


def test_what_has_no_top_is_told(host: Sandbox) -> None:
    def body() -> None:
        assert find_top(str(DISK)) == str(DISK)
        with pytest.raises(NoSubvolume, match="/run is not on btrfs"):
            find_top("/run")
        bound = Path("/tmp/bound")  # noqa: S108 - of the sandbox alone
        bound.mkdir()
        subprocess.run(["/usr/bin/mount", "--bind", SITE, bound], check=True)
        with pytest.raises(NoSubvolume, match="the top of its subvolume is not mounted"):
            find_top(str(bound / "deep"))

    in_host(host, body)

"""Copies of a source that never rests, on btrfs: each is the source at one moment."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster.conftest import calm, settle

from .keeper import LOGS
from .pair import ADDRESS, KEEPING, PORT, Change, Pair, parse_lines
from .writer import LineWriter

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSES = 20
PLACE = "/srv/mirror"
OF_SNAPSHOTS: Change = (
    'name="interval" value="10s"/>',
    'name="interval" value="10s"/>\n<nvpair id="site-snapshot" name="snapshot" value="btrfs"/>',
)
# The nodes share a kernel, so they may share a btrfs, of which each has a subvolume.
FORMAT = """
mkfs.btrfs -q -f /dev/sda
mount /dev/sda /mnt
btrfs -q subvolume create /mnt/n1
btrfs -q subvolume create /mnt/n2
umount /mnt
"""


@pytest.fixture
def on_btrfs(any_pair: Pair, tmp_path: Path) -> Iterator[Pair]:
    """The mirror at rest, on a btrfs of each node's own."""
    pair = any_pair
    calm(pair.lab)
    pair.wipe()
    pair.lab.node("n1").run(["sh", "-ec", FORMAT])
    for node in pair.lab.nodes:
        node.run(["rmdir", pair.directory])  # no mirror starts where nothing is mounted
        mount(pair, node.name)
    pair.fill("n1")
    pair.load(tmp_path, KEEPING, OF_SNAPSHOTS)
    pair.promoted("n1")
    pair.follows("n2")
    yield pair
    calm(pair.lab)
    pair.wipe()
    for node in pair.lab.nodes:
        node.run(["umount", PLACE], check=False)  # a power loss has unmounted it


def mount(pair: Pair, node: str) -> None:
    script = f"mkdir -p {PLACE}; mount -o subvol={node} /dev/sda {PLACE}; mkdir -p {PLACE}/site"
    pair.lab.node(node).run(["sh", "-ec", script])


def bring_back(pair: Pair, node: str) -> list[str]:
    """Have a node in the cluster again, and its disk mounted; the snapshots that were on it.

    Only once it is back for good: a fencing that is still to come would unmount the disk again.
    """
    pair.lab.start(node)
    pair.lab.await_online()
    settle(pair.lab)
    mount(pair, node)
    left = moments(pair, node)
    pair.lab.running_nodes()[0].run(["crm_resource", "--cleanup"])
    return left


def moments(pair: Pair, node: str) -> list[str]:
    """The snapshots that a node keeps."""
    folder = Path(f"{pair.root(node)}{pair.store}/moments")
    return os.listdir(folder) if folder.exists() else []


def read_copy(pair: Pair, node: str) -> list[list[int]]:
    """The lines of each log, of one and the same copy."""
    top = os.open(pair.root(node) + pair.directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        found = []
        for name in LOGS:
            with os.fdopen(os.open(name, os.O_RDONLY, dir_fd=top), "rb") as log:
                found.append(parse_lines(log.read()))
        return found
    finally:
        os.close(top)


def test_every_copy_is_the_source_at_one_moment(on_btrfs: Pair) -> None:
    pair = on_btrfs
    with LineWriter(pair.lab, ADDRESS, PORT, pair.next_line()) as writer:
        writer.await_more()
        seen: dict[str, list[int]] = {}
        while len(seen) < PASSES:
            said = pair.status("n2")
            assert said is not None
            try:
                first, *others = read_copy(pair, "n2")
            except FileNotFoundError:  # exchanged meanwhile
                continue
            seen[said["tree"]] = first
            assert said["last_pass"]["settled"]
            # The keeper writes a line to one log after the other.
            for log in others:
                assert log in (first, first[:-1])
                first = log
        writer.await_more()
    ends = [lines[-1] for lines in seen.values() if lines]
    assert ends == sorted(ends)
    assert ends[-1] > ends[0]  # the source never rested


def test_a_snapshot_is_kept_no_longer_than_somebody_may_read_it(on_btrfs: Pair) -> None:
    pair = on_btrfs
    with LineWriter(pair.lab, ADDRESS, PORT, pair.next_line()) as writer:
        for _ in range(5):
            writer.await_more()
            assert len(moments(pair, "n1")) <= 2  # the one that is read, and the next
        pair.lab.kill("n2")
        pair.lab.wait_until("the copy's snapshot is gone", lambda: not moments(pair, "n1"))
        writer.await_more()
    bring_back(pair, "n2")
    pair.follows("n2")


def test_whoever_is_promoted_next_removes_what_a_loss_of_power_left(on_btrfs: Pair) -> None:
    pair = on_btrfs
    with LineWriter(pair.lab, ADDRESS, PORT, pair.next_line()) as writer:
        writer.await_more()
        pair.lab.wait_until("a snapshot is there", lambda: moments(pair, "n1"))
        pair.lab.kill("n1")
        pair.promoted("n2")
        writer.await_more()
        left = bring_back(pair, "n1")
        assert left
        pair.follows("n1")
        assert not moments(pair, "n1")
        settle(pair.lab)
        pair.promoted("n1")  # where it is preferred
        writer.await_more()
    pair.lab.wait_until("n2 holds no moment any more", lambda: not moments(pair, "n2"))


def test_a_subvolume_within_is_told_and_nothing_of_it_is_lost(on_btrfs: Pair) -> None:
    pair = on_btrfs
    node = pair.lab.node("n1")
    node.run(["btrfs", "subvolume", "create", f"{pair.directory}/inner"])
    node.run(["tee", f"{pair.directory}/inner/file"], stdin=b"kept")
    said = partial(pair.shows, "n1", f"{pair.directory} holds a subvolume")
    pair.lab.wait_until("the promoted instance tells of it", said)
    pair.lab.wait_until(
        "it is in the copy",
        lambda: Path(pair.root("n2"), f"{pair.directory[1:]}/inner/file").exists(),
    )
    assert pair.read("n2", "inner/file") == "kept"

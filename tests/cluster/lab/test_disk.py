"""The disk that all nodes see, and the witness of who has it mounted."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab
from ocf_py.lab.faults import PowerLoss, suffer
from ocf_py.lab.shared_disk import SHARED_DEVICE
from ocf_py.lab.witnesses import DiskWitness
from tests.cluster.conftest import DISK_MIB, name_lab
from tests.cluster.footprint import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = "/mnt"


@pytest.fixture
def formatted(lab: Lab) -> Iterator[Lab]:
    """A lab whose disk has a new file system on it, mounted nowhere before and after."""
    lab.nodes[0].run(["mkfs.ext4", "-q", "-F", SHARED_DEVICE])
    yield lab
    for node in lab.running_nodes():
        node.run(["umount", PLACE], check=False)


def test_what_one_node_writes_the_other_reads(formatted: Lab) -> None:
    one, other = formatted.nodes
    size = one.run(["blockdev", "--getsize64", SHARED_DEVICE]).stdout
    assert int(size) == DISK_MIB << 20
    one.run(["mount", SHARED_DEVICE, PLACE])
    one.run(["tee", f"{PLACE}/said"], stdin=b"hello")
    one.run(["umount", PLACE])
    other.run(["mount", SHARED_DEVICE, PLACE])
    assert other.run(["cat", f"{PLACE}/said"]).stdout == "hello"


def test_the_witness_sees_who_has_it_mounted_and_who_lost_it_with_the_power(
    formatted: Lab,
) -> None:
    one, other = formatted.nodes
    with DiskWitness(formatted) as disk:
        assert disk.holders() == []
        one.run(["mount", SHARED_DEVICE, PLACE])
        formatted.wait_until("n1 is seen", lambda: disk.holders() == ["n1"])
        with suffer(formatted, PowerLoss("n1")):
            formatted.wait_until("n1 has lost it", lambda: disk.holders() == [])
            other.run(["mount", SHARED_DEVICE, PLACE])
            formatted.wait_until("n2 is seen", lambda: disk.holders() == ["n2"])
        assert disk.double_holdings() == []
    formatted.await_online()


def test_the_witness_sees_it_mounted_twice(formatted: Lab) -> None:
    one, other = formatted.nodes
    with DiskWitness(formatted) as disk:
        one.run(["mount", SHARED_DEVICE, PLACE])
        other.run(["mount", SHARED_DEVICE, PLACE])
        one.run(["umount", PLACE])
        formatted.wait_until("n2 alone is seen", lambda: disk.holders() == ["n2"])
        ((first, second),) = disk.double_holdings()
    assert (first.node, second.node) == ("n1", "n2")


def test_it_goes_with_the_lab_though_daemon_and_janitor_were_killed() -> None:
    before = Machine.look()
    with Lab.up(name_lab("disk"), nodes=1, disk_mib=16) as lab:
        lab.node("n1").run(["mkfs.ext4", "-q", SHARED_DEVICE])
        lab.node("n1").run(["mount", SHARED_DEVICE, PLACE])
        described = lab.describe()
        for victim in ("daemon", "janitor"):  # the first stop cannot run its clean-up any more
            os.kill(described[victim], signal.SIGSTOP)
        for victim in ("daemon", "janitor"):
            os.kill(described[victim], signal.SIGKILL)
    deadline = time.monotonic() + 20
    while Machine.look() != before:
        assert time.monotonic() < deadline, Machine.look()
        time.sleep(0.05)

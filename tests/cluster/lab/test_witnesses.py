"""What the witnesses see when two nodes really hold an address, and when they cannot see."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import LabError
from ocf_py.lab.witnesses import AddressWitness
from ocf_py.lab.witnesses.disk import MountList

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocf_py.lab import Lab

ADDRESS = "10.77.2.201"


@contextlib.contextmanager
def daemon_stopped(lab: Lab) -> Iterator[None]:
    """Let the lab's daemon not answer."""
    daemon = lab.describe()["daemon"]
    os.kill(daemon, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(daemon, signal.SIGCONT)


# A node that boots: in mounts of its own it waits, then takes its own root, then mounts something.
BOOTING = """
import os, sys
from ocf_py.lab import kernel
from ocf_py.lab.mount_root import change_root, isolate_mounts
isolate_mounts()
kernel.mount("root", sys.argv[1], "tmpfs")
print("waits", flush=True)
sys.stdin.readline()
change_root(sys.argv[1])
os.mkdir("/data")
kernel.mount("data", "/data", "tmpfs")
print(os.stat("/data").st_dev, flush=True)
sys.stdin.readline()
"""


def test_a_node_that_is_seen_before_it_has_its_root_is_seen_to_mount(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BOOTING, str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as node:
        assert node.stdin is not None
        assert node.stdout is not None
        assert node.stdout.readline() == "waits\n"
        mounts = MountList(node.pid)
        print(file=node.stdin)
        device = int(node.stdout.readline())
        mounts.follow()
        devices = mounts.devices()
        print(file=node.stdin)
    assert mounts.has_ended()
    mounts.close()
    assert f"{os.major(device)}:{os.minor(device)}" in devices


def change_address(pid: int, verb: str) -> None:
    """Add or delete the address in a node, without the help of the daemon."""
    inside = ["nsenter", f"--net=/proc/{pid}/ns/net"]
    subprocess.run([*inside, "ip", "address", verb, f"{ADDRESS}/24", "dev", "eth2"], check=True)


@pytest.fixture
def inits(lab: Lab) -> Iterator[tuple[int, int]]:
    """The inits of both nodes; the address is gone from them afterwards."""
    one, other = (node.pid for node in lab.nodes)
    yield one, other
    for pid in (one, other):
        with contextlib.suppress(subprocess.CalledProcessError):
            change_address(pid, "delete")


def test_an_address_that_two_nodes_held_is_seen_though_the_daemon_is_busy(
    lab: Lab, inits: tuple[int, int]
) -> None:
    change_address(inits[0], "add")
    with AddressWitness(lab, ADDRESS) as addresses:
        lab.wait_until("n1 is seen", lambda: addresses.holders() == ["n1"])
        with daemon_stopped(lab):
            time.sleep(0.2)  # until a question waits for its answer
            change_address(inits[1], "add")
            change_address(inits[0], "delete")
        lab.wait_until("n2 is seen", lambda: addresses.holders() == ["n2"])
        ((one, other),) = addresses.double_holdings()
    assert (one.node, other.node) == ("n1", "n2")


def test_a_takeover_in_an_instant_is_no_double_holding(lab: Lab, inits: tuple[int, int]) -> None:
    change_address(inits[0], "add")
    with AddressWitness(lab, ADDRESS) as addresses:
        lab.wait_until("n1 is seen", lambda: addresses.holders() == ["n1"])
        change_address(inits[0], "delete")
        change_address(inits[1], "add")
        lab.wait_until("n2 is seen", lambda: addresses.holders() == ["n2"])
        assert addresses.double_holdings() == []


def test_a_witness_that_is_not_told_of_the_nodes_says_that_it_is_blind(lab: Lab) -> None:
    def look_for(seconds: float) -> None:
        deadline = time.monotonic() + seconds
        with AddressWitness(lab, ADDRESS) as addresses, daemon_stopped(lab):
            while time.monotonic() < deadline:
                addresses.holders()
                time.sleep(0.1)

    look_for(1.0)
    with pytest.raises(LabError, match="blind"):
        look_for(10.0)

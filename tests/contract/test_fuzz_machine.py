"""Where the fuzz plays: nothing of the machine can be harmed there, and no change goes unseen."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ocf_py.conformance.fuzz.machine import Machine
from ocf_py.conformance.fuzz.witness import compare
from tests.contract.broken_agents import use_agent

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def machine() -> Iterator[Machine]:
    with Machine(use_agent()) as made:
        yield made


def changes(machine: Machine, script: str) -> list[str]:
    """What a shell script changes, in words."""
    before = machine.witness.look()
    machine.caller.run(("sh", "-c", script), expect=(0,))
    return [str(one) for one in compare(before, machine.settle())]


@pytest.mark.parametrize("folder", ["/", "/usr", "/var", "/root", "/sys/kernel"])
def test_what_is_the_machines_is_read_only(machine: Machine, folder: str) -> None:
    if os.path.isdir(folder):
        done = machine.caller.run(("sh", "-c", f"echo x >{folder}/fuzz-test"), expect=None)
        assert done.code != 0
    assert not os.path.exists(f"{folder}/fuzz-test")


@pytest.mark.parametrize("folder", ["/etc", "/tmp", "/run", "/dev"])  # noqa: S108 - names
def test_what_can_be_written_is_not_the_machines(machine: Machine, folder: str) -> None:
    assert any(
        line.startswith(f"path {folder}/fuzz-test is new")
        for line in changes(machine, f"echo x >{folder}/fuzz-test")
    )
    assert not os.path.exists(f"{folder}/fuzz-test")


def test_etc_is_a_copy(machine: Machine) -> None:
    # Some of it is somebody else's at any time, on a machine that is used.
    assert (machine.caller.sandbox.root / "etc/passwd").read_bytes() == _read("/etc/passwd")


def test_nothing_happens_where_nothing_is_done(machine: Machine) -> None:
    assert changes(machine, "true") == []


@pytest.mark.parametrize(
    ("script", "seen"),
    [
        ("mkdir -m 700 /run/a", "path /run/a is new: folder 0700 of 0:0"),
        ("ln -s /nowhere /etc/a", "path /etc/a is new: link 0777 of 0:0 to /nowhere"),
        ("mkfifo /run/a", "path /run/a is new: pipe"),
        ("rm /etc/hostname", "path /etc/hostname has gone"),
        ("mount -t tmpfs a /mnt", "mount /mnt is new: / rw,relatime tmpfs a"),
        ("ip link set lo down", "link lo is "),
        ("ip address add 192.0.2.7/24 dev lo", "address 192.0.2.7/24 on lo is new"),
        ("ip route add 192.0.2.0/24 dev lo table 7", "route 192.0.2.0/24 dev lo table 7 is new"),
        ("ip -6 rule add table 7 priority 7", "rule -6 7 all is new"),
        ("ip netns add blue", "link lo in blue is new"),
        (
            "ip netns add blue; ip -n blue address add 192.0.2.7/24 dev lo",
            "address 192.0.2.7/24 on lo in blue is new",
        ),
        ("setsid --fork sleep 1000 </dev/null >/dev/null 2>&1", "is new: sleep 1000"),
    ],
)
def test_a_change_is_seen(machine: Machine, script: str, seen: str) -> None:
    found = changes(machine, script)
    assert any(seen in line for line in found), found


def test_a_lifetime_that_counts_down_is_no_change(machine: Machine) -> None:
    address = "ip address add 192.0.2.7/24 dev lo valid_lft 1000 preferred_lft 500"
    assert any('"limited"' in line for line in changes(machine, address))
    assert changes(machine, "sleep 1.1") == []


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()

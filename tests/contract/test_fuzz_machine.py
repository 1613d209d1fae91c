"""Where the fuzz plays: nothing of the machine can be harmed there, and no change goes unseen."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

import pytest

from ocf_py.conformance.fuzz.machine import Machine
from ocf_py.conformance.fuzz.views import DEAD
from ocf_py.conformance.fuzz.witness import Witness, compare
from ocf_py.conformance.sandbox import Sandbox
from tests.contract.broken_agents import use_agent

if TYPE_CHECKING:
    from collections.abc import Iterator

_WRITE_BY_A_MAPPING = """
import mmap, sys
with open(sys.argv[1], "r+b") as file, mmap.mmap(file.fileno(), 0) as map: map[:1] = b"x"
"""
# Has a child that is dead once /run/die exists, and reaps it half a second after /run/reap does.
_SLOW_PARENT = """
import os, time
def wait_for(path):
    while not os.path.exists(path):
        time.sleep(0.01)
wait_for("/run/die")
if not os.fork():
    os._exit(0)
wait_for("/run/reap")
time.sleep(0.5)
os.wait()
time.sleep(1000)
"""


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
        ("mkdir -p /etc/a/b; echo x >/etc/a/b/c", "path /etc/a/b/c is new: file"),
        ("mv /etc/hostname /etc/default", "path /etc/default/hostname is new: file"),
        ("mount -t tmpfs a /etc/default", "path /etc/default/"),
        (f"{sys.executable} -c '{_WRITE_BY_A_MAPPING}' /etc/passwd", "path /etc/passwd is file"),
        ("ip link add left type veth peer name right", "link left is new"),
        ("ip link set lo mtu 1400", "link lo is "),
        ("ip link set lo txqueuelen 7", "link lo is "),
        ("ip rule add table 7 priority 7", "rule -4 7 all is new"),
        ("ip -6 route add 2001:db8::/64 dev lo table 7", "route 2001:db8::/64 dev lo table 7"),
        ("ip -6 address add 2001:db8::7/64 dev lo", "address 2001:db8::7/64 on lo is new"),
    ],
)
def test_a_change_is_seen(machine: Machine, script: str, seen: str) -> None:
    found = changes(machine, script)
    assert any(seen in line for line in found), found


def test_who_has_looked_all_the_time_has_seen_what_a_newcomer_sees(machine: Machine) -> None:
    for script in (
        "mkdir -p /etc/a/b; echo x >/etc/a/b/c; ln /etc/a/b/c /etc/d; chmod 600 /etc/d",
        "echo y >/etc/d; rm -r /etc/a; mkdir -p /etc/a/b; mkfifo /etc/a/b/c; rm /etc/hostname",
        "mkdir /run/a; mount --bind /etc /run/a; echo z >/run/a/hosts; mv /etc/default /etc/e",
        "mount -t tmpfs a /tmp; touch /tmp/a; umount /tmp; chown 7:7 /etc/a/b; touch /etc/e/f",
        "ip link add left type veth peer name right; ip link set left up; ip link set right up",
        "ip address add 192.0.2.7/24 dev left; ip -6 address add 2001:db8::7/64 dev left nodad",
        "ip route add 198.51.100.0/24 via 192.0.2.1; ip rule add table 7 priority 7",
        "ip link set right down; ip address del 192.0.2.7/24 dev left; ip link set lo down",
    ):
        machine.caller.run(("sh", "-ec", script), expect=(0,))
        machine.witness.look()
    sandbox = machine.caller.sandbox
    assert isinstance(sandbox, Sandbox)
    with contextlib.closing(Witness(sandbox)) as newcomer:
        # Each of the two is a process that the other one sees.
        expected = {
            thing: how for thing, how in newcomer.settle().items() if "process " not in thing
        }
        seen = machine.settle()
    assert {thing: how for thing, how in seen.items() if "process " not in thing} == expected


def test_who_is_at_work_is_waited_for_before_all_is_called_quiet(machine: Machine) -> None:
    work = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo x >/run/late; sleep 1000"
    detached = f"setsid --fork sh -c '{work}' </dev/null >/dev/null 2>&1"
    machine.caller.run(("sh", "-c", detached), expect=(0,))
    assert "path /run/late" in machine.witness.settle(patience=60)


def test_who_is_dead_is_a_change_only_if_nobody_reaps_it(machine: Machine) -> None:
    parent = ("setsid", "--fork", sys.executable, "-ISc", _SLOW_PARENT)
    machine.caller.run(("sh", "-c", '"$@" </dev/null >/dev/null 2>&1', "", *parent), expect=(0,))
    before = machine.settle()
    machine.caller.run(("touch", "/run/die"), expect=(0,))
    machine.look_until(lambda picture: DEAD in picture.values())
    assert [one.after for one in machine.witness.find_changes(before, patience=0)][1:] == [DEAD]
    machine.caller.run(("touch", "/run/reap"), expect=(0,))
    changed = [one.thing for one in machine.find_changes(before)]
    assert changed == ["path /run/die", "path /run/reap"]


def test_a_lifetime_that_counts_down_is_no_change(machine: Machine) -> None:
    address = "ip address add 192.0.2.7/24 dev lo valid_lft 1000 preferred_lft 500"
    assert any('"limited"' in line for line in changes(machine, address))
    assert changes(machine, "sleep 1.1") == []


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()

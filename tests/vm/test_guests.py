"""The lab of guests: the verbs and faults of the other one, on kernels of their own."""

from __future__ import annotations

import hashlib
import os
import time
from typing import TYPE_CHECKING

import pytest

from ocf_py._version import __version__
from ocf_py.lab import LabError
from ocf_py.lab.faults import CutCables, PowerLoss, suffer
from ocf_py.lab.witnesses import AddressWitness, Client, DiskWitness, MountWitness
from tests.cluster.conftest import EXAMPLES, other_node

from .blocks import read_block, write_block
from .conftest import DISK_MIB

if TYPE_CHECKING:
    from ocf_py.lab import Lab

ADDRESS = "10.77.2.100"
PLACE = "/mnt"
_SECONDS = 180.0  # guests are slow, and the machine may be busy


def test_each_guest_has_a_kernel_of_its_own_with_drbd_in_it(shared_lab: Lab) -> None:
    one, other = shared_lab.nodes
    one.run(["modprobe", "drbd"])
    assert "version: 8.4" in one.run(["cat", "/proc/drbd"]).stdout
    assert other.run(["test", "-e", "/proc/drbd"], check=False).returncode == 1
    assert one.run(["uname", "-n"]).stdout == "n1\n"
    assert one.run(["uname", "-r"]).stdout.strip() != os.uname().release


def test_a_command_has_its_streams_and_its_end_as_if_it_ran_here(shared_lab: Lab) -> None:
    node, much = shared_lab.nodes[0], os.urandom(1 << 20)
    assert node.run(["sha256sum"], stdin=much).stdout.split()[0] == hashlib.sha256(much).hexdigest()
    assert len(node.run(["seq", "1", "100000"]).stdout.splitlines()) == 100000
    assert node.run(["sh", "-c", "exit 5"], check=False).returncode == 5
    assert node.run(["sh", "-c", "kill -9 $$"], check=False).returncode == 128 + 9
    assert node.run(["nosuch"], check=False).returncode == 127
    with pytest.raises(LabError, match="no end within 0.5 s"):
        node.run(["sleep", "98761"], timeout=0.5)
    shared_lab.wait_until(
        "the command whose caller left has ended",
        lambda: node.run(["pgrep", "-f", "^sleep 98761"], check=False).returncode == 1,
    )


def test_a_guest_has_the_ocf_py_that_made_the_lab(shared_lab: Lab) -> None:
    node = shared_lab.nodes[0]
    said = node.run(["/usr/bin/ocf-py", "--version"], timeout=_SECONDS).stdout
    assert __version__ in said
    handler = ["/usr/bin/ocf-py", "drbd", "fence-peer", "--resource", "r0", "--peer", "n2"]
    done = node.run(handler, check=False, timeout=_SECONDS)
    assert (done.returncode, done.stderr) == (
        1,
        "ocf-py: fence-peer r0: r0 is down here; I/O stays as it is\n",
    )


def test_all_guests_have_one_disk_together(shared_lab: Lab) -> None:
    one, other = shared_lab.nodes
    one.run(["modprobe", "sd_mod"])
    assert int(one.run(["blockdev", "--getsize64", "/dev/sda"]).stdout) == DISK_MIB << 20
    write_block(one, b"said by n1", "/dev/sda")
    assert read_block(other, "/dev/sda") == "said by n1"
    with pytest.raises(LabError, match="MountWitness"):
        DiskWitness(shared_lab)


def test_what_a_guest_has_synced_to_its_disk_survives_a_power_loss(lab: Lab) -> None:
    node = lab.node("n2")
    node.run(["mkfs.ext4", "-q", "-F", "/dev/vdb"])
    node.run(["mount", "/dev/vdb", PLACE])
    node.run(["dd", f"of={PLACE}/said", "conv=fsync"], stdin=b"hello")
    assert MountWitness(lab).nodes_with(PLACE) == ["n2"]
    with suffer(lab, PowerLoss("n2")):
        assert MountWitness(lab).nodes_with(PLACE) == []
        with pytest.raises(LabError, match="n2 is off"):
            node.run(["true"])
    node.run(["mount", "/dev/vdb", PLACE])
    assert node.run(["cat", f"{PLACE}/said"]).stdout == "hello"


@pytest.mark.parametrize(("mode", "carrier"), [("drop", "1\n"), ("down", "0\n")])
def test_a_cut_cable_is_silent_and_down_it_loses_its_carrier(
    lab: Lab, mode: str, carrier: str
) -> None:
    node = lab.node("n1")
    address = "10.77.2.11"
    with Client(lab, address) as client:
        lab.wait_until("n1 answers", lambda: client.first_answer("n1"))
        with suffer(lab, CutCables("n1", "service", mode)) as fault:
            told = ["cat", "/sys/class/net/eth2/carrier"]
            lab.wait_until("the carrier is told", lambda: node.run(told).stdout == carrier)
            assert node.run(["ping", "-c1", "-W2", "10.77.2.12"], check=False).returncode == 1
            assert client.first_answer("n1", fault + 1) is None
        lab.wait_until("n1 answers again", lambda: client.first_answer("n1", time.monotonic() - 1))


def test_after_a_power_loss_the_survivor_holds_the_address_alone(lab: Lab) -> None:
    lab.load(EXAMPLES / "address.xml")
    active = lab.wait_for_place("vip", timeout=_SECONDS)
    survivor = other_node(lab, active)
    with AddressWitness(lab, ADDRESS) as addresses, Client(lab, ADDRESS) as client:
        lab.wait_until(
            "the address answers and is seen",
            lambda: client.first_answer(active) and addresses.holders() == [active],
            timeout=_SECONDS,
        )
        with suffer(lab, PowerLoss(active)) as fault:
            lab.wait_until(
                "the survivor answers",
                lambda: client.first_answer(survivor, fault),
                timeout=_SECONDS,
            )
            lab.wait_until("and is seen to", lambda: addresses.gained(survivor, fault))
        assert addresses.holders() == [survivor]
        assert addresses.double_holdings() == []
    fenced = [event for event in lab.events(fault) if event.what == "fencing confirmed"]
    assert {(event.node, event.details["by"]) for event in fenced} == {(active, survivor)}


def test_a_guests_logs_belong_to_the_users_of_its_own_packages(shared_lab: Lab) -> None:
    ask = ["stat", "-c", "%U:%G %a", "/var/log/postgresql", "/var/log/pacemaker"]
    said = shared_lab.nodes[0].run(ask).stdout.splitlines()
    assert said == ["root:postgres 1775", "hacluster:haclient 770"]


def test_a_kernel_that_panics_is_a_reboot(lab: Lab) -> None:
    since = lab.note("n2 panics")
    lab.node("n2").run(["sh", "-c", "echo c >/proc/sysrq-trigger"], check=False)
    lab.wait_until("n2 has gone", lambda: _events(lab, "n2", "power off", since))
    lab.wait_until("n2 boots", lambda: _events(lab, "n2", "power on", since))
    lab.await_online()


def _events(lab: Lab, node: str, what: str, since: float) -> list[float]:
    return [e.at for e in lab.events(since) if (e.node, e.what) == (node, what)]

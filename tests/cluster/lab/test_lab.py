"""What the lab promises: labs beside each other, the machine's systemd, and plain failures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab, LabError
from ocf_py.lab.demo import ADDRESS
from ocf_py.lab.faults import BrokenPowerSwitch, PowerLoss, suffer
from ocf_py.lab.kernel import CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_TIME
from ocf_py.lab.networks import CLIENT_HOST, SERVICE
from ocf_py.lab.witnesses import AddressWitness, Client, MountWitness
from tests.cluster.conftest import EXAMPLES, SEEN_LABS, name_lab, other_node

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def systemd_lab() -> Iterator[Lab]:
    """A second lab, whose nodes run the machine's own systemd."""
    with Lab.up(name_lab("systemd"), init="systemd") as lab:
        SEEN_LABS.append(lab)
        yield lab


def test_an_address_fails_over_between_systemd_nodes_and_a_lab_beside_does_not_notice(
    lab: Lab, systemd_lab: Lab
) -> None:
    for one in (lab, systemd_lab):
        one.load(EXAMPLES / "address.xml")
    beside = lab.wait_for_place("vip")
    active = systemd_lab.wait_for_place("vip")
    survivor = other_node(systemd_lab, active)
    with AddressWitness(lab, ADDRESS) as unmoved, AddressWitness(systemd_lab, ADDRESS) as moved:
        with Client(systemd_lab, ADDRESS) as client, suffer(systemd_lab, PowerLoss(active)) as at:
            systemd_lab.wait_until("it answers", lambda: client.first_answer(survivor, at))
        assert moved.holders() == [survivor]
        assert moved.double_holdings() == []
        assert [holding.node for holding in unmoved.holdings] == [beside]
    systemd_lab.await_online()


def test_systemd_nodes_run_no_service_of_the_machine(systemd_lab: Lab) -> None:
    for node in systemd_lab.nodes:
        failed = node.run(["systemctl", "list-units", "--failed", "--no-legend"])
        assert failed.stdout == ""
        assert node.run(["systemctl", "is-system-running"]).stdout.strip() == "running"


def test_a_second_lab_of_the_same_name_is_refused(shared_lab: Lab) -> None:
    with pytest.raises(LabError, match="is up already"):
        Lab.up(shared_lab.settings.name)
    assert shared_lab.state() is not None


def test_the_client_s_hardware_address_is_the_same_whichever_nodes_run(lab: Lab) -> None:
    asked, fixed = SERVICE.client_address6, SERVICE.mac(CLIENT_HOST)
    for node, other in (lab.nodes, reversed(lab.nodes)):
        with suffer(lab, PowerLoss(other.name)):
            node.run(["ping", "-c1", "-W5", asked])
            assert fixed in node.run(["ip", "neighbour", "show", asked]).stdout
        lab.await_online()


def test_a_node_that_shuts_down_in_order_is_not_fenced(lab: Lab) -> None:
    lab.load(EXAMPLES / "address.xml")
    active = lab.wait_for_place("vip")
    survivor = other_node(lab, active)
    since = lab.note("orderly shutdown")
    lab.shut_down(active)
    lab.wait_until("its power is off", lambda: lab.node(active).describe()["power"] == "off")
    lab.wait_for_place("vip", survivor, seen_from=survivor)
    assert [event for event in lab.events(since) if event.what.startswith("fencing")] == []


def test_without_fencing_nothing_is_taken_over(lab: Lab) -> None:
    lab.load(EXAMPLES / "address.xml")
    active = lab.wait_for_place("vip")
    survivor = other_node(lab, active)
    with AddressWitness(lab, ADDRESS) as addresses:
        with suffer(lab, BrokenPowerSwitch()), suffer(lab, PowerLoss(active)) as fault:
            lab.wait_until(
                "fencing has failed twice",
                lambda: [e.what for e in lab.events(fault)].count("fencing failed") > 1,
            )
            assert addresses.holders() == []
        lab.node(survivor).run(["stonith_admin", "--confirm", active])
        lab.wait_until("the survivor takes over", lambda: addresses.holders() == [survivor])


def test_a_reboot_from_inside_ends_the_node_alone(lab: Lab) -> None:
    node = lab.nodes[0]
    before = node.pid
    reboot = "import ctypes; ctypes.CDLL(None).reboot(0x01234567)"
    node.run(["/usr/bin/python3", "-c", reboot], check=False)
    lab.wait_until("it has booted again", lambda: node.describe()["pid"] not in (None, before))
    lab.await_online()


def test_nothing_in_a_node_reaches_the_machine(lab: Lab) -> None:
    run = lab.nodes[0].run
    trigger = run(["stat", "-c", "%t %T", "/proc/sysrq-trigger"], check=False).stdout
    assert trigger == ("1 3\n" if Path("/proc/sysrq-trigger").exists() else ""), "not /dev/null"
    assert run(["sysctl", "-w", "kernel.hostname=x"], check=False).returncode != 0
    bounding_set = int(run(["grep", "CapBnd", "/proc/self/status"]).stdout.split()[1], 16)
    for capability in (CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_SYS_TIME):
        assert not bounding_set >> capability & 1, f"capability {capability} is still there"
    disks = run(["sh", "-c", "ls /dev/[shv]d[a-z] /dev/loop* /dev/nvme*"], check=False).stdout
    assert disks == "/dev/sda\n", "the lab's own alone"


def test_the_mount_witness_sees_a_node_s_mounts_from_outside(lab: Lab) -> None:
    witness = MountWitness(lab)
    lab.node("n1").run(["mkdir", "-p", "/mnt/ä b"])
    lab.node("n1").run(["mount", "-t", "tmpfs", "t", "/mnt/ä b"])
    assert witness.nodes_with("/mnt/ä b") == ["n1"]
    lab.node("n1").run(["umount", "/mnt/ä b"])
    assert witness.nodes_with("/mnt/ä b") == []


def test_a_daemon_that_fails_is_named_with_its_log() -> None:
    with Lab.up(name_lab("trouble"), nodes=1) as lab:
        corosync = lab.node("n1").run(["pidof", "corosync"]).stdout.strip()
        lab.node("n1").run(["kill", "-9", corosync])
        log = lab.node("n1").logs / "corosync/corosync.log"
        with pytest.raises(LabError, match=f"n1: corosync ended with -9 .* see {log}: "):
            lab.wait_until("it is noticed", lab.await_online, timeout=20)


def test_a_command_that_fails_is_named_with_what_it_said(shared_lab: Lab) -> None:
    with pytest.raises(LabError, match="n1: cat /nowhere: ended with 1: .*No such file"):
        shared_lab.node("n1").run(["cat", "/nowhere"])


def test_a_command_that_hangs_is_killed_in_the_node(shared_lab: Lab) -> None:
    node = shared_lab.node("n1")
    with pytest.raises(LabError, match="no end within"):
        node.run(["sleep", "4711"], timeout=1.0)
    assert node.run(["pgrep", "-f", "sleep 4711"], check=False).stdout == ""

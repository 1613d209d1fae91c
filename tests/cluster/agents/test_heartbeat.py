"""A Heartbeat pair's configuration, imported and run: its own corosync.conf, key and CIB."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab
from ocf_py.lab.faults import PowerLoss, suffer
from tests.cluster.conftest import EXAMPLES, SEEN_LABS, name_lab, other_node, settle
from tests.unit.installing import run_cli

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FILES = EXAMPLES.parent / "heartbeat"
_MEMBERS = ("ip_10.77.2.100", "fs_srv-pages", "service_nginx")


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the import wrote."""
    folder = tmp_path_factory.mktemp("imported") / "new"
    done = run_cli(
        "import-heartbeat",
        *(_FILES / name for name in ("ha.cf", "haresources", "authkeys")),
        *("--address", "n1=10.77.0.11,10.77.1.11", "--address", "n2=10.77.0.12,10.77.1.12"),
        *("--output", folder),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def lab(imported: Path) -> Iterator[Lab]:
    """A lab whose nodes were booted anew with what was imported in /etc/corosync."""
    with Lab.up(name_lab("heartbeat"), init="systemd", disk_mib=64) as made:
        SEEN_LABS.append(made)
        for node in made.nodes:
            for name in ("corosync.conf", "authkey"):
                content = (imported / name).read_bytes()
                node.run(["tee", f"/etc/corosync/{name}"], stdin=content)
        for node in made.nodes:
            made.kill(node.name)
        for node in made.nodes:
            made.start(node.name)
        made.await_online()
        yield made


def test_what_was_imported_forms_a_cluster_and_its_group_fails_over(
    lab: Lab, imported: Path
) -> None:
    first, second = lab.nodes
    told = first.run(["corosync-cmapctl", "totem.cluster_name", "totem.token"]).stdout
    assert "= heartbeat" in told
    assert "= 1000" in told
    links = second.run(["corosync-cfgtool", "-n"]).stdout
    assert links.count("connected") == 2, links
    first.run(["mkfs.ext4", "-q", "-F", "/dev/sda"])
    lab.load(imported / "cib.xml")
    for member in _MEMBERS:
        lab.wait_for_place(member, "n1")  # the node that haresources prefers
    settle(lab)
    survivor = other_node(lab, "n1")
    with suffer(lab, PowerLoss("n1")):
        for member in _MEMBERS:
            lab.wait_for_place(member, survivor, seen_from=survivor)
        state = lab.state(survivor)
        assert state is not None
        assert state.failures == ()
    lab.await_online()
    settle(lab)
    assert lab.wait_for_place("service_nginx") == survivor, "auto_failback is off"

"""Two nodes on which dpkg has installed the agents: the packaged ones fail over."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab
from ocf_py.lab.demo import ADDRESS
from ocf_py.lab.faults import PowerLoss, suffer
from ocf_py.lab.witnesses import AddressWitness
from tests.packages.conftest import CHECKOUT, HOME, LAUNCHERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.packages.conftest import Release


@pytest.fixture
def packaged_lab(release: Release, tmp_path: Path) -> Iterator[Lab]:
    """A lab whose nodes have none of our agents but those that dpkg installs in each."""
    tree = tmp_path / "none"
    (tree / LAUNCHERS).mkdir(parents=True)  # in the place of the agents that a lab installs
    package = release.deb["ocf-py-agents"]
    with Lab.up(f"test-{os.getpid()}-packaged", provider_trees=(tree,)) as lab:
        shutil.rmtree(tree / "usr")  # a node that boots again finds no more of it
        for node in lab.nodes:
            node.run(["umount", f"/{LAUNCHERS}"])
            node.run(["sh", "-c", "cat >/root/agents.deb"], stdin=package.read_bytes())
            node.run(["dpkg", "--force-depends", "-i", "/root/agents.deb"])
        yield lab


def test_packaged_agents_fail_over(packaged_lab: Lab) -> None:
    lab = packaged_lab
    lab.load(CHECKOUT / "examples/cib/address.xml")
    active = lab.wait_for_place("vip")
    survivor = next(node.name for node in lab.nodes if node.name != active)
    for node in lab.nodes:
        owner = node.run(["dpkg", "-S", f"/{LAUNCHERS}/IPaddr"]).stdout
        assert owner.startswith("ocf-py-agents:")
        assert node.run(["ls", f"/{HOME}/held"]).stdout.strip()
    with AddressWitness(lab, ADDRESS) as addresses:
        with suffer(lab, PowerLoss(active)):
            lab.wait_for_place("vip", survivor, seen_from=survivor)
            assert addresses.holders() == [survivor]
        lab.await_online()
        # It comes back with what dpkg has put on its disk.
        assert lab.node(active).run([f"/{LAUNCHERS}/IPaddr", "meta-data"]).stdout
        assert addresses.double_holdings() == []
    state = lab.state()
    assert state is not None
    assert state.failures == ()

"""An address that runs under IPaddr2 is handed to IPaddr the way the reference tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.lab.demo import ADDRESS
from ocf_py.lab.witnesses import AddressWitness, Client

from .conftest import EXAMPLES, settle

if TYPE_CHECKING:
    from pathlib import Path

    from ocf_py.lab import Lab

OURS = 'provider="ocfpy" type="IPaddr"'
THEIRS = 'provider="heartbeat" type="IPaddr2"'


def test_the_address_stays_where_it_is(lab: Lab, tmp_path: Path) -> None:
    example = (EXAMPLES / "address.xml").read_text()
    before = tmp_path / "before.xml"
    before.write_text(example.replace(OURS, THEIRS))
    lab.load(before)
    active = lab.wait_for_place("vip")
    settle(lab)
    node = lab.node(active)
    with AddressWitness(lab, ADDRESS) as addresses, Client(lab, ADDRESS) as client:
        lab.wait_until("the client is answered", lambda: client.first_answer(active))
        begun = len(addresses.holdings)
        node.run(["pcs", "property", "set", "maintenance-mode=true"])
        settle(lab)
        held = node.run(["cibadmin", "--query"]).stdout
        assert held.count(THEIRS) == 1
        node.run(["tee", "/run/cib.xml"], stdin=held.replace(THEIRS, OURS).encode())
        node.run(["cibadmin", "--replace", "--xml-file", "/run/cib.xml"])
        node.run(["crm_resource", "--refresh", "--resource", "vip"])
        settle(lab)
        node.run(["pcs", "property", "set", "maintenance-mode=false"])
        settle(lab)
        assert lab.wait_for_place("vip") == active
        assert len(addresses.holdings) == begun, "it was never taken away"
    assert node.run(["sh", "-c", "ls /run/ocfpy"]).stdout.split() == ["IPaddr.vip"], "adopted"
    history = node.run(["cibadmin", "--query", "--xpath", "//lrm_resource[@id='vip']"]).stdout
    assert 'type="IPaddr"' in history
    assert "IPaddr2" not in history
    assert node.run(["pcs", "resource", "failcount"]).stdout.strip() in ("", "No failcounts")

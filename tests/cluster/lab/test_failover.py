"""Faults befall a two-node cluster with an address; a client and every kernel are witnesses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.demo import ADDRESS
from ocf_py.lab.faults import CutCables, Freeze, PowerLoss, suffer
from ocf_py.lab.witnesses import AddressWitness, Client
from tests.cluster.conftest import EXAMPLES, other_node, settle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ocf_py.lab import Lab


ADDRESS6 = "fd77:0:0:2::100"


@pytest.fixture
def active(lab: Lab) -> str:
    """The node on which the example's address runs."""
    lab.load(EXAMPLES / "address.xml")
    lab.wait_for_place("vip")
    settle(lab)
    return lab.wait_for_place("vip")


def place_address(lab: Lab, node: str) -> None:
    """Have the address on a given node, where it stays without a constraint."""
    lab.load(EXAMPLES / "address.xml")
    if lab.wait_for_place("vip") != node:
        move = ["crm_resource", "--resource", "vip", "--move", "--node", node]
        lab.running_nodes()[0].run(move)
        lab.wait_for_place("vip", node)
        lab.running_nodes()[0].run(["crm_resource", "--resource", "vip", "--clear"])
    settle(lab)
    lab.wait_for_place("vip", node)


def test_an_address_moves_from_a_node_without_power_and_answers(lab: Lab, active: str) -> None:
    survivor = other_node(lab, active)
    with AddressWitness(lab, ADDRESS) as addresses, Client(lab, ADDRESS) as client:
        lab.wait_until("the client is answered", lambda: client.first_answer(active))
        with suffer(lab, PowerLoss(active)) as fault:
            lab.wait_until("the survivor answers", lambda: client.first_answer(survivor, fault))
            assert active in lab.fenced_since(fault)
            lab.wait_for_place("vip", survivor, seen_from=survivor)
            assert addresses.holders() == [survivor]
        assert addresses.double_holdings() == []
        outage = client.longest_outage(fault)
    assert outage is not None
    assert (outage.last_answer.node, outage.first_answer.node) == (active, survivor)


def test_an_address_of_ipv6_moves_and_answers(lab: Lab, tmp_path: Path) -> None:
    example = (EXAMPLES / "address.xml").read_text()
    sixth = tmp_path / "address6.xml"
    sixth.write_text(example.replace(ADDRESS, ADDRESS6).replace('value="24"', 'value="64"'))
    lab.load(sixth)
    active = lab.wait_for_place("vip")
    survivor = other_node(lab, active)
    with AddressWitness(lab, ADDRESS6) as addresses, Client(lab, ADDRESS6) as client:
        lab.wait_until("the client is answered", lambda: client.first_answer(active))
        with suffer(lab, PowerLoss(active)) as fault:
            lab.wait_until("the survivor answers", lambda: client.first_answer(survivor, fault))
            lab.wait_until("and is seen to", lambda: addresses.holders() == [survivor])
        assert addresses.double_holdings() == []


def test_a_resource_stays_put_when_the_lost_node_returns(lab: Lab, active: str) -> None:
    survivor = other_node(lab, active)
    with suffer(lab, PowerLoss(active)):
        lab.wait_for_place("vip", survivor, seen_from=survivor)
    with AddressWitness(lab, ADDRESS) as addresses:
        lab.await_online()
        settle(lab)
        assert [holding.node for holding in addresses.holdings] == [survivor]
    assert lab.wait_for_place("vip") == survivor


def test_a_resource_returns_to_the_node_it_prefers(lab: Lab, active: str) -> None:
    survivor = other_node(lab, active)
    lab.node(survivor).run(["pcs", "constraint", "location", "vip", "prefers", f"{active}=200"])
    with AddressWitness(lab, ADDRESS) as addresses:
        with suffer(lab, PowerLoss(active)):
            lab.wait_for_place("vip", survivor, seen_from=survivor)
        lab.await_online()
        lab.wait_for_place("vip", active)
        settle(lab)
        assert addresses.holders() == [active]
        assert addresses.double_holdings() == []


@pytest.fixture
def n1_is_shot_late(lab: Lab) -> Iterator[None]:
    """The second that n1 has ahead is too little when Pacemaker itself hesitates for as long."""

    def set_delay(seconds: int) -> None:
        change = ["crm_resource", "--resource", "fence-n1", "--set-parameter", "pcmk_delay_base"]
        lab.running_nodes()[0].run([*change, "--parameter-value", f"n1:{seconds}s"])

    set_delay(8)
    yield
    set_delay(1)


@pytest.mark.usefixtures("n1_is_shot_late")
@pytest.mark.parametrize(("holder", "mode"), [("n2", "drop"), ("n2", "down"), ("n1", "drop")])
def test_with_both_rings_cut_fencing_decides_and_no_address_is_held_twice(
    lab: Lab, holder: str, mode: str
) -> None:
    place_address(lab, holder)
    with AddressWitness(lab, ADDRESS) as addresses:
        lab.wait_until("the address is seen", lambda: addresses.holders() == [holder])
        with suffer(lab, CutCables(holder, "rings", mode)) as fault:
            lab.wait_until("one is fenced", lambda: lab.fenced_since(fault))
            lab.wait_until("n1 holds the address", lambda: addresses.holders() == ["n1"])
            lab.wait_for_place("vip", "n1", seen_from="n1")
            assert set(lab.fenced_since(fault)) == {"n2"}
        lab.await_online()
        assert addresses.holders() == ["n1"]
        assert addresses.double_holdings() == []
        gained = addresses.gained("n1", fault)
    if holder == "n1":
        assert gained is None, "the survivor had it all the time, and must not have lost it"
    else:
        assert gained is not None
        assert gained > min(e.at for e in lab.events(fault) if e.what == "fencing confirmed")


@pytest.mark.parametrize(("ring", "mode"), [("0", "drop"), ("1", "down")])
def test_with_one_ring_cut_nothing_moves(lab: Lab, active: str, ring: str, mode: str) -> None:
    def link_is_lost() -> bool:
        shown = lab.node(active).run(["corosync-cfgtool", "-s"]).stdout
        return "disconnected" in shown

    with AddressWitness(lab, ADDRESS) as addresses, Client(lab, ADDRESS) as client:
        lab.wait_until("the client is answered", lambda: client.answers)
        with suffer(lab, CutCables(active, ring, mode)) as fault:
            lab.wait_until("Corosync notices the lost link", link_is_lost)
            settle(lab)
            lab.await_online()
        lab.wait_until("the link is back", lambda: not link_is_lost())
        assert lab.fenced_since(fault) == []
        assert [holding.node for holding in addresses.holdings] == [active]
        assert {answer.node for answer in client.answers} == {active}


def test_a_frozen_node_is_fenced_and_its_address_moves(lab: Lab, active: str) -> None:
    survivor = other_node(lab, active)
    with AddressWitness(lab, ADDRESS) as addresses, Client(lab, ADDRESS) as client:
        with suffer(lab, Freeze(active)) as fault:
            lab.wait_until("the survivor answers", lambda: client.first_answer(survivor, fault))
            assert active in lab.fenced_since(fault)
            lab.wait_for_place("vip", survivor, seen_from=survivor)
        assert addresses.holders() == [survivor]
        assert addresses.double_holdings() == []


def test_an_address_deleted_by_hand_comes_back_where_it_was(lab: Lab, active: str) -> None:
    # Pacemaker may decide anew between the stop and the start of a recovery, when it has counted
    # the failure: what is stopped does not stick, and with equal scores it might go elsewhere.
    lab.node(active).run(["pcs", "constraint", "location", "vip", "prefers", f"{active}=50"])
    settle(lab)
    with AddressWitness(lab, ADDRESS) as addresses, Client(lab, ADDRESS) as client:
        lab.wait_until("the address is seen", lambda: addresses.holders() == [active])
        since = lab.note("the address is deleted by hand")
        lab.node(active).run(["ip", "address", "delete", f"{ADDRESS}/24", "dev", "eth2"])
        lab.wait_until("it was seen to go", lambda: addresses.holdings[0].until is not None)
        lab.wait_until("it is back", lambda: addresses.gained(active, since))
        lab.wait_until("it answers", lambda: client.first_answer(active, since))
        assert lab.fenced_since(since) == []
        assert addresses.holders() == [active]

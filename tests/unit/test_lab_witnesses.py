"""What the lab concludes from what it has seen."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab
from ocf_py.lab.cluster_state import PROMOTED, ClusterState
from ocf_py.lab.errors import LabError
from ocf_py.lab.membership import find_loss
from ocf_py.lab.settings import Settings
from ocf_py.lab.witnesses import AddressesWitness, AddressWitness, Answer, Client, Holding
from ocf_py.lab.witnesses.holdings import Holdings

if TYPE_CHECKING:
    from pathlib import Path

CRM_MON = b"""<pacemaker-result api-version="2.25"><summary>
 <current_dc present="true" name="n2" with_quorum="true"/>
 <cluster_options maintenance-mode="false"/></summary>
 <nodes>
  <node name="n1" online="true" pending="true" unclean="false"/>
  <node name="n2" online="true" pending="false" unclean="false"/>
  <node name="n3" online="false" pending="false" unclean="true"/></nodes>
 <resources>
  <resource id="vip" role="Starting" active="true"><node name="n1"/></resource>
  <clone id="c"><resource id="st:0" role="Promoted" active="true"><node name="n2"/></resource>
  <resource id="st:1" role="Unpromoted" active="true"><node name="n1"/></resource></clone>
 </resources>
 <failures>
  <failure op_key="vip_start_0" node="n2" exitcode="1" exitstatus="error" exitreason="no eth9"/>
 </failures></pacemaker-result>"""


def test_a_node_that_is_still_joining_is_not_online() -> None:
    state = ClusterState.from_xml(CRM_MON)
    assert state.online == {"n2"}
    assert not state.is_complete(["n1", "n2"])


def test_a_resource_that_is_starting_is_nowhere_yet() -> None:
    state = ClusterState.from_xml(CRM_MON)
    assert state.node_of("vip") is None
    assert state.node_of("st", PROMOTED) == "n2"
    assert sorted(state.nodes_of("st")) == ["n1", "n2"]


def test_a_failed_action_comes_with_its_reason() -> None:
    (failure,) = ClusterState.from_xml(CRM_MON).failures
    assert (failure.node, failure.exit_code, failure.reason) == ("n2", 1, "no eth9")


@pytest.mark.parametrize("document", [b"", b"not XML", b"<pacemaker-result/>"])
def test_what_is_no_cluster_s_answer_is_a_value_error(document: bytes) -> None:
    with pytest.raises(ValueError, match="crm_mon"):
        ClusterState.from_xml(document)


def witness_with(*holdings: Holding) -> AddressWitness:
    witness = AddressWitness(Lab(Settings()), "10.77.2.100")
    witness._holdings = Holdings(*holdings)
    return witness


@pytest.mark.parametrize(
    "holdings",
    [
        (Holding("n1", 1.0, 2.0), Holding("n2", 2.0)),
        (Holding("n1", 1.0, 2.0), Holding("n1", 2.5)),
        (Holding("n1", 1.0),),
    ],
)
def test_a_handover_is_no_double_holding(holdings: tuple[Holding, ...]) -> None:
    assert witness_with(*holdings).double_holdings() == []


@pytest.mark.parametrize("until", [2.1, None])
def test_a_double_holding_is_seen(until: float | None) -> None:
    assert witness_with(Holding("n1", 1.0, until), Holding("n2", 2.0)).double_holdings()


def test_what_each_of_many_addresses_had_is_told_apart() -> None:
    witness = AddressesWitness(Lab(Settings()), ["10.77.2.100", "10.77.2.101"])
    witness._note_all("n1", [("10.77.2.100", True), ("10.77.2.101", True)])
    assert witness.count_on("n1") == 2
    witness._note_all("n1", [("10.77.2.100", False)])
    witness._note_all("n2", [("10.77.2.100", True), ("10.77.2.101", True)])
    assert (witness.count_on("n1"), witness.count_on("n2")) == (1, 2)
    ((address, (one, other)),) = witness.held_twice().items()
    assert (address, one.node, other.node) == ("10.77.2.101", "n1", "n2")


def test_an_address_is_known_in_every_spelling() -> None:
    witness = AddressWitness(Lab(Settings()), "FD77:0:0:2::0100")
    assert witness.address == "fd77:0:0:2::100"


def test_a_witness_whose_round_took_too_long_says_so() -> None:
    witness = witness_with(Holding("n1", 1.0))
    witness._round_begun = time.monotonic() - 0.5
    for asked in (witness.holders, witness.double_holdings, witness.check):
        with pytest.raises(LabError, match=r"blind for 0\.\d s"):
            asked()


def test_an_outage_is_the_longest_time_between_two_answers() -> None:
    client = Client.__new__(Client)
    times = ((0.0, "n1"), (1.0, "n1"), (1.02, "n1"), (1.5, "n2"), (1.52, "n2"))
    client.answers = [Answer(at, at, node) for at, node in times]
    outage = client.longest_outage(since=1.01)
    assert outage is not None
    assert outage.milliseconds == pytest.approx(480)
    assert (outage.last_answer.node, outage.first_answer.node) == ("n1", "n2")


def test_a_member_s_loss_is_found_in_corosync_s_log(tmp_path: Path) -> None:
    now = time.time()
    stamp = time.strftime("%b %d %H:%M:%S", time.localtime(now))
    line = " n2 corosync notice  [TOTEM ] A new membership (2.16) was formed. Members left: 1"
    log = tmp_path / "corosync.log"
    log.write_text(f"{stamp}.{int(now % 1 * 1000):03d} [2]{line}\n")
    since = time.monotonic() - 5
    assert find_loss(log, 1, since) == pytest.approx(time.monotonic(), abs=3)
    assert find_loss(log, 2, since) is None
    assert find_loss(log, 1, since + 60) is None

"""The known faults of other agents, found by `ocf-py test` in the packages that are installed."""

from __future__ import annotations

import pytest

from ocf_py.conformance.examination import State
from tests.contract.peers import PEERS, Peer, examine_peer

_PEERS = {peer.name.split(":", 1)[1]: peer for peer in reversed(PEERS)}
_DUMMYPY = PEERS[-1]  # with the parameter that it cannot do without


@pytest.mark.parametrize(
    ("peer", "rule", "said"),
    [
        (_PEERS["heartbeat:Filesystem"], "monitor-takes-every-level", "6 (unsupported monitor"),
        (_PEERS["heartbeat:Filesystem"], "idle-without-parameters", "6 (Please set OCF_RESKEY_"),
        (_PEERS["heartbeat:Filesystem"], "missing-tool-is-no-hard-error", "5 (Setup problem: "),
        (_PEERS["heartbeat:Filesystem"], "stop-needs-no-parameters", "6 (Please set OCF_RESKEY_"),
        (_PEERS["heartbeat:Filesystem"], "further-arguments-are-ignored", "2"),
        (_PEERS["heartbeat:IPaddr2"], "missing-tool-is-no-hard-error", "5 (Setup problem: "),
        (_PEERS["heartbeat:IPaddr2"], "idle-without-parameters", "6 (IP address (the ip param"),
        (_PEERS["heartbeat:IPaddr2"], "hanging-tool-is-given-up", "no end before its timeout"),
        (_PEERS["heartbeat:IPaddr2"], "stop-needs-no-parameters", "0"),
        (_PEERS["heartbeat:anything"], "reused-pid-is-a-stranger", "0"),
        (_PEERS["heartbeat:anything"], "missing-parameter-is-refused", "0"),
        (_PEERS["heartbeat:dummypy"], "life", "1"),
        (_DUMMYPY, "further-arguments-are-ignored", "3 (No action argument set)"),
        (_DUMMYPY, "metadata-works-for-anybody", "1"),
        (_PEERS["pacemaker:Stateful"], "roles", "8"),
        (_PEERS["pacemaker:Stateful"], "score-does-not-hang", "no end before its timeout"),
    ],
    ids=lambda one: getattr(one, "name", one),
)
def test_a_known_fault_is_found(peer: Peer, rule: str, said: str) -> None:
    found = next(one for one in examine_peer(peer, (rule,)) if one.id == rule)
    assert found.state is State.BROKEN
    assert found.evidence
    assert found.evidence.seen.startswith(said)


def test_the_traceback_of_a_log_that_cannot_be_written_is_found() -> None:
    found = examine_peer(_DUMMYPY, ("metadata-works-for-anybody",))
    assert "no-traceback" in {one.id for one in found if one.is_fault}


def test_pacemakers_dummy_which_ocf_tester_rejects_comes_out_right() -> None:
    found = examine_peer(_PEERS["pacemaker:Dummy"])
    assert [one.id for one in found if one.is_fault] == []
    notes = {one.id for one in found if one.state is State.BROKEN}
    assert "metadata-carries-its-dtd" in notes

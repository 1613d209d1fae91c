"""Reading corosync-quorumtool: who is there, and whether the quorum is a real one."""

from __future__ import annotations

import pytest

from ocf_py.mirror.membership import View, parse_view

TWO_NODES = """\
------------------
Date:             Wed Nov 25 19:24:58 2026
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          1
Ring ID:          1.9
Quorate:          Yes

Votequorum information
----------------------
Expected votes:   2
Highest expected: 2
Total votes:      2
Quorum:           1
Flags:            2Node Quorate WaitForAll

Membership information
----------------------
    Nodeid      Votes Name
         1          1 n1 (local)
         2          1 n2
"""
WITH_A_DEVICE = """\
Quorate:          Yes

Votequorum information
----------------------
Flags:            Quorate Qdevice

Membership information
----------------------
    Nodeid      Votes    Qdevice Name
         1          1    A,V,NMW n1 (local)
         2          1    A,V,NMW n2
         0          1            Qdevice
"""


def test_two_nodes_that_wait_for_each_other_have_a_real_quorum() -> None:
    assert parse_view(TWO_NODES) == View(frozenset({"n1", "n2"}), quorum=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [(" WaitForAll", ""), ("Quorate:          Yes", "Quorate:          No")],
    ids=["they do not wait", "none"],
)
def test_a_quorum_that_proves_nothing_counts_as_none(before: str, after: str) -> None:
    assert before in TWO_NODES
    assert not parse_view(TWO_NODES.replace(before, after)).quorum


def test_a_device_is_no_node() -> None:
    assert parse_view(WITH_A_DEVICE) == View(frozenset({"n1", "n2"}), quorum=True)


@pytest.mark.parametrize("text", ["", "Cannot initialize QUORUM service\n", "Quorate: Yes\n"])
def test_what_is_no_picture_names_nobody(text: str) -> None:
    assert parse_view(text).members == frozenset()

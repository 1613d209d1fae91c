"""Reading corosync-quorumtool: who is there, and whether the quorum is a real one."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from ocf_py.mirror.membership import Pictures, View, parse_view, watch

if TYPE_CHECKING:
    from pathlib import Path

TWO_NODES = """\
Quorum information
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
    assert parse_view(TWO_NODES) == View(frozenset({"n1", "n2"}), quorum=True, ring="1.9")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (" WaitForAll", ""),
        ("Quorate:          Yes", "Quorate:          No"),
        ("2Node Quorate WaitForAll", "Quorate AutoTieBreaker"),
        ("2Node Quorate WaitForAll", "Quorate LastManStanding"),
    ],
    ids=["they do not wait", "none", "half of them", "the last man"],
)
def test_a_quorum_that_proves_nothing_counts_as_none(before: str, after: str) -> None:
    assert before in TWO_NODES
    assert not parse_view(TWO_NODES.replace(before, after)).quorum


def test_a_device_is_no_node() -> None:
    assert parse_view(WITH_A_DEVICE) == View(frozenset({"n1", "n2"}), quorum=True)


@pytest.mark.parametrize("text", ["", "Cannot initialize QUORUM service\n", "Quorate: Yes\n"])
def test_what_is_no_picture_names_nobody(text: str) -> None:
    assert parse_view(text).members == frozenset()


BOTH = frozenset({"n1", "n2"})


@pytest.mark.parametrize("at", range(0, len(TWO_NODES), 37))
def test_a_picture_counts_when_it_is_whole_however_it_is_cut(at: int) -> None:
    pictures = Pictures()
    found = [*pictures.take(TWO_NODES[:at])]
    assert found == []
    found = [*pictures.take(TWO_NODES[at:] + TWO_NODES.replace("n2", "n3") + "Quorum infor")]
    assert [parse_view(one).members for one in found] == [BOTH, frozenset({"n1", "n3"})]
    assert not pictures.is_amid


def test_a_picture_that_breaks_off_is_none() -> None:
    pictures = Pictures()
    half = TWO_NODES[: TWO_NODES.index("         2 ")]
    (whole,) = pictures.take(half + TWO_NODES)
    assert parse_view(whole).members == BOTH


def test_of_a_picture_with_a_device_every_node_is_read() -> None:
    content = "Quorum information\nNodes:            2\n" + WITH_A_DEVICE
    half = content.index("         1          1")
    pictures = Pictures()
    assert [*pictures.take(content[:half])] == []
    (whole,) = pictures.take(content[half:])
    assert parse_view(whole) == View(BOTH, quorum=True)


@pytest.mark.parametrize(
    ("pause", "seen"), [("sleep 0.3", [BOTH]), ("exec sleep 30", [])], ids=["it pauses", "it hangs"]
)
def test_half_a_picture_is_no_membership(
    pause: str, seen: list[frozenset[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, table = TWO_NODES.split("Membership information")
    (tmp_path / "head").write_text(head)
    (tmp_path / "table").write_text("Membership information" + table)
    tool = tmp_path / "corosync-quorumtool"
    tool.write_text(
        f"#!/bin/sh\ncat {tmp_path}/head\n{pause}\ncat {tmp_path}/table\nexec sleep 30\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    async def look() -> list[frozenset[str]]:
        found: list[frozenset[str]] = []

        async def follow() -> None:
            async for view in watch():
                found.append(view.members)  # noqa: PERF401 - watch() is not at its end when it is left

        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(follow(), 4)
        return found

    assert asyncio.run(look()) == seen

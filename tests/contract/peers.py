"""The installed agents of others as `ocf-py test --sandbox` sees them; run as a program, a page."""

from __future__ import annotations

import datetime as dt
import os
import subprocess
import sys
from typing import NamedTuple

from ocf_py.catalogue.places import find_agent
from ocf_py.conformance.examination import (
    GENERAL_RULES,
    Judgement,
    State,
    ask_description,
    examine,
)
from ocf_py.conformance.furniture import DISK, Furniture
from ocf_py.toolkit.testing.candidate import describe, make_subject

_PACKAGES = ("resource-agents", "pacemaker-resource-agents", "pacemaker")


class Peer(NamedTuple):
    """An installed agent, with what it takes to bring its resource up."""

    name: str
    parameters: dict[str, str]
    other: dict[str, str]


_ADDRESS = {"nic": "eth0", "cidr_netmask": "24"}
PEERS = (
    Peer("ocf:pacemaker:Dummy", {}, {}),
    Peer("ocf:pacemaker:Stateful", {}, {}),
    Peer("ocf:heartbeat:Dummy", {}, {}),
    Peer("ocf:heartbeat:IPaddr2", {"ip": "192.0.2.10", **_ADDRESS}, {"ip": "192.0.2.11"}),
    Peer(
        "ocf:heartbeat:Filesystem",
        {"device": DISK, "directory": "/run/mnt", "fstype": "ext4"},
        {},
    ),
    Peer("ocf:heartbeat:anything", {"binfile": "/bin/sleep", "cmdline_options": "1000"}, {}),
    Peer("ocf:heartbeat:dummypy", {}, {}),
    Peer("ocf:heartbeat:dummypy", {"state": "/run/dummypy.state"}, {"state": "/run/b.state"}),
)


def examine_peer(peer: Peer, names: tuple[str, ...] = ()) -> list[Judgement]:
    """What `ocf-py test --sandbox` finds, held to these rules, or to all."""
    subject = make_subject(
        peer.name,
        find_agent(peer.name).path,
        instance="test",
        parameters=peer.parameters,
        other=peer.other,
        change={},
        wrong={},
        prepare=(),
        environment={},
    )
    with Furniture(tuple(peer.parameters.values())) as furniture:
        subject = describe(subject, ask_description(subject, furniture.place))
        rules = tuple(rule for rule in GENERAL_RULES if not names or rule.id in names)
        return examine(subject, furniture.place, rules=rules, lanes=os.cpu_count() or 1)


def write_page() -> str:
    """Everything found today, as Markdown."""
    asked = ("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *_PACKAGES)
    versions = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split("\n")
    today = f"{dt.datetime.now(dt.timezone.utc):%d %B %Y}"
    lines = [
        "# What `ocf-py test` finds in other agents",
        "",
        f"Made by `python -m tests.contract.peers`, as root, on {today}, with the Debian",
        f"packages {', '.join(one for one in versions if one)}.",
        "What stands here was seen happening, each rule in a sandbox of its own; the command above",
        "a table shows it again, with calls and what Pacemaker makes of it; notes are left out.",
    ]
    for peer in PEERS:
        found = examine_peer(peer)
        options = "".join(f" -o {name}={value}" for name, value in peer.parameters.items())
        lines += ["", f"## {peer.name}", "", f"`ocf-py test --sandbox {peer.name}{options}`", ""]
        faults = [one for one in found if one.is_fault]
        if not faults:
            lines.append("Nothing: every rule that it gives an object for holds.")
            continue
        lines += ["| rule | | expected | seen |", "|---|---|---|---|"]
        lines += [_write_row(one) for one in faults]
        unrun = sum(one.state is State.NOT_RUN for one in found)
        if unrun:
            lines += ["", f"{unrun} more rules were not run, since it has no life to look at."]
    return "\n".join(lines)


def _write_row(one: Judgement) -> str:
    assert one.evidence is not None
    cells = (one.id, one.severity.value, one.evidence.expected, one.evidence.seen)
    return f"| {' | '.join(map(_write_cell, cells))} |"


def _write_cell(text: str) -> str:
    plain = " ".join(text.replace("\\n", " ").split())
    return (plain[:157] + "..." if len(plain) > 160 else plain).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(write_page() + "\n")

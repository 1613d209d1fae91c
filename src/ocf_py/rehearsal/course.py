"""The course of a play, from the lab's journal, Corosync's log and Pacemaker's alerts."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

from ocf_py.lab.membership import find_loss
from ocf_py.rehearsal.record import ASKED, LOST, Moment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ocf_py.lab.lab import Lab
    from ocf_py.lab.node import Node

_ALERTS = "pacemaker/ocfpy-rehearsal.jsonl"
_CANCELLED = "Cancelled"
_PROBED = frozenset((0, 7, 8, 190, 191))
_SHOWN = ("start", "stop", "promote", "demote", "reload-agent", "migrate_to", "migrate_from")


def trace(lab: Lab, struck: float) -> list[Moment]:
    """All that is known of what happened since the fault, in the order of time."""
    moments = [*_read_journal(lab, struck), *_read_losses(lab, struck)]
    for node in lab.nodes:
        moments += _read_alerts(node, struck)
    return sorted(moments, key=lambda moment: moment.at)


def _read_journal(lab: Lab, struck: float) -> Iterator[Moment]:
    for event in lab.events(struck):
        at, node = event.at - struck, event.node or ""
        if event.what == "fencing requested":
            by = event.details.get("by", "")
            yield Moment(at, "detection", f"{by} {ASKED} of {node}", node)
        elif event.what == "fencing confirmed":
            yield Moment(at, "fencing", f"{node} is fenced", node)
        elif event.what == "fencing failed":
            yield Moment(at, "failure", f"the fencing of {node} failed", node)
        elif event.what in ("power on", "power off"):
            yield Moment(at, "power", f"{node}: {event.what}", node)


def _read_losses(lab: Lab, struck: float) -> Iterator[Moment]:
    for node in lab.nodes:
        log = node.logs / "corosync/corosync.log"
        for lost in lab.nodes if log.exists() else ():
            at = None if lost is node else find_loss(log, lost.number, struck)
            if at is not None:
                text = f"Corosync of {node.name} {LOST} {lost.name}"
                yield Moment(at - struck, "detection", text, lost.name)


def _read_alerts(node: Node, struck: float) -> Iterator[Moment]:
    log = node.logs / _ALERTS
    if not log.exists():
        return
    to_monotonic = time.monotonic() - time.time()
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            told = json.loads(line)
        except ValueError:
            continue  # a node without power stops in the midst of a line
        at = told["epoch"] + told["usec"] / 1e6 + to_monotonic - struck
        if at < 0 or told["node"] != node.name:
            continue
        what, lasted = f"{told['task']} of {told['resource']}", told["ms"] / 1000
        if told["said"] == _CANCELLED or _is_answered_probe(told):
            continue
        if told["code"] != told["target"]:
            text = f"{what} on {node.name}: {told['said']}"
            kind = "detection" if told["task"] == "monitor" else "failure"
            yield Moment(at, kind, text, node.name, told["resource"], lasted)
        elif told["task"] in _SHOWN:
            text = f"{what} on {node.name}"
            yield Moment(at, "operation", text, node.name, told["resource"], lasted)


def _is_answered_probe(told: dict[str, Any]) -> bool:
    """Whether somebody asked what runs, as after a cleanup: no answer to that is a detection."""
    return told["task"] == "monitor" and not told["interval"] and told["code"] in _PROBED

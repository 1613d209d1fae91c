"""The daemon's ears: what a node's init and a request may hold without harm."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.control import Control
from ocf_py.lab.events import EventLog, read_events
from ocf_py.lab.machine import Machine
from ocf_py.lab.settings import Settings
from ocf_py.lab.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[EventLog]:
    """The lab's journal."""
    journal = EventLog(tmp_path / "events.jsonl")
    yield journal
    journal._file.close()


@pytest.fixture
def machine(journal: EventLog) -> Machine:
    """A machine that is off."""
    return Machine(Settings(), "n1", Switch.__new__(Switch), journal)


def test_an_init_that_reports_nothing_is_listened_to_no_more(machine: Machine) -> None:
    machine.reports, end = os.pipe()
    os.close(end)
    machine.hear()
    assert machine.reports == -1, "the pipe stays readable, and the daemon would never sleep"


@pytest.mark.parametrize("line", [b"\xff", b"{", b"[]", b"5", b"{}", b'{"daemon": {}}'])
def test_a_malformed_report_is_passed_over(machine: Machine, line: bytes) -> None:
    machine.reports, end = os.pipe()
    os.write(end, line + b"\n")
    machine.hear()
    os.write(end, b'{"daemon": "corosync", "state": "running"}\n')
    machine.hear()
    os.close(end)
    os.close(machine.reports)
    assert machine.daemons == {"corosync": {"state": "running"}}


@pytest.mark.parametrize(
    "request_of_a_node",
    [
        {"operation": []},
        {"operation": "off", "node": []},
        {"operation": "off", "node": {}},
        {"operation": "off"},
        {"operation": "cable", "node": "n1", "mode": None, "networks": 5},
        {"operation": "cable", "node": "n1", "mode": []},
    ],
)
def test_a_malformed_request_is_answered_with_an_error(
    machine: Machine, journal: EventLog, tmp_path: Path, request_of_a_node: dict[str, object]
) -> None:
    control = Control(Settings(), {"n1": machine}, Switch.__new__(Switch), journal)
    assert "error" in control.obey_host(request_of_a_node)
    assert "error" in control.obey_node(request_of_a_node, "n1")
    assert read_events(tmp_path / "events.jsonl")[-1].what == "fencing failed"

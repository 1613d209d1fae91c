"""Agents in shell, of `tests/agents`: some are sound, in each other one thing is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ocf_py.conformance.subject import Subject

AGENTS = Path(__file__).parents[1] / "agents"
SOUND = ("sound", "sound-process", "sound-roles")


class Defect(NamedTuple):
    """What the fuzz says of an agent, of which action: an expression to be found in it."""

    name: str
    action: str
    said: str


_LEFT = "the machine to be as it was before"

DEFECTS = (
    Defect("stop-is-6", "stop", "stop never to answer 2, 5 or 6"),
    Defect("monitor-is-5", "monitor", "monitor never to answer 2, 5 or 6"),
    Defect("idle-stop-is-1", "stop", "stop of what does not run to succeed"),
    Defect("idle-probe-is-1", "monitor", "a probe where nothing was started to answer 7"),
    Defect("monitor-finds-all", "monitor", "monitor to find nothing"),
    Defect("no-such-code", "validate-all", "an exit code that OCF has"),
    Defect("signal", "monitor", "to end by itself"),
    Defect("valid-start-is-1", "start", "start to answer 0"),
    Defect("valid-is-refused", "validate-all", "validate-all to find nothing wrong"),
    Defect("meta-data-is-1", "meta-data", "meta-data"),
    Defect("unknown-is-1", "no-such-action", "a reason beside the code 1"),
    Defect("traceback", "validate-all", "no traceback on stderr"),
    Defect("unforeseen", "validate-all", "no exception that nobody foresaw"),
    Defect("no-reason", "start", "a reason beside the code"),
    Defect("two-reasons", "start", "one reason"),
    Defect("raw-reason", "validate-all", "a reason without control characters"),
    Defect("chatter", "start", "nothing on stdout"),
    Defect("file", "start", f"{_LEFT}.*\n.*path /run/left is new"),
    Defect("line-in-etc", "start", f"{_LEFT}.*\n.*path /etc/hosts"),
    Defect("mode-in-etc", "start", f"{_LEFT}.*\n.*path /etc/hosts"),
    Defect("old-time-in-etc", "start", f"{_LEFT}.*\n.*path /etc/passwd"),
    Defect("process", "start", f"{_LEFT}.*\n.*process .*sleep 1000"),
    Defect("address", "start", f"{_LEFT}.*\n.*address 192.0.2.66/32 on lo"),
    Defect("address-6", "start", f"{_LEFT}.*\n.*address 2001:db8::66/128 on lo"),
    Defect("route", "start", f"{_LEFT}.*\n.*route 198.51.100.0/24 dev lo table 66"),
    Defect("rule", "start", f"{_LEFT}.*\n.*rule -4 66"),
    Defect("rule-6", "start", f"{_LEFT}.*\n.*rule -6 66"),
    Defect("mount", "start", f"{_LEFT}.*\n.*mount /mnt is new"),
    Defect("resource", "stop", f"{_LEFT}.*\n.*path /run/[ab].state is new"),
    Defect("monitor-writes", "monitor", "monitor to change n"),
    Defect("validate-writes", "validate-all", "validate-all to change nothing"),
    Defect("stop-writes", "stop", "stop to change nothing"),
    Defect("monitor-stops", "monitor", "monitor to change nothing"),
    Defect("refused-start-leaves-an-address", "start", "start that answers 6 to change nothing"),
)


def use_agent(name: str = "sound") -> Subject:
    """How the agent of this name is used."""
    return Subject(
        name,
        AGENTS / name,
        parameters={"state": "/run/a.state"},
        other={"state": "/run/b.state"},
        wrong=({"state": "relative"},),
        change={"count": "5"},
    )

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


#: The rules, and manners, by which `ocf-py test` finds each.
FOUND_BY: dict[str, set[str]] = {
    "address": {"life-leaves-nothing"},
    "address-6": {"life-leaves-nothing"},
    "advertises-what-is-not-there": {"advertised-actions-exist"},
    "believes-a-pid-file": {"reused-pid-is-a-stranger"},
    "chatter": {"quiet-output"},
    "fails-as-a-clone": {"clone-instance-lives"},
    "fails-without-a-cluster": {"score-that-fails-is-no-failure"},
    "file": {"life-leaves-nothing"},
    "idle-probe-is-1": {"idle-without-parameters"},
    "idle-stop-is-1": {"idle-without-parameters"},
    "idle-stop-is-7": {"idle-without-parameters", "stop-is-idempotent"},
    "interrupted-promote-blocks-stop": {"killed-role-change-recovers"},
    "interrupted-start-stays-locked": {"killed-start-recovers"},
    "interrupted-stop-cannot-go-on": {"killed-stop-recovers"},
    "keeps-the-output-open": {"output-is-closed"},
    "level-5-is-6": {"monitor-takes-every-level"},
    "level-is-2-to-validate": {"validation-takes-every-level"},
    "line-in-etc": {"life-leaves-nothing"},
    "meta-data-is-1": {"metadata-is-valid"},
    "metadata-is-invalid": {"metadata-is-valid"},
    "metadata-wants-root": {"metadata-works-for-anybody"},
    "misses-a-crash": {"crash-is-noticed"},
    "missing-parameter-is-0": {"missing-parameter-is-refused"},
    "missing-tool-is-5": {"missing-tool-is-no-hard-error"},
    "mode-in-etc": {"life-leaves-nothing"},
    "monitor-finds-all": {"life", "stop-is-idempotent", "unknown-action-is-unimplemented"},
    "monitor-is-5": {"idle-without-parameters"},
    "monitor-moves-the-resource": {"killed-monitor-recovers"},
    "monitor-sets-no-score": {"score-is-set"},
    "monitor-stops": {"life"},
    "monitor-writes": {"looking-changes-nothing"},
    "monitors-are-alike": {"monitors-differ"},
    "mount": {"life-leaves-nothing"},
    "no-reason": {"reason-is-given"},
    "no-such-code": {"missing-parameter-is-refused"},
    "notify-fears-company": {"notify-takes-members"},
    "notify-wants-names": {"notify-takes-empty-lists"},
    "old-time-in-etc": {"life-leaves-nothing"},
    "process": {"life-leaves-nothing", "survivors-end-with-the-resource"},
    "promote-starts": {"roles-of-the-stopped"},
    "promoted-is-0": {"roles"},
    "raw-reason": {"reason-is-text"},
    "refused-start-leaves-an-address": {"missing-parameter-is-refused"},
    "refuses-more-arguments": {"further-arguments-are-ignored"},
    "reload-stops": {"reload-interrupts-nothing"},
    "resource": {"life", "stop-is-idempotent"},
    "route": {"life-leaves-nothing"},
    "rule": {"life-leaves-nothing"},
    "rule-6": {"life-leaves-nothing"},
    "second-start-fails": {"start-is-idempotent"},
    "signal": {"idle-without-parameters"},
    "stays-in-the-group": {"survivors-leave-the-group"},
    "stop-is-6": {"idle-without-parameters"},
    "stop-keeps-its-score": {"score-is-deleted-by-stop"},
    "stop-leaves-the-process": {"survivors-end-with-the-resource"},
    "stop-needs-its-parameters": {"stop-needs-no-parameters"},
    "stop-writes": {"looking-changes-nothing"},
    "thinks-itself-alone": {"instances-live-side-by-side"},
    "traceback": {"missing-parameter-is-refused", "no-traceback"},
    "two-reasons": {"one-reason"},
    "unforeseen": {"missing-parameter-is-refused"},
    "unknown-is-0": {"unknown-action-is-unimplemented"},
    "unknown-is-1": {"reason-is-given", "unknown-action-is-unimplemented"},
    "valid-is-refused": {"validation-takes-every-level"},
    "valid-start-is-1": {"life", "stop-is-idempotent"},
    "validate-writes": {"looking-changes-nothing"},
    "validation-is-loud": {"silent-validation"},
    "waits-for-a-tool-for-ever": {"hanging-tool-is-given-up"},
    "waits-for-the-log": {"full-log"},
    "wants-a-name": {"optional-variables-are-optional"},
}


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

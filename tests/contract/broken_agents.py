"""A small agent in shell that is sound, and defects that break it, each with what tells of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ocf_py.conformance.subject import Subject

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = """#!/bin/sh
# A resource that is a file right below /run.
state=$OCF_RESKEY_state

fail() {
    echo "ocf-exit-reason:$2" >&2
    exit "$1"
}
usable() {
    case ${state#/run/} in
        "$state" | "" | */* | . | .. | ???????????????????????????????*) return 1 ;;
    esac
    [ ! -d "$state" ]
}
up() {
    usable || fail 6 "state is no file right below /run"
    : >"$state" || fail 1 "state cannot be written"
}
down() {
    usable || exit 0
    rm -f "$state"
}
look() {
    usable && [ -f "$state" ] || exit 7
}
check() {
    usable || fail 6 "state is no file right below /run"
}
describe() {
    cat <<END
<resource-agent name="Broken" version="1"><version>1.1</version><parameters>
<parameter name="state" required="1"><content type="string"/></parameter>
<parameter name="count"><content type="integer" default="3"/></parameter>
<parameter name="loud"><content type="boolean" default="false"/></parameter>
<parameter name="mood"><content type="select" default="glad">
<option value="glad"/><option value="sad"/></content></parameter>
</parameters><actions>
<action name="start" timeout="20s"/><action name="stop" timeout="20s"/>
<action name="monitor" timeout="20s" interval="10s"/><action name="meta-data" timeout="20s"/>
</actions></resource-agent>
END
}
"""
_TAIL = """
case $1 in
    start) up ;;
    stop) down ;;
    monitor) look ;;
    validate-all) check ;;
    meta-data) describe ;;
    *) fail 3 "no such action" ;;
esac
exit 0
"""


class Defect(NamedTuple):
    """Lines of shell that take the place of a function, and what is said of them, of which action.

    `said` is an expression that has to be found in what the harness says.
    """

    name: str
    action: str
    lines: str
    said: str


_UP = 'up() { usable || fail 6 "no"; : >"$state"; %s; }'
_LOOK = 'look() { usable || { %s; exit 7; }; [ -f "$state" ] || exit 7; }'
_LEFT = "the machine to be as it was before"

DEFECTS = (
    # ---------------------------------------------------------------- what it answers
    Defect(
        "stop-is-6",
        "stop",
        'down() { usable || fail 6 "state is required"; rm -f "$state"; }',
        "stop never to answer 2, 5 or 6",
    ),
    Defect(
        "monitor-is-5",
        "monitor",
        'look() { usable || fail 5 "no lamp"; [ -f "$state" ] || exit 7; }',
        "monitor never to answer 2, 5 or 6",
    ),
    Defect(
        "idle-stop-is-1",
        "stop",
        'down() { usable || fail 1 "no"; rm -f "$state"; }',
        "stop of what does not run to succeed",
    ),
    Defect(
        "idle-probe-is-1",
        "monitor",
        'look() { usable || fail 1 "no"; [ -f "$state" ] || exit 7; }',
        "a probe where nothing was started to answer 7",
    ),
    Defect("monitor-finds-all", "monitor", "look() { :; }", "monitor to find nothing"),
    Defect(
        "no-such-code",
        "validate-all",
        'check() { usable || fail 42 "no"; }',
        "an exit code that OCF has",
    ),
    Defect("signal", "monitor", _LOOK % "kill -SEGV $$", "to end by itself"),
    Defect("valid-start-is-1", "start", 'up() { fail 1 "no"; }', "start to answer 0"),
    Defect(
        "valid-is-refused",
        "validate-all",
        'check() { fail 6 "no"; }',
        "validate-all to find nothing wrong",
    ),
    Defect("meta-data-is-1", "meta-data", 'describe() { fail 1 "no"; }', "meta-data"),
    Defect("unknown-is-1", "no-such-action", "fail() { exit 1; }", "a reason beside the code 1"),
    # ---------------------------------------------------------------- what it says
    Defect(
        "traceback",
        "validate-all",
        'check() { usable || { echo "Traceback (most recent call last):" >&2; fail 1 "no"; }; }',
        "no traceback on stderr",
    ),
    Defect(
        "unforeseen",
        "validate-all",
        'check() { usable || fail 1 "unexpected OSError: [Errno 5]"; }',
        "no exception that nobody foresaw",
    ),
    Defect(
        "no-reason", "start", "up() { usable || exit 6; : >$state; }", "a reason beside the code"
    ),
    Defect(
        "two-reasons",
        "start",
        'up() { usable || { echo "ocf-exit-reason:no" >&2; fail 6 "no"; }; : >"$state"; }',
        "one reason",
    ),
    Defect(
        "raw-reason",
        "validate-all",
        'check() { usable || fail 6 "state=$state"; }',
        "a reason without control characters",
    ),
    Defect("chatter", "start", _UP % "echo started", "nothing on stdout"),
    # ---------------------------------------------------------------- what it leaves
    Defect("file", "start", _UP % ": >/run/left", f"{_LEFT}.*\n.*path /run/left is new"),
    Defect("line-in-etc", "start", _UP % "echo x >>/etc/hosts", f"{_LEFT}.*\n.*path /etc/hosts"),
    Defect("mode-in-etc", "start", _UP % "chmod 600 /etc/hosts", f"{_LEFT}.*\n.*path /etc/hosts"),
    Defect(
        "old-time-in-etc",
        "start",
        _UP % "cp -p /etc/passwd /tmp/p; tr a-b b-a </tmp/p >/etc/passwd;"
        " touch -r /tmp/p /etc/passwd; rm /tmp/p",
        f"{_LEFT}.*\n.*path /etc/passwd",
    ),
    Defect(
        "process",
        "start",
        _UP % "setsid --fork sleep 1000 </dev/null >/dev/null 2>&1",
        f"{_LEFT}.*\n.*process .*sleep 1000",
    ),
    Defect(
        "address",
        "start",
        _UP % "ip address add 192.0.2.66/32 dev lo 2>/dev/null",
        f"{_LEFT}.*\n.*address 192.0.2.66/32 on lo",
    ),
    Defect(
        "address-6",
        "start",
        _UP % "ip address add 2001:db8::66/128 dev lo 2>/dev/null",
        f"{_LEFT}.*\n.*address 2001:db8::66/128 on lo",
    ),
    Defect(
        "route",
        "start",
        _UP % "ip route add 198.51.100.0/24 dev lo table 66 2>/dev/null",
        f"{_LEFT}.*\n.*route 198.51.100.0/24 dev lo table 66",
    ),
    Defect(
        "rule",
        "start",
        _UP % "ip rule add from 192.0.2.66 table 66 priority 66 2>/dev/null",
        f"{_LEFT}.*\n.*rule -4 66",
    ),
    Defect(
        "rule-6",
        "start",
        _UP % "ip -6 rule add from 2001:db8::66 table 66 priority 66 2>/dev/null",
        f"{_LEFT}.*\n.*rule -6 66",
    ),
    Defect("mount", "start", _UP % "mount -t tmpfs x /mnt", f"{_LEFT}.*\n.*mount /mnt is new"),
    Defect("resource", "stop", "down() { :; }", f"{_LEFT}.*\n.*path /run/[ab].state is new"),
    # ---------------------------------------------------------------- what must change nothing
    Defect("monitor-writes", "monitor", _LOOK % ": >/run/looked", "monitor to change n"),
    Defect(
        "validate-writes",
        "validate-all",
        "check() { : >/tmp/x; }",
        "validate-all to change nothing",
    ),
    Defect(
        "stop-writes",
        "stop",
        'down() { usable || : >/run/x; rm -f "$state"; }',
        "stop to change nothing",
    ),
    Defect(
        "monitor-stops",
        "monitor",
        'look() { usable && [ -f "$state" ] || exit 7; [ "$OCF_RESKEY_count" ] && rm "$state"; }',
        "monitor to change nothing",
    ),
    Defect(
        "refused-start-leaves-an-address",
        "start",
        "up() { usable || { ip address add 192.0.2.66/32 dev lo 2>/dev/null; fail 6 no; };"
        ' : >"$state"; }',
        "start that answers 6 to change nothing",
    ),
)


def write_agent(folder: Path, lines: str = "") -> Subject:
    """Writes the agent, with lines that break it, and says how it is used."""
    provider = folder / "broken"
    provider.mkdir(parents=True)
    executable = provider / "Broken"
    executable.write_text(f"{_HEAD}{lines}\n{_TAIL}")
    executable.chmod(0o755)
    return Subject(
        "Broken",
        executable,
        parameters={"state": "/run/a.state"},
        other={"state": "/run/b.state"},
        wrong=({"state": "relative"},),
        change={"count": "5"},
    )

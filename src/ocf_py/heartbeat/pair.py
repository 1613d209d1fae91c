"""What ha.cf says, as far as it decides the new configuration."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable

from ocf_py.heartbeat.account import Outcome
from ocf_py.heartbeat.directives import FIXED
from ocf_py.heartbeat.durations import read_milliseconds
from ocf_py.heartbeat.paths import MEDIA, Paths
from ocf_py.heartbeat.source import Unusable

if TYPE_CHECKING:
    from ocf_py.heartbeat.account import Account
    from ocf_py.heartbeat.source import Line

_DEADTIME = 30_000  # Heartbeat's own, in milliseconds
_YES, _NO = ("on", "yes", "true", "y", "1"), ("off", "no", "false", "n", "0")
# What Corosync takes for a node's name, and XML for an id behind a prefix.
_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,253}")
_FACILITIES = ("daemon", *(f"local{number}" for number in range(8)))


@dataclass
class Pair:
    """The cluster that ha.cf describes. Times are in milliseconds, 0 where ha.cf gives none."""

    nodes: list[str] = field(default_factory=list)
    name: str = ""
    deadtime: int = _DEADTIME
    warntime: int = 0
    deadping: int = 0
    stays: bool = False  # a resource that has moved does not move back: auto_failback off
    paths: Paths = field(default_factory=Paths)
    ping_targets: list[str] = field(default_factory=list)
    follows_pings: bool = False  # ipfail runs: where more of them answer, there the resources go
    logfile: str = ""
    facility: str = "daemon"
    debug: bool = False


def read_pair(file: str, lines: list[Line], account: Account) -> Pair:
    """Reads ha.cf, and says what becomes of each of its directives but of the paths.

    The paths are accounted for when the nodes' addresses are known. Unusable names the line.
    """
    pair = Pair()
    pair.follows_pings = any(_program(line) in ("ipfail", "pingd") for line in lines)
    for line in lines:
        name = line.words[0]
        if name in MEDIA:
            pair.paths.add(line)
        elif name in _TRANSLATED:
            _TRANSLATED[name](pair, line, account)
        elif name in FIXED:
            outcome, why = FIXED[name]
            say = account.open if outcome is Outcome.OPEN else account.obsolete
            say(line, name, why)
        else:
            account.open(line, name, "no directive that Heartbeat 1 to 3 documents: what was it?")
    if not pair.nodes:
        raise Unusable(f"{file}: no `node` directive: is this a ha.cf?")
    return pair


def _program(line: Line) -> str:
    """The program that a `respawn` names, without its folder; "" for any other line."""
    words = line.words
    if words[0] != "respawn" or len(words) < 3:  # noqa: PLR2004 - respawn USER PROGRAM
        return ""
    return words[2].rpartition("/")[2]


def _value(line: Line) -> str:
    if len(line.words) < 2:  # noqa: PLR2004 - a name and a value
        raise line.refuse(f"{line.words[0]} wants a value")
    return line.words[1]


def _time(line: Line) -> int:
    try:
        value = read_milliseconds(_value(line))
    except ValueError as error:
        raise line.refuse(f"{line.words[0]}: {error}") from None
    if not value:
        raise line.refuse(f"{line.words[0]} 0 is no time to wait")
    return value


def _switch(line: Line) -> bool:
    value = _value(line).lower()
    if value not in (*_YES, *_NO):
        raise line.refuse(f"{line.words[0]} {value}: wants on or off")
    return value in _YES


def _node(pair: Pair, line: Line, account: Account) -> None:
    _value(line)
    for name in line.words[1:]:
        if not _NODE.fullmatch(name):
            raise line.refuse(f"{name!r} cannot be a node's name")
        if name in pair.nodes:
            raise line.refuse(f"node {name} is named twice")
        pair.nodes.append(name)
        account.translated(line, f"node {name}", f"nodelist: nodeid {len(pair.nodes)}")


def _deadtime(pair: Pair, line: Line, account: Account) -> None:
    pair.deadtime = _time(line)
    account.translated(
        line,
        "deadtime",
        f"token: {pair.deadtime} ms; a node is given up after 1.2 times that more (consensus)",
    )


def _warntime(pair: Pair, line: Line, account: Account) -> None:
    pair.warntime = _time(line)
    account.translated(line, "warntime", "token_warning, as a percentage of the token")


def _deadping(pair: Pair, line: Line, account: Account) -> None:
    pair.deadping = _time(line)
    if pair.follows_pings:
        account.translated(line, "deadping", "dampen of ocf:pacemaker:ping")
    else:
        account.obsolete(line, "deadping", "without ipfail nothing acts on ping nodes")


def _auto_failback(pair: Pair, line: Line, account: Account) -> None:
    value = _value(line).lower()
    pair.stays = False if value == "legacy" else not _switch(line)
    _tell_failback(pair, line, account)


def _nice_failback(pair: Pair, line: Line, account: Account) -> None:
    pair.stays = _switch(line)  # the older directive, the other way round
    _tell_failback(pair, line, account)


def _tell_failback(pair: Pair, line: Line, account: Account) -> None:
    remark = (
        "resource-stickiness: 100, above the preference for a node: what has moved stays"
        if pair.stays
        else "resource-stickiness: 0: what has moved goes back to its node, a second outage"
    )
    account.translated(line, line.words[0], remark)


def _ping(pair: Pair, line: Line, account: Account) -> None:
    kind, *targets = line.words
    if kind == "ping_group":
        targets = targets[1:]
    if not targets:
        raise line.refuse(f"{kind} names nobody to ping")
    if not pair.follows_pings:
        account.obsolete(line, kind, "without ipfail nothing acts on ping nodes")
        return
    pair.ping_targets += [one for one in targets if one not in pair.ping_targets]
    counts = ", each of which counts by itself now" if kind == "ping_group" else ""
    account.translated(line, kind, f"host_list of ocf:pacemaker:ping: {', '.join(targets)}{counts}")


def _respawn(pair: Pair, line: Line, account: Account) -> None:  # noqa: ARG001 - one shape
    program = _program(line)
    if not program:
        raise line.refuse("respawn wants a user and a program")
    what = f"respawn {program}"
    if program in ("ipfail", "pingd"):
        account.translated(
            line,
            what,
            "a clone of ocf:pacemaker:ping, and a location rule: where more targets answer",
        )
    elif program == "dopd":
        account.open(line, what, "DRBD's own fencing policy and handlers do this: see its guide")
    elif program in ("ccm", "cib", "crmd", "lrmd", "stonithd", "attrd", "mgmtd", "hbagent"):
        account.obsolete(line, what, "a daemon of the old cluster stack")
    else:
        account.open(
            line, what, "make it a unit of systemd, or a clone of ocf:ocfpy:Service with `command`"
        )


def _logfile(pair: Pair, line: Line, account: Account) -> None:
    pair.logfile = line.text.split(None, 1)[1] if len(line.words) > 1 else _value(line)
    if not pair.logfile.startswith("/"):
        raise line.refuse(f"logfile {pair.logfile}: wants an absolute path")
    account.translated(line, "logfile", "logfile of corosync.conf; Pacemaker's is PCMK_logfile")


def _facility(pair: Pair, line: Line, account: Account) -> None:
    value = _value(line).lower()
    pair.facility = "" if value == "none" else value if value in _FACILITIES else "daemon"
    if value not in (pair.facility, "none"):
        account.open(line, "logfacility", f"Corosync has no facility {value}: daemon is used")
    else:
        account.translated(line, "logfacility", "to_syslog and syslog_facility of corosync.conf")


def _debug(pair: Pair, line: Line, account: Account) -> None:
    pair.debug = _value(line) != "0"
    account.translated(line, "debug", f"debug: {'on' if pair.debug else 'off'}")


def _cluster(pair: Pair, line: Line, account: Account) -> None:
    pair.name = _value(line)
    if not _NODE.fullmatch(pair.name):
        raise line.refuse(f"{pair.name!r} cannot be a cluster's name")
    account.translated(line, "cluster", f"cluster_name: {pair.name}")


def _autojoin(pair: Pair, line: Line, account: Account) -> None:  # noqa: ARG001 - one shape
    if _value(line).lower() == "none":
        account.translated(line, "autojoin", "the nodelist is all there is")
    else:
        account.open(
            line,
            "autojoin",
            "a node of Corosync has to stand in the nodelist: is every node named by `node`?",
        )


def _crm(pair: Pair, line: Line, account: Account) -> None:  # noqa: ARG001 - one shape
    name, value = line.words[0], _value(line).lower()
    if value not in _NO:
        raise line.refuse(
            f"{name} {value}: this cluster was managed by a CIB, and ignored haresources; "
            "bring the CIB over instead"
        )
    account.obsolete(line, name, "Pacemaker is the manager now")


_TRANSLATED: dict[str, Callable[[Pair, Line, Account], None]] = {
    "node": _node,
    "deadtime": _deadtime,
    "warntime": _warntime,
    "deadping": _deadping,
    "auto_failback": _auto_failback,
    "nice_failback": _nice_failback,
    "ping": _ping,
    "ping6": _ping,
    "ping_group": _ping,
    "respawn": _respawn,
    "logfile": _logfile,
    "logfacility": _facility,
    "debug": _debug,
    "cluster": _cluster,
    "autojoin": _autojoin,
    "crm": _crm,
    "pacemaker": _crm,
}

#: Every directive that is known, whatever becomes of it.
KNOWN = frozenset((*MEDIA, *_TRANSLATED, *FIXED))

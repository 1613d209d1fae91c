"""ocf:heartbeat:anything as ocf:ocfpy:Service with a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.migration.translation import TRACE, Becomes, Further, Peer, Refused, keep

if TYPE_CHECKING:
    from ocf_py.migration.translation import Case, Outcome

# Two shells read the options there, the first of them between double quotes.
_OF_BOTH_SHELLS = '$`"\\\n'
_OF_THE_SECOND = "*?[]~;&|<>(){}#"


def _program(_name: str, value: str, _case: Case) -> Outcome:
    odd = _find_odd(value) or next((one for one in value if one in " \t'"), "")
    if odd:
        return Refused(f"binfile={value}: {odd!r} is for a shell, and ours runs none: see `shell`")
    return Becomes("command", value)


def _options(_name: str, value: str, _case: Case) -> Outcome:
    odd = _find_odd(value)
    if odd:
        return Refused(
            f"cmdline_options={value}: {odd!r} is for a shell, and ours runs none: write the words "
            "as they are to arrive"
        )
    return Becomes("args", value)


def _find_odd(text: str) -> str:
    """The first letter that a shell would do something with; "" where it only splits into words.

    Between single quotes the second shell leaves a letter alone, and so do ours.
    """
    is_quoted = False
    for letter in text:
        if letter == "'":
            is_quoted = not is_quoted
        elif letter in _OF_BOTH_SHELLS or (letter in _OF_THE_SECOND and not is_quoted):
            return letter
    return "'" if is_quoted else ""


def _stop_timeout(name: str, value: str, _case: Case) -> Outcome:
    if not (value.isascii() and value.isdigit()):
        return Refused(f"{name}={value}: it is a whole number of seconds there")
    return Becomes("stop_signals", f"TERM@0 KILL@{value}s")


def _name_pidfile(case: Case) -> Further:
    """Keep the pid file where it was: by it the running process is found and taken over."""
    found = Further()
    if not case.has("pidfile"):
        if case.is_globally_unique:
            found.reasons.append("each instance of the clone has a pid file of its own there")
            return found
        name = case.resource.replace("/", "%2F")
        found.added["pidfile"] = f"/run/anything_{name}.pid"
        found.notes.append("pidfile is added: by it a running process is recognised")
    if not case.has("workdir"):
        found.notes.append("without workdir it runs in /, there in its user's home")
    if case.has("monitor_hook"):
        found.notes.append("monitor_hook stays as it is, though health is what ours calls it")
    found.notes.append("no su starts it, so that no profile of its user's shell is read before it")
    return found


ANYTHING = Peer(
    "ocf:heartbeat:anything",
    "Service",
    {
        "binfile": _program,
        "cmdline_options": _options,
        "stop_timeout": _stop_timeout,
        **dict.fromkeys(
            ("workdir", "pidfile", "logfile", "errlogfile", "user", "monitor_hook"), keep
        ),
        **TRACE,
    },
    _name_pidfile,
)

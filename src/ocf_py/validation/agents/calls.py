"""Calls an agent's meta-data as those do who depend on it, and judges how it takes that."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

from ocf_py.catalogue.calling import LIMIT, call
from ocf_py.catalogue.description import ENVIRONMENT, SECONDS
from ocf_py.validation.agents.check import Hit, check_calls
from ocf_py.validation.finding import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ocf_py.catalogue.calling import Called
    from ocf_py.catalogue.places import InstalledAgent

#: The circumstances: as who asks, as Pacemaker's controller does, with next to nothing.
PLAIN, UNPRIVILEGED, BARE = "plain", "unprivileged", "bare"
_USERS = ("hacluster", "nobody")  # the controller's own, and what stands for it elsewhere


def call_metadata(agent: InstalledAgent, timeout: float = SECONDS) -> dict[str, Called]:
    """The calls by their circumstances; OSError where there is nothing to execute.

    Only root can become another user. Where the first call fails the others would tell no more.
    """
    argv = (agent.path, "meta-data")
    calls = {PLAIN: call(argv, ENVIRONMENT, timeout=timeout, ends_when_cut=True)}
    if calls[PLAIN].code != 0:
        return calls
    user = _unprivileged()
    if os.geteuid() == 0 and user is not None:
        calls[UNPRIVILEGED] = call(argv, ENVIRONMENT, timeout=timeout, user=user)
    bare = {"OCF_ROOT": ENVIRONMENT["OCF_ROOT"]}
    calls[BARE] = call(argv, bare, timeout=timeout)
    return calls


@check_calls(
    "metadata-fails",
    Severity.ERROR,
    consequence="no tool can configure a resource of it, and Pacemaker knows nothing of its reload",
    remedy="run it by hand: meta-data needs no parameter, no tool, no cluster",
)
def fails(calls: Mapping[str, Called]) -> Iterator[Hit]:
    """meta-data ends with another code than 0, or by a signal, or writes nothing."""
    plain = calls[PLAIN]
    if plain.timed_out or plain.is_cut:
        return
    if plain.code != 0:
        yield Hit(0, "action meta-data", _ending(plain))
    elif plain.code == 0 and not plain.stdout.strip():
        yield Hit(0, "action meta-data", "writes nothing")


@check_calls(
    "metadata-hangs",
    Severity.ERROR,
    consequence="the controller kills it, and goes on without: no tool can configure a resource",
    remedy="let meta-data print the document ahead of everything else the agent does",
)
def hangs(calls: Mapping[str, Called]) -> Iterator[Hit]:
    """meta-data does not end in time."""
    for name, called in calls.items():
        if called.timed_out:
            yield Hit(0, "action meta-data", f"no end within its time, {_CIRCUMSTANCES[name]}")


@check_calls(
    "metadata-needs-root",
    Severity.ERROR,
    consequence="the controller asks as the user hacluster with every start, and gets no answer",
    remedy="open no log, write no file and call no tool ahead of meta-data",
)
def needs_root(calls: Mapping[str, Called]) -> Iterator[Hit]:
    """meta-data fails, or says something else, for an unprivileged user."""
    yield from _differs(calls, UNPRIVILEGED)


@check_calls(
    "metadata-needs-environment",
    Severity.WARNING,
    consequence="whether it works depends on who asks: cron, a build, another shell",
    remedy="rely on OCF_ROOT alone",
)
def needs_environment(calls: Mapping[str, Called]) -> Iterator[Hit]:
    """meta-data fails, or says something else, where nothing but OCF_ROOT is set."""
    yield from _differs(calls, BARE)


@check_calls(
    "metadata-noise",
    Severity.WARNING,
    consequence="Pacemaker logs it with every start, crmsh and pcs may show it as an error",
    remedy="write nothing to stderr in meta-data",
)
def is_noisy(calls: Mapping[str, Called]) -> Iterator[Hit]:
    """meta-data succeeds and writes something to stderr."""
    for name, called in calls.items():
        if called.code == 0 and called.stderr.strip():
            said = " ".join(called.stderr.decode(errors="replace").split())[:100]
            yield Hit(0, "action meta-data", f"writes to stderr, {_CIRCUMSTANCES[name]}: {said}")
            return


@check_calls(
    "metadata-too-long",
    Severity.ERROR,
    consequence="Pacemaker cuts the output, so that it can be read no more",
    remedy="keep the document small",
)
def is_too_long(calls: Mapping[str, Called]) -> Iterator[Hit]:
    """meta-data writes more than the 10 MiB that Pacemaker takes."""
    if calls[PLAIN].is_cut:
        yield Hit(0, "action meta-data", f"writes more than {LIMIT} bytes")


@check_calls(
    "metadata-leaves-process",
    Severity.WARNING,
    consequence="each start of the resource leaves one more behind",
    remedy="start nothing in meta-data",
)
def leaves_process(calls: Mapping[str, Called]) -> Iterator[Hit]:
    """A process that meta-data has started lives on, and holds its output open."""
    plain = calls[PLAIN]
    if plain.kept_open and not plain.is_cut and not plain.timed_out:
        yield Hit(0, "action meta-data", "leaves a process behind that holds its output open")


_CIRCUMSTANCES = {
    PLAIN: "as it is called here",
    UNPRIVILEGED: "as an unprivileged user",
    BARE: "with nothing but OCF_ROOT set",
}


def _differs(calls: Mapping[str, Called], name: str) -> Iterator[Hit]:
    called = calls.get(name)
    if called is None or called.timed_out:
        return
    if called.code != 0:
        yield Hit(0, "action meta-data", f"{_ending(called)}, {_CIRCUMSTANCES[name]}")
    elif called.stdout != calls[PLAIN].stdout:
        yield Hit(0, "action meta-data", f"prints another document, {_CIRCUMSTANCES[name]}")


def _ending(called: Called) -> str:
    said = " ".join(called.stderr.decode(errors="replace").split())[-200:]
    how = f"dies of signal {called.signal}" if called.code is None else f"ends with {called.code}"
    return f"{how}: {said}" if said else how


def _unprivileged() -> tuple[int, int] | None:
    for name in _USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return None

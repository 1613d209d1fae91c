"""Whose a process is: the tree that one start made, however often its processes fork.

A tree is a text that the start record keeps:

``cgroup PATH``
    whoever is in the control group. Nothing that runs in there is anybody else's.
``session LEADER TOKEN``
    where no control group can be had: who is in the session of LEADER (PID:TICKS), has TOKEN in
    the environment it was started with, or descends from one that is so. A process that has left
    the session, lost its parents, and written over its environment escapes.
``descendants``
    of a main process that somebody else started, in a session that is not its own: it and what
    descends from it.
"""

from __future__ import annotations

import posix

from ocf_py.system.processes import (
    PARENT,
    SESSION,
    START_TIME,
    ProcessIdentity,
    identify,
    lives,
    read_stat,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: The variable that marks what belongs to one start; named as systemd.exec(5) does.
MARK = "INVOCATION_ID"
CGROUP, SESSION_OF, DESCENDANTS = "cgroup", "session", "descendants"


def members(tree: str, roots: Iterable[ProcessIdentity]) -> list[ProcessIdentity]:
    """The living processes of a tree; ``roots`` are those already known to belong to it."""
    kind, _, rest = tree.partition(" ")
    if kind == CGROUP:
        from ocf_py.service.cgroup import pids

        found = [identify(pid) for pid in pids(rest)]
        inside = {one for one in found if one is not None and one.is_alive()}
        outside = {root for root in roots if root not in inside and root.is_alive()}
        if not outside:
            return _sorted(inside)
        roots = inside | outside  # one that was moved, or restarted by hand, is ours all the same
    stats = _read_stats()
    ours = {root.pid for root in roots if _is_in(root, stats)}
    if kind == SESSION_OF:
        leader, _, token = rest.partition(" ")
        ours |= _of_session(ProcessIdentity.parse(leader), token, stats)
    _add_descendants(ours, stats)
    return _sorted(
        ProcessIdentity(pid, int(stats[pid][START_TIME])) for pid in ours if lives(stats[pid])
    )


def tree_of(main: ProcessIdentity) -> str:
    """The tree of a main process that somebody else has started.

    Its control group is no proof: it may be that of the shell it was started from.
    """
    stat = read_stat(main.pid)
    leads = stat is not None and int(stat[SESSION]) == main.pid
    return f"{SESSION_OF} {main} -" if leads else DESCENDANTS


def describe(identity: ProcessIdentity) -> str:
    """Name a process for the operator: "123 (nginx, user 33)"."""
    from ocf_py.system import read_file

    try:
        name = read_file(f"/proc/{identity.pid}/comm").decode("utf-8", "replace").strip()
        user = posix.stat(f"/proc/{identity.pid}").st_uid
    except OSError:
        return f"{identity.pid} (gone)"
    return f"{identity.pid} ({name}, user {user})"


def _sorted(found: Iterable[ProcessIdentity]) -> list[ProcessIdentity]:
    """The oldest first."""
    return sorted(found, key=lambda one: (one.start_time, one.pid))


def _read_stats() -> dict[int, list[str]]:
    found = {}
    for name in posix.listdir("/proc"):
        stat = read_stat(int(name)) if name.isdecimal() else None
        if stat is not None:
            found[int(name)] = stat
    return found


def _is_in(identity: ProcessIdentity, stats: dict[int, list[str]]) -> bool:
    stat = stats.get(identity.pid)
    return stat is not None and int(stat[START_TIME]) == identity.start_time


def _of_session(leader: ProcessIdentity, token: str, stats: dict[int, list[str]]) -> set[int]:
    # The kernel gives no pid away that still is the number of a session. One with our number
    # and another leader is therefore somebody else's, and ours has ended.
    if leader.pid in stats and not _is_in(leader, stats):
        in_session: set[int] = set()
    else:
        in_session = {
            pid
            for pid, stat in stats.items()
            if int(stat[SESSION]) == leader.pid and int(stat[START_TIME]) >= leader.start_time
        }
    mark = f"{MARK}={token}".encode()
    return in_session | {
        pid
        for pid, stat in stats.items()
        if int(stat[START_TIME]) >= leader.start_time and mark in _read_environment(pid)
    }


def _read_environment(pid: int) -> list[bytes]:
    try:
        handle = posix.open(f"/proc/{pid}/environ", posix.O_RDONLY | posix.O_CLOEXEC)
    except OSError:
        return []
    try:
        return posix.read(handle, 1 << 17).split(b"\0")
    except OSError:
        return []
    finally:
        posix.close(handle)


def _add_descendants(ours: set[int], stats: dict[int, list[str]]) -> None:
    children: dict[int, list[int]] = {}
    for pid, stat in stats.items():
        children.setdefault(int(stat[PARENT]), []).append(pid)
    waiting = list(ours)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in ours:
                ours.add(child)
                waiting.append(child)

"""Whose a process is: the tree that one start made, however often its processes fork.

A tree is a text, such as the start record keeps:

``cgroup PATH``
    whoever is in the control group. Nothing that runs in there is anybody else's. Asked for
    everywhere, who was moved out of it as well: who descends from those inside, or has the secret
    of the start, with whose digest the path ends, in its environment (see `marks`).
``session LEADER DIGEST``
    where no control group can be had: who is in the session of LEADER (PID:TICKS), has the secret
    of DIGEST in the environment it was started with, or descends from one that is so. A process
    that has left the session, lost its parents, and written over its environment escapes.
``descendants``
    of a main process that somebody else started, in a session that is not its own: it and what
    descends from it.

Where no record tells, the name of the resource does, among those of our pid namespace: beside a
container may live another cluster, with a resource of the same name.

``groups NAME``
    whoever is in a control group that a start of NAME has made.
``named NAME``
    they, and who has NAME in the environment it was started with, or descends from one that has.
    Anybody can set a variable, so this is asked only where something was started for certain.
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
    from collections.abc import Iterable, Sequence

#: The variable that marks what belongs to one start; named as systemd.exec(5) does.
MARK = "INVOCATION_ID"
#: The one that names the resource.
NAME_MARK = "OCFPY_RESOURCE"
_UNMARKED = "-"  # in place of a digest, where no start of ours is known
CGROUP, SESSION_OF, DESCENDANTS = "cgroup", "session", "descendants"
GROUPS, NAMED = "groups", "named"
_NAMED = 4  # processes that a reason names


def members(
    tree: str, roots: Iterable[ProcessIdentity], *, everywhere: bool = False
) -> list[ProcessIdentity]:
    """The living processes of a tree; ``roots`` are those already known to belong to it.

    ``everywhere`` looks at every process of the machine, where a look at the group costs less.
    """
    kind, _, rest = tree.partition(" ")
    if kind in (CGROUP, GROUPS, NAMED):
        found = [identify(pid) for pid in _in_groups(kind, rest)]
        inside = {one for one in found if one is not None and one.is_alive()}
        outside = {root for root in roots if root not in inside and root.is_alive()}
        is_unknown = kind == GROUPS and not inside  # as to a probe where nothing was started
        if kind != NAMED and not outside and (is_unknown or not everywhere):
            return _sorted(inside)
        roots = inside | outside  # one that was moved, or restarted by hand, is ours all the same
    # Who forks and ends while /proc is read leaves a child that is in no list: a daemon does so as
    # it begins. That nothing of it lives is therefore said after two looks in a row.
    known = [*roots]
    return _search(kind, rest, known, everywhere=everywhere) or _search(
        kind, rest, known, everywhere=everywhere
    )


def _search(
    kind: str, rest: str, roots: Sequence[ProcessIdentity], *, everywhere: bool
) -> list[ProcessIdentity]:
    """Who of a tree is in one reading of /proc."""
    stats = _read_stats()
    ours = {root.pid for root in roots if _is_in(root, stats)}
    if kind == SESSION_OF:
        leader, _, known = rest.partition(" ")
        ours |= _of_session(ProcessIdentity.parse(leader), known, stats)
    if kind == CGROUP and everywhere:
        from .marks import find_starters

        ours |= find_starters(MARK, _digest_of(rest), stats)
    if kind == NAMED:
        from .marks import find_bearers

        ours |= {pid for pid in find_bearers(NAME_MARK, rest, stats) if _is_in_our_namespace(pid)}
    _add_descendants(ours, stats)
    return _sorted(
        ProcessIdentity(pid, int(stats[pid][START_TIME])) for pid in ours if lives(stats[pid])
    )


def _in_groups(kind: str, rest: str) -> list[int]:
    from ocf_py.service import cgroup

    return [pid for group in groups_of(f"{kind} {rest}") for pid in cgroup.pids(group)]


def groups_of(tree: str) -> list[str]:
    """The paths of the control groups that hold a tree, if any do."""
    kind, _, rest = tree.partition(" ")
    if kind in (GROUPS, NAMED):
        from ocf_py.service.cgroup import named

        return [group for group in named(rest) if _is_of_here(group)]
    return [rest] if kind == CGROUP else []


def _is_of_here(group: str) -> bool:
    from ocf_py.service import cgroup

    pids = cgroup.pids(group)
    return any(map(_is_in_our_namespace, pids)) if pids else not cgroup.is_populated(group)


def _is_in_our_namespace(pid: int) -> bool:
    try:
        return posix.readlink(f"/proc/{pid}/ns/pid") == posix.readlink("/proc/self/ns/pid")
    except OSError:
        return False  # it has gone


def lead_and_execute(candidates: Sequence[ProcessIdentity], executable: str) -> int:
    """The number of the first that leads its session and executes this; -1 where none does."""
    from .executable import executes

    for number, one in enumerate(candidates):
        stat = read_stat(one.pid)
        leads = stat is not None and int(stat[SESSION]) == one.pid
        if leads and executes(one.pid, executable) and one.is_alive():
            return number
    return -1


def tree_of(main: ProcessIdentity, name: str) -> str:
    """The tree of a main process that no record speaks of.

    Its control group is a proof only if a start of ``name`` has made it: otherwise it may be that
    of the shell it was started from.
    """
    from ocf_py.service import cgroup

    for group in cgroup.named(name):
        if main.pid in cgroup.pids(group):
            return f"{CGROUP} {group}"
    stat = read_stat(main.pid)
    leads = stat is not None and int(stat[SESSION]) == main.pid
    return f"{SESSION_OF} {main} {_UNMARKED}" if leads else DESCENDANTS


def describe(identity: ProcessIdentity) -> str:
    """Name a process for the operator: "123 (nginx, user 33)"."""
    from ocf_py.system import read_file

    try:
        name = read_file(f"/proc/{identity.pid}/comm").decode("utf-8", "replace").strip()
        user = posix.stat(f"/proc/{identity.pid}").st_uid
    except OSError:
        return f"{identity.pid} (gone)"
    return f"{identity.pid} ({name}, user {user})"


def name_some(descriptions: Sequence[str]) -> str:
    """Name the first of several processes for the operator, and how many more there are."""
    named = ", ".join(descriptions[:_NAMED])
    more = len(descriptions) - _NAMED
    return f"{named} and {more} more" if more > 0 else named


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


def _of_session(leader: ProcessIdentity, known: str, stats: dict[int, list[str]]) -> set[int]:
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
    if known == _UNMARKED:
        return in_session
    from .marks import find_starters

    later = (pid for pid, stat in stats.items() if int(stat[START_TIME]) >= leader.start_time)
    return in_session | find_starters(MARK, known, later)


def _digest_of(path: str) -> str:
    return path.removesuffix(".scope").rpartition(".")[2]


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

"""What a start finds wrong with the clone, or missing on this node, before it changes anything."""

from __future__ import annotations

import posix

from ocf_py.outcomes import Misconfigured, NotInstalled, UnusableHere

from .tools import read_version, say_briefly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .tools import Drbd

_ONE = ("clone_node_max", "promoted_node_max", "master_node_max")
_PROMOTED = ("promoted_max", "master_max")  # Pacemaker before 2.1: the latter
_MOST_PRIMARIES = 2


def refuse_limits(limit: Callable[[str], int]) -> None:
    """Raise Misconfigured for what no resource of DRBD can be; ``limit`` is `Call.limit`."""
    for name in _ONE:
        if limit(name) > 1:
            raise Misconfigured(
                f"{name.replace('_', '-')}={limit(name)}: a node has one instance of a resource",
                hint=f"set {name.replace('_', '-')}=1",
            )
    for name in _PROMOTED:
        if limit(name) > _MOST_PRIMARIES:
            raise Misconfigured(
                f"{name.replace('_', '-')}={limit(name)}: DRBD has two primaries at most",
                hint="set promoted-max=1",
            )


def refuse_what_is_missing(machine: Drbd, least: str, below: str, *, may_load: bool) -> None:
    """Raise NotInstalled or UnusableHere. Only with ``may_load`` is drbdadm asked in any case.

    It loads the kernel module, which no validation may.
    """
    for tool in ("drbdadm", "drbdsetup"):
        if not machine.has_tool(tool):
            raise NotInstalled(f"{tool} is missing", hint="it comes with drbd-utils")
    if not posix.access(machine.configuration, posix.R_OK):
        raise UnusableHere(
            f"drbdconf={machine.configuration} cannot be read", hint="every node needs it"
        )
    if may_load or machine.version():
        done = machine.administer("sh-dev")
        if done.status != 0:
            raise UnusableHere(
                f"{machine.name} is not in {machine.configuration}, or that is broken: "
                f"{say_briefly(done.stderr)}"
            )
    version = machine.version()
    if version and not read_version(least) <= version < read_version(below):
        shown = ".".join(map(str, version))
        raise UnusableHere(f"the kernel module of DRBD is {shown}, not from {least} to {below}")

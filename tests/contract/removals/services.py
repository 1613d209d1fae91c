"""What keeps Service from harm, taken out line by line."""

from __future__ import annotations

from tests.contract.removals.removal import Removal

_SPAWN = "ocf_py/service/spawn.py"
_TREE = "ocf_py/service/tree.py"
_PIDFILE = "ocf_py/service/pidfile.py"

SERVICES = (
    Removal(
        "survivors-are-detached",
        "Service",
        _SPAWN,
        "        background.cut_loose((go, writer))\n",
        "",
    ),
    Removal("survivors-are-detached", "Service", _SPAWN, "        posix.setsid()\n", ""),
    Removal("unreadable-record", "Service", _TREE, "    if kind == NAMED:\n", "    if False:\n"),
    Removal("closed-descriptors", "Service", _SPAWN, "    background.fill_standard()\n", ""),
    Removal(
        "foreign-is-left-alone",
        "Service",
        _PIDFILE,
        " or not _executes(identity.pid, executable, known)",
        "",
    ),
)

"""ocf:heartbeat:Filesystem as ocf:ocfpy:Filesystem."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ocf_py.migration.translation import TRACE, Becomes, Further, Peer, boolean, keep

if TYPE_CHECKING:
    from ocf_py.migration.translation import Case, Outcome

_FSCK = ("auto", "force", "no")
_WRITING_LEVEL = "20"


def _fsck(name: str, value: str, _case: Case) -> Outcome:
    if value in _FSCK:
        return Becomes(name, value)
    return Becomes(name, "auto", f"{name}={value} counts as auto there")


def _write_as_before(case: Case) -> Further:
    found = Further()
    if _WRITING_LEVEL in case.levels:
        found.added["statusfile"] = "true"
        found.notes.append("statusfile=true is added: a monitor of level 20 writes a file there")
    return found


FILESYSTEM = Peer(
    "ocf:heartbeat:Filesystem",
    "Filesystem",
    {
        **dict.fromkeys(
            (
                *("device", "directory", "fstype", "options", "statusfile_prefix"),
                *("force_unmount", "term_signals", "kill_signals", "signal_delay"),
            ),
            keep,
        ),
        "run_fsck": _fsck,
        "fast_stop": boolean,
        "force_clones": boolean,
        **TRACE,
    },
    _write_as_before,
)

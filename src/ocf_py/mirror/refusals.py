"""What the system refuses, in words: a disk that is full, a file that is not there."""

from __future__ import annotations

import errno

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ocf_py.system.commands import ToolMissing

_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_full(error: OSError) -> bool:
    """Whether there was no room, on the disk or in a quota."""
    return error.errno in _FULL


def describe(error: OSError | ToolMissing) -> str:
    """What was refused, in a few words."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)

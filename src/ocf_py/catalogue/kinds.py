"""What a path leads to, in words."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE, PIPE = "a file", "a pipe"
_KINDS = {
    stat.S_IFREG: FILE,
    stat.S_IFIFO: PIPE,
    stat.S_IFDIR: "a folder",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def name_kind(path: Path) -> str:
    """FILE, PIPE, "a folder", "a socket" or "a device"; "" for nothing.

    Raises:
        OSError: The system does not say; FileNotFoundError is none of these.
    """
    try:
        return _KINDS[stat.S_IFMT(os.stat(path).st_mode)]
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return ""
        raise

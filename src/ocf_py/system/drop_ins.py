"""Drop-ins of systemd: settings of this boot, laid over a unit (systemd.unit(5))."""

from __future__ import annotations

import posix

from .durable import replace_durably


def lay_drop_in(path: str, content: bytes) -> None:
    """Put a drop-in in place in one step, in a folder that is made for it; OSError.

    systemd reads nothing of it before its name is there: only what ends in .conf.
    """
    folder, _, name = path.rpartition("/")
    try:
        posix.mkdir(folder, 0o755)
    except FileExistsError:
        pass
    directory = posix.open(folder, posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC)
    try:
        replace_durably(directory, name, content, 0o644)
    finally:
        posix.close(directory)

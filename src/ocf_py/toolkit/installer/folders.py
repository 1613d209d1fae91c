"""Folders and files made relative to an open folder, with their modes, never through a symlink."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from ocf_py.toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def write_file(name: str, content: bytes, mode: int, at: int) -> None:
    """Writes a new, durable file in the folder `at`, instead of what has its name."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(name, dir_fd=at)  # of an earlier process with our number
    opened = os.open(name, _FRESH, 0o600, dir_fd=at)
    with open(opened, "wb") as file:
        file.write(content)
        file.flush()
        give(opened, mode)
        os.fsync(opened)


def open_below(name: str, at: int, *, create: bool) -> int:
    """Opens a folder in the folder `at`, never through a symlink; makes it where it may."""
    try:
        return os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=at)
    except FileNotFoundError:
        if not create:
            raise
    with contextlib.suppress(FileExistsError):
        os.mkdir(name, 0o755, dir_fd=at)
    below = os.open(name, FOLDER | os.O_NOFOLLOW, dir_fd=at)
    give(below, 0o755)
    return below


def make_folders(base: Path) -> None:
    """Makes `base` and what is missing above it.

    Raises:
        ToolkitError: Something that is no folder has the name of one.
    """
    for folder in (*reversed(base.parents), base):
        if folder.is_dir():
            continue
        try:
            folder.mkdir(0o755, exist_ok=True)  # another install may make it too
        except FileExistsError as error:
            leads = f"leads to {os.readlink(folder)}, which is" if folder.is_symlink() else "is"
            raise ToolkitError(
                f"{folder}: {leads} no folder", hint="remove it, or make a folder of it"
            ) from error


def give(opened: int, mode: int) -> None:
    """Sets the mode whatever the umask is, and root's ownership when root writes."""
    if os.geteuid() == 0:
        os.fchown(opened, 0, 0)
    os.fchmod(opened, mode)

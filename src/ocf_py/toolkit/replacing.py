"""A file of the user's, read whole, and replaced in one step with what it was kept beside it."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

from ocf_py.system.durable import replace_durably
from ocf_py.toolkit.errors import ToolkitError, UnusableInput

_LARGEST = 256 << 20  # bytes; Pacemaker's own messages end long before


def read_input(path: Path) -> bytes:
    """The content of what the user named; UnusableInput where it cannot be had."""
    try:
        if path.is_dir():
            raise UnusableInput(f"{path}: is a directory", hint="name a file in it")
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise UnusableInput(f"{path}: {error.strerror}", hint="name a file to read") from error
    if len(content) > _LARGEST:
        raise UnusableInput(f"{path}: is larger than any CIB", hint="name another file")
    return content


def replace_with_backup(path: Path, before: bytes, after: bytes) -> Path:
    """Puts `after` in the place of `before`, and returns where `before` is kept.

    A symbolic link stays one: what it leads to is replaced. Mode and owner stay. Whoever looks
    sees the one content or the other, and a power loss leaves one of them.

    Raises:
        UnusableInput: It is no regular file, or a running cluster's own.
        ToolkitError: It has changed since it was read, or the system refuses to write.
    """
    if not path.is_file():
        raise UnusableInput(f"{path}: is no regular file", hint="write to a file, then name that")
    place = Path(os.path.realpath(path))
    try:
        known = place.lstat()
        if place.with_name(f"{place.name}.sig").exists():
            raise UnusableInput(
                f"{path}: is Pacemaker's own file, which it refuses when somebody has edited it",
                hint="take `cibadmin --query`, and give the result to `cibadmin --replace`",
            )
        if place.read_bytes() != before:
            raise ToolkitError(f"{path}: has changed meanwhile", hint="run it again")
        backup = _keep(place)
        try:
            _replace(place, after, known)
        except BaseException:  # then there is nothing that it would be a copy of
            backup.unlink()
            raise
    except OSError as error:
        raise ToolkitError(
            f"{path}: cannot be written: {error.strerror}", hint="it is as it was"
        ) from error
    return backup


def _keep(place: Path) -> Path:
    """Another name for the file as it is; a name that is taken is left alone."""
    count = 0
    while True:
        count += 1
        backup = place.with_name(f"{place.name}.bak{'' if count == 1 else f'.{count}'}")
        with suppress(FileExistsError):
            os.link(place, backup)
            return backup


def _replace(place: Path, content: bytes, known: os.stat_result) -> None:
    """Write the new file beside the old one with its owner and mode, then take its place."""
    made = f".{place.name}.migrated"
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        replace_durably(folder, made, content)
        if (known.st_uid, known.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(made, known.st_uid, known.st_gid, dir_fd=folder, follow_symlinks=False)
        os.chmod(made, stat.S_IMODE(known.st_mode), dir_fd=folder)
        os.rename(made, place.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(made, dir_fd=folder)
        raise
    finally:
        os.close(folder)

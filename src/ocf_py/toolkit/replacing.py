"""A file of the user's, read whole, and replaced in one step with what it was kept beside it."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from ocf_py.catalogue.kinds import FILE, PIPE, name_kind
from ocf_py.cib.document import LARGEST, UnreadableConfiguration, refuse_large
from ocf_py.system.durable import replace_durably
from ocf_py.toolkit.errors import ToolkitError, UnusableInput

_NO_LINKS = frozenset((errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV))
_PROC = Path("/proc")


def read_input(path: Path) -> bytes:
    """The content of a configuration as the user named it, "-" for standard input.

    Raises:
        UnusableInput: It cannot be had, is of no end, as a device, or larger than any CIB.
    """
    try:
        if is_standard_input(path):  # which may be a socket, that nobody can open by its name
            with open(0, "rb", closefd=False) as file:
                content = file.read(LARGEST + 1)
        else:
            kind = name_kind(path)
            if kind not in ("", FILE, PIPE):
                raise UnusableInput(f"{path}: is {kind}, and no file", hint="name a file to read")
            with path.open("rb") as file:
                content = file.read(LARGEST + 1)
    except OSError as error:
        raise UnusableInput(f"{path}: {error.strerror}", hint="name a file to read") from error
    try:
        refuse_large(path, content)
    except UnreadableConfiguration as problem:
        raise UnusableInput(str(problem), hint="name another file") from problem
    return content


def is_standard_input(path: Path) -> bool:
    """Whether the word stands for what another command writes into this one."""
    return str(path) in ("-", "/dev/stdin")


def replace_with_backup(path: Path, before: bytes, after: bytes) -> Path:
    """Puts `after` in the place of `before`, and returns where `before` is kept.

    A symbolic link stays one: what it leads to is replaced. Mode, owner and extended attributes
    stay, as far as the file system has them. Whoever looks sees the one content or the other, and a
    power loss leaves one of them.

    Raises:
        UnusableInput: It is no regular file, or a running cluster's own.
        ToolkitError: It has changed since it was read, or the system refuses to write.
    """
    if is_standard_input(path) or not path.is_file() or _is_handle(path):
        raise UnusableInput(f"{path}: is no name of a regular file", hint="name it by its own name")
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


def _is_handle(path: Path) -> bool:
    """Whether it leads through /proc, as /dev/stdin does: a file that somebody happens to hold."""
    proc = _PROC.stat().st_dev
    while path.is_symlink():
        if path.lstat().st_dev == proc:
            return True
        path = Path(os.path.realpath(path.parent), os.readlink(path))
    return path.lstat().st_dev == proc


def _keep(place: Path) -> Path:
    """Another name for the file as it is; a name that is taken is left alone."""
    count = 0
    while True:
        count += 1
        backup = place.with_name(f"{place.name}.bak{'' if count == 1 else f'.{count}'}")
        with suppress(FileExistsError):
            try:
                os.link(place, backup)
            except PermissionError:  # as vfat says that it has no links
                _copy(place, backup)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                _copy(place, backup)
            return backup


def _copy(place: Path, backup: Path) -> None:
    """A second file, on disk when it returns, or none."""
    known = place.stat()
    handle = os.open(backup, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(place.read_bytes())
            file.flush()
            _dress(file.fileno(), place, known)
            os.fsync(file.fileno())
    except BaseException:
        backup.unlink()
        raise


def _dress(handle: int, like: Path, known: os.stat_result) -> None:
    """Give a new file the owner, the mode and the extended attributes of another."""
    made = os.fstat(handle)  # what is right already need not be allowed, as on vfat
    if (known.st_uid, known.st_gid) != (made.st_uid, made.st_gid):
        os.fchown(handle, known.st_uid, known.st_gid)
    if stat.S_IMODE(known.st_mode) != stat.S_IMODE(os.fstat(handle).st_mode):
        os.fchmod(handle, stat.S_IMODE(known.st_mode))
    try:
        names = os.listxattr(like)
    except OSError:  # a file system that has none
        return
    for name in names:
        with suppress(OSError):  # a policy may forbid a label, and another file system an ACL
            os.setxattr(handle, name, os.getxattr(like, name))


def _replace(place: Path, content: bytes, known: os.stat_result) -> None:
    """Write the new file beside the old one with its owner and mode, then take its place."""
    made = f".{place.name}.migrated"
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        replace_durably(folder, made, content)
        handle = os.open(made, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
        try:
            _dress(handle, place, known)
        finally:
            os.close(handle)
        os.rename(made, place.name, src_dir_fd=folder, dst_dir_fd=folder)
        os.fsync(folder)
    except BaseException:
        with suppress(FileNotFoundError):
            os.unlink(made, dir_fd=folder)
        raise
    finally:
        os.close(folder)

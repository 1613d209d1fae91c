"""A folder tree that is written atomically, durably, and never through a symlink."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import stat
import time
from typing import TYPE_CHECKING

from ocf_py.toolkit.errors import ToolkitError
from ocf_py.toolkit.installer.folders import FOLDER, make_folders, open_below, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_TEMPORARY = ".ocf-py-new."
_LOCK_PATIENCE = 60.0  # seconds that another install may take

_HINTS = {
    errno.EACCES: "run as root, or choose another --root",
    errno.EPERM: "run as root, or choose another --root",
    errno.EROFS: "the file system is read-only: choose another --root",
    errno.ENOSPC: "make room and install again: what was there still works",
    errno.ELOOP: "a symlink stands where a folder of ours belongs: remove it",
    errno.ENOTDIR: "a file or a symlink stands where a folder belongs: remove it",
}


class Tree:
    """What lies below `base`, by paths relative to it such as `ocf/lib/ocfpy/manifest.json`.

    Symlinks in `base` may lead anywhere inside `root`; below it none is ever followed, and every
    folder and file gets its mode whatever the umask is, and root's ownership when root writes.
    """

    def __init__(self, root: Path, base: Path) -> None:
        self.root = root
        self.base = base

    def inspect(self, path: str) -> tuple[str, int] | None:
        """SHA-256 and mode of the file at `path`; None where nothing is.

        What is not a regular file has its kind for a digest, which equals no digest.
        """
        folder, _, name = path.rpartition("/")
        with self._explained(path):
            try:
                with self._open_folder(folder) as at:
                    found = os.stat(name, dir_fd=at, follow_symlinks=False)
                    if not stat.S_ISREG(found.st_mode):
                        return "not a file", stat.S_IMODE(found.st_mode)
                    return _digest(self._read(name, at)), stat.S_IMODE(found.st_mode)
            except FileNotFoundError:
                return None

    def read(self, path: str) -> bytes | None:
        """The file's content; None where nothing is."""
        folder, _, name = path.rpartition("/")
        with self._explained(path):
            try:
                with self._open_folder(folder) as at:
                    return self._read(name, at)
            except FileNotFoundError:
                return None

    def write(self, path: str, content: bytes, mode: int, *, by_way_of: str) -> None:
        """Puts a whole file at `path` by a rename; `by_way_of` is the folder of the unfinished."""
        folder, _, name = path.rpartition("/")
        opened = self._open_folder(by_way_of, create=True)
        with self._explained(path), self._unfinished(by_way_of) as unfinished, opened as scratch:
            write_file(unfinished, content, mode, scratch)
            with self._open_folder(folder, create=True) as at:
                os.rename(unfinished, name, src_dir_fd=scratch, dst_dir_fd=at)
                os.fsync(at)

    def write_folder(self, path: str, files: Mapping[str, bytes]) -> None:
        """Puts a folder that is not there yet at `path`, whole, by one rename."""
        parent, _, name = path.rpartition("/")
        opened = self._open_folder(parent, create=True)
        with self._explained(path), self._unfinished(parent) as unfinished, opened as at:
            for file, content in files.items():
                folder, _, leaf = f"{parent}/{unfinished}/{file}".rpartition("/")
                with self._open_folder(folder, create=True) as below:
                    write_file(leaf, content, 0o644, below)
            for folder in sorted({f"{unfinished}/{file}".rpartition("/")[0] for file in files}):
                with self._open_folder(f"{parent}/{folder}") as below:
                    os.fsync(below)
            os.rename(unfinished, name, src_dir_fd=at, dst_dir_fd=at)
            os.fsync(at)

    def remove(self, path: str) -> None:
        """Unlinks a file; one that is gone already is no error."""
        folder, _, name = path.rpartition("/")
        gone = contextlib.suppress(FileNotFoundError)
        with self._explained(path), gone, self._open_folder(folder) as at:
            os.unlink(name, dir_fd=at)

    def remove_folder(self, path: str) -> None:
        """Removes a folder if it is there and empty."""
        parent, _, name = path.rpartition("/")
        with self._explained(path):
            try:
                with self._open_folder(parent) as at:
                    os.rmdir(name, dir_fd=at)
            except OSError as error:
                if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                    raise

    def remove_unfinished(self, path: str) -> None:
        """Removes what a write that was cut off left in the folder at `path`."""
        gone = contextlib.suppress(FileNotFoundError)
        with self._explained(path), gone, self._open_folder(path) as at:
            for name in os.listdir(at):
                if not name.startswith(_TEMPORARY):
                    continue
                if stat.S_ISDIR(os.stat(name, dir_fd=at, follow_symlinks=False).st_mode):
                    shutil.rmtree(f"/proc/self/fd/{at}/{name}")
                else:
                    os.unlink(name, dir_fd=at)

    def has_folder(self, path: str) -> bool:
        """Whether a folder is at `path`."""
        with self._explained(path):
            try:
                with self._open_folder(path):
                    return True
            except FileNotFoundError:
                return False

    @contextlib.contextmanager
    def locked(self, path: str, *, create: bool) -> Iterator[None]:
        """Holds the folder at `path` against every other install and uninstall.

        Raises:
            ToolkitError: Another one held it for longer than a minute.
        """
        limit = time.monotonic() + _LOCK_PATIENCE
        with contextlib.ExitStack() as stack:
            stack.callback(os.umask, os.umask(0o022))  # folders are right from their first moment
            while True:
                with self._explained(path):
                    at = stack.enter_context(self._open_folder(path, create=create))
                    _lock(at, limit, self.base / path)
                    if self._is_at(path, at):  # and not one that an uninstall has removed
                        break
            yield

    @contextlib.contextmanager
    def _unfinished(self, folder: str) -> Iterator[str]:
        """The name of what is being made in `folder`; gone at once if that fails."""
        try:
            yield f"{_TEMPORARY}{os.getpid()}"
        except BaseException:
            with contextlib.suppress(ToolkitError):  # why it failed says more
                self.remove_unfinished(folder)
            raise

    def _is_at(self, path: str, at: int) -> bool:
        try:
            with self._open_folder(path) as now:
                return os.path.samestat(os.fstat(at), os.fstat(now))
        except FileNotFoundError:
            return False

    @contextlib.contextmanager
    def _open_folder(self, path: str, *, create: bool = False) -> Iterator[int]:
        self._refuse_escape()
        if create:
            make_folders(self.base)
        at = os.open(self.base, FOLDER)
        try:
            for part in filter(None, path.split("/")):
                below = open_below(part, at, create=create)
                os.close(at)
                at = below
            yield at
        finally:
            os.close(at)

    def _refuse_escape(self) -> None:
        """An absolute symlink in a packager's root means the machine's own folder: never write it.

        Raises:
            ToolkitError: Symlinks lead from below the root to elsewhere.
        """
        root, real = os.path.realpath(self.root), os.path.realpath(self.base)
        if os.path.commonpath([root, real]) != root:
            raise ToolkitError(
                f"{self.base}: a symlink leads out of {self.root}, to {real}",
                hint="nothing was changed; make it a relative symlink that stays inside",
            )

    @staticmethod
    def _read(name: str, at: int) -> bytes:
        # Not blocking: what stands here may be a pipe.
        opened = os.open(
            name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=at
        )
        with open(opened, "rb") as file:
            return file.read()

    @contextlib.contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            hint = _HINTS.get(error.errno or 0, "")
            raise ToolkitError(f"{self.base / path}: {error.strerror}", hint=hint) from error


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _lock(at: int, limit: float, shown: Path) -> None:
    while True:
        try:
            fcntl.flock(at, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > limit:
                raise ToolkitError(
                    f"{shown}: another install or uninstall holds it", hint="try again later"
                ) from None
            time.sleep(0.05)
        else:
            return

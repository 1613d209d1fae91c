"""What this node must have to be one of a mirror, and what an instance finds here."""

from __future__ import annotations

import os
import posix
import stat

from ocf_py.outcomes import NotInstalled, UnusableHere
from ocf_py.system import commands

from .secrets import SecretsUnusable, read_secrets
from .settings import BTRFS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .settings import Settings

_MODE_OF_OTHERS = 0o077
_TOOLS = (("rsync", "rsync"), ("setpriv", "util-linux"), ("unshare", "util-linux"))


def refuse_what_is_missing(settings: Settings) -> None:
    """UnusableHere or NotInstalled for what keeps this node from being one of the mirror."""
    for tool, package in _TOOLS:
        try:
            commands.find(tool)
        except commands.ToolMissing as missing:
            raise NotInstalled(str(missing), hint=f"install the package {package}") from missing
    if settings.node not in settings.addresses:
        raise UnusableHere(
            f"address names {', '.join(sorted(settings.addresses))}, and not this node, "
            f"{settings.node}",
            hint=f"add {settings.node}=ADDRESS",
        )
    try:
        read_secrets(settings.secrets_file)
    except SecretsUnusable as error:
        raise UnusableHere(str(error), hint="every line NAME:SECRET, mode 0600") from error
    _refuse_directory(settings.directory)
    _refuse_store(settings)
    if settings.snapshot == BTRFS:
        _refuse_subvolume(settings.directory)


def _refuse_directory(path: str) -> None:
    try:
        found = os.lstat(path)
    except OSError as error:
        raise UnusableHere(
            f"directory={path!r}: {error.strerror}", hint="is its file system mounted?"
        ) from error
    if not stat.S_ISDIR(found.st_mode):
        raise UnusableHere(f"directory={path!r} is no directory")
    if os.path.ismount(path):
        raise UnusableHere(
            f"directory={path!r} is a mount point, which cannot be exchanged",
            hint="name a folder on that file system",
        )


def _refuse_store(settings: Settings) -> None:
    store = settings.store
    try:
        found = os.lstat(store)
    except FileNotFoundError:
        parent = os.path.dirname(store)
        if not os.path.isdir(parent):
            raise UnusableHere(f"store={store!r}: there is no {parent}") from None
        found = os.stat(parent)
    else:
        if not stat.S_ISDIR(found.st_mode):
            raise UnusableHere(f"store={store!r} is no directory")
        if found.st_uid != posix.geteuid() or found.st_mode & _MODE_OF_OTHERS:
            raise UnusableHere(
                f"store={store!r} is not root's alone", hint="chown root, chmod 0700"
            )
    if found.st_dev != os.lstat(settings.directory).st_dev:
        raise UnusableHere(
            f"store={store!r} is not on the file system of directory={settings.directory!r}",
            hint="a tree cannot be exchanged between two file systems",
        )


def _refuse_subvolume(directory: str) -> None:
    from ocf_py.system import btrfs

    try:
        btrfs.find_whole(directory)
    except btrfs.NoSubvolume as error:
        is_nested = isinstance(error, btrfs.HoldsSubvolume)
        hint = "make a folder of it" if is_nested else "set snapshot=none"
        raise UnusableHere(f"snapshot=btrfs: {error}", hint=hint) from error


def prepare_store(store: str) -> None:
    """Make the store where there is none; OSError."""
    try:
        os.mkdir(store, 0o700)
    except FileExistsError:
        pass

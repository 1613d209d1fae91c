"""What this node must have to be one of a mirror, and what an instance finds here."""

from __future__ import annotations

import os
import posix
import stat

from ocf_py.outcomes import NotInstalled, UnusableHere
from ocf_py.system import commands
from ocf_py.system.processes import ProcessIdentity

from .secrets import SecretsUnusable, read_secrets
from .settings import BTRFS, Settings
from .status import find_folders, read_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

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
    _refuse_address(settings)
    try:
        read_secrets(settings.secrets_file)
    except SecretsUnusable as error:
        raise UnusableHere(str(error), hint="every line NAME:SECRET, mode 0600") from error
    _refuse_directory(settings.directory)
    _refuse_store(settings)
    _refuse_neighbours(settings)
    if settings.snapshot == BTRFS:
        _refuse_subvolume(settings.directory)


def _refuse_address(settings: Settings) -> None:
    import _socket

    family = _socket.AF_INET6 if ":" in settings.address else _socket.AF_INET
    line = _socket.socket(family, _socket.SOCK_DGRAM)
    try:
        line.bind((settings.address, 0))
    except OSError as error:
        raise UnusableHere(
            f"address={settings.node}={settings.address}: {error.strerror}",
            hint="name an address that this node has",
        ) from error
    finally:
        line.close()


def _refuse_neighbours(settings: Settings) -> None:
    """What lies in another's tree would be copied with it, and exchanged with it."""
    from ocf_py.system.mounts import is_within

    for other in find_running():
        if other.instance == settings.instance or other.directory == settings.directory:
            continue  # it is this one, under whatever name
        for name, ours in (("directory", settings.directory), ("store", settings.store)):
            for whose, its in (("directory", other.directory), ("store", other.store)):
                one, another = os.path.realpath(ours), os.path.realpath(its)
                if is_within(one, another) or is_within(another, one):
                    raise UnusableHere(
                        f"{name}={ours!r} and the {whose} of {other.instance}, {its!r}, "
                        "lie in each other",
                        hint="give each mirror its own folders",
                    )


def find_running() -> Iterator[Settings]:
    """The settings of each worker that runs on this node."""
    for folder in find_folders():
        try:
            status = read_status(folder)
            if status is not None and ProcessIdentity.parse(status.worker).is_alive():
                yield Settings.read(folder)
        except (ValueError, OSError):  # it ends this moment, or was never whole
            continue


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

"""A control group of version 2 around a process tree: whoever forks in there stays in there.

Where systemd runs, it owns the hierarchy: a scope is asked of it (`scope`). Elsewhere the group is
made here. Source: the kernel's Documentation/admin-guide/cgroup-v2.rst.
"""

from __future__ import annotations

import errno
import posix

from ocf_py.system import read_whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_FOLDER = "ocfpy"
_SCOPES = "system.slice"  # where systemd has the scopes that name no slice: systemd.special(7)
_MODE = 0o755


def find_root() -> str:
    """Where the hierarchy is mounted for writing; "" where it is not (proc(5), mountinfo)."""
    root = ""
    for line in _read("/proc/self/mountinfo").split("\n"):
        head, _, tail = line.partition(" - ")
        if tail.startswith("cgroup2 ") and "\\" not in head:
            fields = head.split()
            # Another mount may cover this one.
            if "rw" in fields[5].split(",") and _exists(f"{fields[4]}/cgroup.procs"):
                root = fields[4]
    return root


def choose(name: str) -> str:
    """The path of the group for what is called so; "" where there can be none."""
    root = find_root()
    return f"{root}/{_FOLDER}/{name}" if root else ""


def named(name: str) -> list[str]:
    """The groups that starts of what is called so have made, each with a token of its own.

    None can be anybody else's: root alone makes groups here, and the whole name is compared.
    """
    root = find_root()
    if not root:
        return []
    folder, slice_ = f"{root}/{_FOLDER}", f"{root}/{_SCOPES}"
    found = [f"{folder}/{one}" for one in _names(folder) if one.rpartition(".")[0] == name]
    scopes = [one for one in _names(slice_) if one.startswith("ocfpy-")]
    if scopes:
        from .scope import unit_name

        for scope in scopes:
            token = scope.removesuffix(".scope").rpartition(".")[2]
            if scope == unit_name(name, token):
                found.append(f"{slice_}/{scope}")
    return found


def create(path: str) -> None:
    """Make the group; OSError if that cannot be done."""
    for folder in (path.rpartition("/")[0], path):
        try:
            posix.mkdir(folder, _MODE)
        except FileExistsError:
            pass


def enter(path: str, pid: int) -> None:
    """Move a process into the group, and with it all that it will fork; OSError if not."""
    handle = posix.open(f"{path}/cgroup.procs", posix.O_WRONLY | posix.O_CLOEXEC)
    try:
        posix.write(handle, str(pid).encode())
    finally:
        posix.close(handle)


def pids(path: str) -> list[int]:
    """Every process in the group and below it, by its number here; none where there is no group.

    Raises OSError where its hierarchy is not mounted, so that nothing can be told of it.
    """
    found: list[int] = []
    _refuse_unmounted(path)
    for folder in _folders(path):
        try:
            text = _read(f"{folder}/cgroup.procs")
        except OSError:
            continue  # it went away meanwhile, and nobody can be in it
        # 0 stands for one that this pid namespace does not see.
        found += [int(pid) for pid in text.split() if pid != "0"]
    return found


def is_populated(path: str) -> bool:
    """Whether anybody at all is in the group or below it, whom we may not see."""
    try:
        return "populated 1" in _read(f"{path}/cgroup.events").split("\n")
    except OSError:
        return False


def _refuse_unmounted(path: str) -> None:
    above = path
    while above and not _exists(above):
        above = above.rpartition("/")[0]
    if not _exists(f"{above}/cgroup.procs"):
        raise OSError(errno.ENOENT, f"the hierarchy of {path} is not mounted any more")


def remove(path: str) -> None:
    """Take an empty group away, those below it first; OSError (EBUSY) while somebody is in it."""
    for folder in reversed(list(_folders(path))):
        try:
            posix.rmdir(folder)
        except FileNotFoundError:
            pass


def _folders(path: str) -> Iterator[str]:
    if not _exists(path):
        return
    yield path
    for name in _names(path):
        yield from _folders(f"{path}/{name}")


def _names(path: str) -> list[str]:
    """The groups directly below one; none where it is not there."""
    try:
        with posix.scandir(path) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _exists(path: str) -> bool:
    try:
        posix.stat(path)
    except OSError:
        return False
    return True


def _read(path: str) -> str:
    return read_whole(path).decode("utf-8", "surrogateescape")

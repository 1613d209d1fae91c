"""The twin: a second tree whose files are the live tree's very inodes, in folders of its own.

A pass is built in it. After the exchange it is the tree before, which differs by what the pass has
changed, so the next pass finds it nearly done. It is never trusted to be what it was: a file in it
is right where it has the inode that the live one has, and nothing else is.

What it shares with the live tree must not be written to, nor given other attributes. So `drop`
removes the name of whatever is about to change.
"""

from __future__ import annotations

import errno
import os

from . import trees
from .listing import TOP

_UNSUPPORTED = (errno.ENOTSUP, errno.EOPNOTSUPP)


def align(twin: str, live: str) -> tuple[set[bytes], set[bytes]]:
    """Make ``twin`` have the entries of ``live``: links to its files, and folders.

    Returns the paths of folders whose attributes are not those of the live one's, and of the files
    that are not there, as they have all the links that the file system allows. OSError.
    """
    top, model = os.fsencode(twin), os.fsencode(live)
    if not is_folder(top):
        if os.path.lexists(top):
            os.unlink(top)
        os.mkdir(top, 0o700)
    unlike: set[bytes] = set()
    unlinked: set[bytes] = set()
    folders = [b""]
    while folders:
        folder = folders.pop()
        here, there = os.path.join(top, folder), os.path.join(model, folder)
        theirs = _scan(there)
        unlinked.update(os.path.join(folder, name) for name in _align_names(here, there, theirs))
        if _attributes(here) != _attributes(there):
            unlike.add(folder or TOP)
        folders += [os.path.join(folder, name) for name in theirs if theirs[name] == _FOLDER]
    return unlike, unlinked


def _align_names(here: bytes, there: bytes, theirs: dict[bytes, int]) -> list[bytes]:
    """Align one folder, without what its folders hold; returns the names that cannot be linked."""
    ours = _scan(here)
    if ours == theirs:
        return []
    unlinked = []
    for name, inode in ours.items():
        if theirs.get(name) != inode:
            _remove(os.path.join(here, name))
    for name, inode in theirs.items():
        if ours.get(name) == inode:
            continue
        if inode == _FOLDER:
            os.mkdir(os.path.join(here, name), 0o700)
        elif not _link(os.path.join(there, name), os.path.join(here, name)):
            unlinked.append(name)
    return unlinked


def drop(twin: str, path: bytes, *, keep_folder: bool = False) -> None:
    """Remove an entry and what is in it, if there is one; with ``keep_folder``, only what is none.

    The way to it must be of folders: through a symlink, it would be a file of somebody else's.
    """
    way = os.fsencode(twin)
    *folders, name = path.split(b"/")
    for folder in folders:
        way = os.path.join(way, folder)
        if not is_folder(way):
            return
    place = os.path.join(way, name)
    if os.path.lexists(place) and not (keep_folder and is_folder(place)):
        _remove(place)


def is_folder(path: bytes) -> bool:
    """Whether there is a folder, and no symlink to one."""
    return os.path.isdir(path) and not os.path.islink(path)


_FOLDER = 0  # the inode of no file


def _scan(folder: bytes) -> dict[bytes, int]:
    """The inode of each entry but for the folders'."""
    with os.scandir(folder) as entries:
        return {
            one.name: _FOLDER if one.is_dir(follow_symlinks=False) else one.inode()
            for one in entries
        }


def _link(source: bytes, target: bytes) -> bool:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError as error:
        if error.errno == errno.EMLINK:
            return False
        raise
    return True


def _remove(path: bytes) -> None:
    if is_folder(path):
        trees.remove(os.fsdecode(path))
    else:
        os.unlink(path)


def _attributes(folder: bytes) -> tuple[object, ...]:
    """All that is kept of a folder."""
    found = os.lstat(folder)
    try:
        names = os.listxattr(folder, follow_symlinks=False)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        names = []
    extended = {name: os.getxattr(folder, name, follow_symlinks=False) for name in names}
    return (found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns, extended)

"""What the source has that the live tree has not, and the other way round; brought into the twin.

rsync finds it in a dry run against the live tree, which costs what a copy costs that has nothing
to do. Then only that is copied.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, replace

from . import trees, twin
from .listing import TOP, read, read_sockets, unescape
from .transfer import LONGEST_LIST, Pulled, TransferFailed, write_paths
from .twin import is_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from .layout import Layout
    from .links import Links
    from .order import Order
    from .transfer import Source


_STUMBLED = re.compile(r'rsync: \[generator\] stat "(.+)" failed: Not a directory')


@dataclass(frozen=True)
class Difference:
    """Paths from the top: those that are ``deleted``, and the ``folders`` and ``others`` to copy.

    ``is_split`` says that some are links of each other here, but not there.
    """

    deleted: frozenset[bytes]
    folders: frozenset[bytes]
    others: frozenset[bytes]
    is_split: bool
    vanished: bool

    @property
    def is_none(self) -> bool:
        """Whether the two trees are the same."""
        return not (self.deleted or self.folders or self.others)

    @property
    def fills(self) -> bool:
        """Whether anything would be there that is not there now."""
        return bool(self.others or self.folders - {TOP})


def find_difference(
    source: Source, links: Links, layout: Layout, order: Order
) -> Difference | None:
    """Compare the source with the live tree; None where they have too little in common."""
    text, vanished = _list_changes(source, layout, order)
    if len(text) >= LONGEST_LIST:
        return None
    listing = read(text)
    folders = {path for path, is_folder in listing.changed.items() if is_folder}
    names = _there(links.members, listing.deleted, listing.changed.keys() - folders)
    split = links.find_split(_ask_leaders(names, source, order))
    sockets = _ask_sockets(listing.odd, source, order)
    others = {*listing.changed, *split, *(path for pair in listing.linked for path in pair)}
    others = _with_names(others - folders, links).difference(listing.deleted, folders, sockets)
    # A socket in the place of something here leaves nothing there.
    replaced = {
        one for one in sockets if os.path.lexists(os.path.join(os.fsencode(layout.directory), one))
    }
    return Difference(
        frozenset(replaced.union(listing.deleted)),
        frozenset(folders),
        frozenset(others),
        bool(split),
        vanished,
    )


def apply(
    difference: Difference, source: Source, links: Links, layout: Layout, order: Order
) -> Pulled:
    """Make the staged tree what the source is."""
    staging = layout.staging
    unlike, unlinked = twin.align(staging, layout.directory)
    others = _with_names({*difference.others, *unlinked}, links)
    others -= difference.deleted | difference.folders
    for path in sorted({*difference.deleted, *others}):
        twin.drop(staging, path)
    for path in sorted(difference.folders - {TOP}):
        twin.drop(staging, path, keep_folder=True)
    touched = {*difference.deleted, *others, *difference.folders} - {TOP}
    # A folder whose entries were changed by name has a time of its own since then.
    copied = {*others, *difference.folders, *unlike, *(_parent(path) for path in touched)} - {TOP}
    copied = _there(copied, difference.deleted, others)
    # What is one file here and several there must not become links to the one again; and a file
    # that has all the links it may have takes no more.
    share = not (difference.is_split or unlinked)
    pulled = _pull(copied, source, layout, order, share=share)
    missing = _remove_sockets(staging, others)
    return replace(pulled, vanished=pulled.vanished or difference.vanished or missing)


def _list_changes(source: Source, layout: Layout, order: Order) -> tuple[str, bool]:
    """List what makes the live tree the source.

    In a dry run, rsync stumbles over links to symlinks and the like where a folder of the source
    takes the place of something else. Then it is asked again, of the twin without that.
    """
    try:
        return source.list_changes(order.module, layout.directory, order)
    except TransferFailed as failed:
        in_the_way = _find_in_the_way(failed.said, os.path.realpath(layout.directory))
        if not in_the_way:
            raise
    twin.align(layout.staging, layout.directory)
    for path in in_the_way:
        twin.drop(layout.staging, path)
    return source.list_changes(order.module, layout.staging, order)


def _find_in_the_way(said: str, live: str) -> set[bytes]:
    """The paths that are no folders, but on the way to what rsync could not look at."""
    top = os.fsencode(live)
    paths = [unescape(found) for found in _STUMBLED.findall(said)]
    ways = [one for path in paths for one in _above(path) if one.startswith(top + b"/")]
    return {
        os.path.relpath(one, top) for one in ways if os.path.lexists(one) and not is_folder(one)
    }


def _pull(
    copied: set[bytes], source: Source, layout: Layout, order: Order, *, share: bool
) -> Pulled:
    if not copied:
        return source.pull_top(order.module, layout.staging, order)
    paths = _write(copied, order)
    return source.pull_some(
        order.module, paths, layout.staging, layout.directory, order, share=share
    )


def _there(
    paths: Iterable[bytes], deleted: Collection[bytes], others: Collection[bytes]
) -> set[bytes]:
    """Those that are neither deleted nor below what is no folder there: rsync would stumble."""
    return {
        path
        for path in paths
        if path not in deleted and not any(one in others or one in deleted for one in _above(path))
    }


def _above(path: bytes) -> Iterator[bytes]:
    """The folders that a path leads through."""
    while (path := os.path.dirname(path)) not in (b"", b"/"):
        yield path


def _with_names(paths: set[bytes], links: Links) -> set[bytes]:
    """Of a file with several names, rsync links those together that it is told of."""
    return paths.union(*(links.group(path) for path in paths))


def _ask_leaders(members: set[bytes], source: Source, order: Order) -> dict[bytes, bytes]:
    """Ask of each path that is there which one it is a link of: itself, or the first of them."""
    if not members:
        return {}
    listing = read(source.list_some(order.module, _write(members, order), _empty(order), order))
    return {path: path for path in listing.changed} | dict(listing.linked)


def _ask_sockets(odd: Collection[bytes], source: Source, order: Order) -> set[bytes]:
    if not odd:
        return set()
    return read_sockets(source.list_kinds(order.module, _write(odd, order), _empty(order), order))


def _remove_sockets(staging: str, others: set[bytes]) -> bool:
    """Remove what has become a socket since it was listed; whether anything is not there at all."""
    missing = False
    for path in others:
        place = os.path.join(os.fsencode(staging), path)
        try:
            mode = os.lstat(place).st_mode
        except (FileNotFoundError, NotADirectoryError):
            missing = True
            continue
        if stat.S_ISSOCK(mode):
            trees.unlink_quietly(place)
    return missing


def _parent(path: bytes) -> bytes:
    return os.path.dirname(path) or TOP


def _write(paths: Iterable[bytes], order: Order) -> str:
    file = f"{order.run}/paths"
    write_paths(file, paths)
    return file


def _empty(order: Order) -> str:
    folder = f"{order.run}/empty"
    os.makedirs(folder, 0o700, exist_ok=True)
    return folder

"""The long part of a pass: a whole copy of the source beside the live tree, ready to be taken.

It runs in a process of its own (`pass_child`), which may be killed at any moment. It neither reads
nor writes the own record, and changes nothing in the live tree.
"""

from __future__ import annotations

import errno
import os
import time
from dataclasses import replace

from ocf_py.system.commands import ToolMissing

from . import guards, trees
from .daemon import STATE, TREE
from .layout import Layout
from .order import PLACE, SOURCE, SPACE, TRANSFER, Built, Figures, PassRefused
from .record_text import RecordUnusable, load
from .transfer import Source, TransferFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .order import Order
    from .record import Record

_RECORD = "record"
_LOOK_SECONDS = 60.0
_FULL = (errno.ENOSPC, errno.EDQUOT)


def build(order: Order) -> Built:
    """Copy the source once; PassRefused where nothing came of it."""
    began = time.monotonic()
    layout = Layout(order.directory, order.store)
    layout.check()
    source = Source(order.address, order.port, order.user, order.secret_file)
    try:
        with layout.lock():
            guards.check_space(order)
            before = _look(source, order)
            built = _copy(source, layout, order, before)
            built = replace(built, after=_look(source, order))
            built.position  # noqa: B018 - refuses where the source is another than before
            guards.check_space(order)
            trees.sync_file_system(order.store)
    except TransferFailed as failed:
        raise PassRefused(SPACE if failed.is_full else TRANSFER, str(failed)) from failed
    except ToolMissing as missing:
        raise PassRefused(PLACE, str(missing)) from missing
    except OSError as error:
        kind = SPACE if error.errno in _FULL else PLACE
        raise PassRefused(kind, f"{error.filename}: {error.strerror}") from error
    seconds = round(time.monotonic() - began, 3)
    return replace(built, figures=replace(built.figures, seconds=seconds))


def _look(source: Source, order: Order) -> Record:
    """Read the source's record, as it is now."""
    target = f"{order.run}/{_RECORD}-seen"
    source.pull_file(STATE, _RECORD, target, _LOOK_SECONDS)
    with open(target, "rb") as file:
        content = file.read()
    try:
        return load(content)
    except RecordUnusable as unusable:
        raise PassRefused(SOURCE, f"the source's record {unusable}") from unusable


def _copy(source: Source, layout: Layout, order: Order, before: Record) -> Built:
    """Copy all of the source, with links to what did not change."""
    layout.discard(layout.staging)
    os.mkdir(layout.staging, 0o700)
    pulled = source.pull_tree(TREE, layout.staging, layout.directory, order)
    trees.remove_sockets(layout.staging)
    entries, deleted = guards.check_content(layout, order)
    inode = os.lstat(layout.staging).st_ino
    figures = Figures(entries, deleted, pulled.bytes)
    return Built(before, before, inode, order.aside, pulled.vanished, figures)

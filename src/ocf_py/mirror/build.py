"""The long part of a pass: a whole copy of the source beside the live tree, ready to be taken.

It runs in a process of its own (`pass_child`), which may be killed at any moment. It neither reads
nor writes the own record, and changes nothing in the live tree.
"""

from __future__ import annotations

import os
import time
from dataclasses import replace

from ocf_py.system.commands import ToolMissing

from . import guards, trees, twin
from .daemon import STATE, TREE, module_of
from .difference import apply, find_difference
from .layout import Layout
from .links import Links
from .listing import ListingUnusable
from .order import PLACE, SOURCE, SPACE, TRANSFER, Built, Figures, PassRefused
from .record_text import RecordUnusable, load
from .transfer import Source, TransferFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .order import Order
    from .record import Record
    from .transfer import Pulled

_RECORD = "record"
_LOOK_SECONDS = 60.0
_PATIENCE = 3.0  # seconds in which the rsync of a pass that was killed has ended


def build(order: Order) -> Built:
    """Copy the source once; PassRefused where nothing came of it."""
    began = time.monotonic()
    layout = Layout(order.directory, order.store)
    layout.check_exchange()
    source = Source(order.address, order.port, order.user, order.secret_file)
    try:
        with layout.lock(_PATIENCE, is_handed_on=True):
            built = _build(source, layout, order)
    except TransferFailed as failed:
        raise PassRefused(SPACE if failed.is_full else TRANSFER, str(failed)) from failed
    except ListingUnusable as unusable:
        raise PassRefused(TRANSFER, str(unusable)) from unusable
    except ToolMissing as missing:
        raise PassRefused(PLACE, str(missing)) from missing
    except OSError as error:
        raise PassRefused.by(error) from error
    seconds = round(time.monotonic() - began, 3)
    return replace(built, figures=replace(built.figures, seconds=seconds))


def _build(source: Source, layout: Layout, order: Order) -> Built:
    if not guards.has_space(order):
        _tidy(layout)
    guards.check_space(order)
    before = _look(source, order)
    held = before.held if order.held and before.is_open else 0
    order = replace(order, module=module_of(held) if held else TREE)
    links = Links(layout.directory)
    difference = find_difference(source, links, layout, order) if links.entries else None
    figures = Figures(links.entries)
    built = Built(before, before, 0, order.aside, vanished=False, figures=figures, held=held)
    if difference is not None:
        guards.check_difference(difference, links.entries, order)
        figures = replace(built.figures, deleted=len(difference.deleted))
        built = replace(built, vanished=difference.vanished, figures=figures)
        if difference.is_none and not order.aside:
            _tidy(layout)
            return _look_again(source, order, built)
    try:
        if difference is not None:
            pulled = apply(difference, source, links, layout, order)
            if pulled.vanished:  # then more has gone than `check_difference` knew of
                guards.check_content(layout, order)
        else:
            pulled = _copy_all(source, layout, order)
        figures = replace(built.figures, bytes=pulled.bytes)
        inode = os.lstat(layout.staging).st_ino
        built = replace(built, inode=inode, vanished=pulled.vanished, figures=figures)
        built = _look_again(source, order, built)
        guards.check_space(order)
        trees.sync_file_system(order.store)
    except BaseException:
        _tidy(layout)  # what has come is in the way of others on this disk
        raise
    return built


def _copy_all(source: Source, layout: Layout, order: Order) -> Pulled:
    """Copy all of the source, with links to what did not change."""
    layout.discard(layout.staging)
    layout.sweep()
    os.mkdir(layout.staging, 0o700)
    pulled = source.pull_tree(order.module, layout.staging, layout.directory, order)
    trees.remove_sockets(layout.staging)
    guards.check_content(layout, order)
    return pulled


def _tidy(layout: Layout) -> None:
    """Give back what is needed no more: trees that were given up, and what the twin has alone."""
    layout.sweep()
    if not os.path.lexists(layout.staging):
        return
    if trees.is_empty(layout.directory):
        trees.remove(layout.staging)
    else:
        twin.align(layout.staging, layout.directory)


def _look_again(source: Source, order: Order, built: Built) -> Built:
    """Complete what was built, if the source is the one that it was before."""
    if built.held and built.vanished:  # nothing else takes files from a snapshot
        raise PassRefused(SOURCE, "the source gave its snapshot up while it was copied")
    built = replace(built, after=_look(source, order))
    built.position  # noqa: B018 - refuses
    return built


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

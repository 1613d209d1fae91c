"""What a pass must not do to a copy, however sure rsync is."""

from __future__ import annotations

import os

from . import trees
from .order import GUARD, SPACE, PassRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .difference import Difference
    from .layout import Layout
    from .order import Order

_PERCENT = 100
_EMPTY = "the source is empty: is its file system mounted?"


def has_space(order: Order, size: int = 0) -> bool:
    """Whether ``min_free`` bytes are left when ``size`` more are taken."""
    return _count_free(order) >= order.min_free + size


def check_space(order: Order) -> None:
    """PassRefused where less than ``min_free`` bytes are left."""
    if not has_space(order):
        raise PassRefused(
            SPACE,
            f"{_count_free(order) >> 20} MiB are free in {order.store}, less than "
            f"min_free={order.min_free >> 20}",
        )


def _count_free(order: Order) -> int:
    found = os.statvfs(order.store)
    return found.f_bavail * found.f_frsize


def check_difference(difference: Difference, entries: int, order: Order) -> None:
    """PassRefused by what would go of a live tree of ``entries``, before anything is built."""
    if len(difference.deleted) == entries and not difference.fills:
        raise PassRefused(GUARD, _EMPTY)
    _check_loss(len(difference.deleted), entries, order)


def check_content(layout: Layout, order: Order) -> None:
    """PassRefused by what a staged tree lacks of the live one."""
    if trees.is_empty(layout.staging) and not trees.is_empty(layout.directory):
        raise PassRefused(GUARD, _EMPTY)
    every, missing = trees.count_missing(layout.directory, layout.staging)
    _check_loss(missing, every, order)


def _check_loss(missing: int, every: int, order: Order) -> None:
    """A source that lost most of what it had is more likely broken than tidied up.

    But a tree that is set aside loses nothing, and what was found there has nothing in common
    with it.
    """
    if not order.aside and missing * _PERCENT > every * order.max_delete:
        raise PassRefused(
            GUARD,
            f"{missing} of {every} entries would vanish, more than max_delete={order.max_delete} %",
        )

"""What a pass must not do to a copy, however sure rsync is."""

from __future__ import annotations

import os

from . import trees
from .order import GUARD, SPACE, PassRefused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .layout import Layout
    from .order import Order

_PERCENT = 100


def check_space(order: Order) -> None:
    """PassRefused where less than ``min_free`` bytes are left."""
    found = os.statvfs(order.store)
    free = found.f_bavail * found.f_frsize
    if free < order.min_free:
        raise PassRefused(
            SPACE, f"{free} bytes are free in {order.store}, min_free={order.min_free}"
        )


def check_content(layout: Layout, order: Order) -> tuple[int, int]:
    """Count the live tree's entries, and those that the staged one lacks; PassRefused.

    A source that lost most of what it had is more likely broken than tidied up. But a tree that is
    set aside loses nothing, and what was found there has nothing in common with it.
    """
    if trees.is_empty(layout.staging) and not trees.is_empty(layout.directory):
        raise PassRefused(GUARD, "the source is empty: is its file system mounted?")
    every, missing = trees.count_missing(layout.directory, layout.staging)
    if not order.aside and missing * _PERCENT > every * order.max_delete:
        raise PassRefused(
            GUARD,
            f"{missing} of {every} entries would vanish, more than max_delete={order.max_delete} %",
        )
    return every, missing

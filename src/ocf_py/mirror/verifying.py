"""Comparing a copy with its source by checksums: what an admin asks for, and no pass needs."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

from . import listing
from .daemon import STATE, TREE
from .passing import order_of
from .record_text import load
from .secrets import read_secrets
from .serving import PUBLISHED_WITHIN
from .settings import Settings
from .transfer import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .record import Record

_SECONDS = 60.0


@dataclass(frozen=True)
class Findings:
    """What differs, a line each, and whether the source stood still while it was compared."""

    differences: list[str]
    is_settled: bool


def verify(folder: str, node: str) -> Findings:
    """Compare the tree of the worker in ``folder`` with that of ``node``, byte by byte.

    TransferFailed, ToolMissing, ListingUnusable, RecordUnusable, SecretsUnusable, OSError.
    """
    settings = Settings.read(folder)
    user = read_secrets(settings.secrets_file)[0][0]
    order = order_of(settings, folder, user, node)
    source = Source(order.address, order.port, order.user, order.secret_file)
    before = _look(source, folder)
    text, _ = source.list_changes(TREE, order.directory, order, by_checksum=True)
    time.sleep(PUBLISHED_WITHIN)
    after = _look(source, folder)
    found = listing.read(text)
    lines = [f"only here: {_show(path)}" for path in found.deleted]
    lines += [f"differs: {_show(path)}" for path in found.changed if path not in found.odd]
    is_settled = (before.generation, before.moment) == (after.generation, after.moment)
    return Findings(sorted(lines), is_settled)


def _look(source: Source, folder: str) -> Record:
    target = f"{folder}/verified"
    try:
        source.pull_file(STATE, "record", target, _SECONDS)
        with open(target, "rb") as file:
            return load(file.read())
    finally:
        if os.path.lexists(target):
            os.unlink(target)


def _show(path: bytes) -> str:
    """A name in any bytes, in one line."""
    return repr(os.fsdecode(path))

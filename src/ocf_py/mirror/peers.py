"""Looking at the peers: each one's record, read through its daemon."""

from __future__ import annotations

import asyncio
import os

from ocf_py.system import commands

from .daemon import STATE
from .record_text import RecordUnusable, load
from .transfer import TransferFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .record import Record
    from .transfer import Source

_LIMIT = 20.0  # seconds for one look; rsync gives up earlier by itself
_RECORD = "record"


class NoAnswer(Exception):  # noqa: N818 - says what is
    """A peer's record could not be read; the message says why."""


class Peers:
    """The daemons of the other nodes, and a folder for what is read from them."""

    def __init__(self, folder: str, sources: dict[str, Source]) -> None:
        self._folder = folder
        self.sources = sources
        self._counter = 0

    async def look(self, node: str) -> Record:
        """Read the record of one peer; NoAnswer."""
        self._counter += 1
        target = f"{self._folder}/seen.{node}.{self._counter}"
        return await asyncio.to_thread(_look, self.sources[node], node, target)

    async def look_at(self, nodes: Iterable[str]) -> dict[str, Record]:
        """Read the records of several at once; who does not answer is not in it."""
        names = [node for node in nodes if node in self.sources]
        found = await asyncio.gather(*(self.look(node) for node in names), return_exceptions=True)
        records: dict[str, Record] = {}
        for node, one in zip(names, found):
            if isinstance(one, NoAnswer):
                continue
            if isinstance(one, BaseException):
                raise one
            records[node] = one
        return records


def _look(source: Source, node: str, target: str) -> Record:
    try:
        source.pull_file(STATE, _RECORD, target, _LIMIT)
        with open(target, "rb") as file:
            record = load(file.read())
    except (TransferFailed, RecordUnusable, commands.ToolMissing, OSError) as error:
        raise NoAnswer(f"{node}: {error}") from error
    finally:
        if os.path.lexists(target):
            os.unlink(target)
    if record.node != node:
        raise NoAnswer(f"{node}: its record is of the node {record.node}")
    return record

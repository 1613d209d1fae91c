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
    from .record import Record
    from .transfer import Source

_LIMIT = 20.0  # seconds for one look; rsync gives up earlier by itself
_RECORD = "record"


class Peers:
    """The daemons of the other nodes, and a folder for what is read from them."""

    def __init__(self, folder: str, sources: dict[str, Source]) -> None:
        self._folder = folder
        self.sources = sources
        self._counter = 0
        #: Why the record of each could not be read when it was last looked at.
        self.unheard: dict[str, str] = {}
        #: Those among them that do not take this node's secret.
        self.refusing: set[str] = set()

    async def look(self, node: str) -> Record | None:
        """Read the record of one peer, None where it does not answer."""
        self._counter += 1
        target = f"{self._folder}/seen.{node}.{self._counter}"
        self.unheard.pop(node, None)
        is_refused = False
        try:
            return await asyncio.to_thread(_look, self.sources[node], node, target)
        except TransferFailed as failed:
            self.unheard[node], is_refused = str(failed), failed.is_refused
        except (RecordUnusable, commands.ToolMissing, OSError) as error:
            self.unheard[node] = str(error)
        finally:
            (self.refusing.add if is_refused else self.refusing.discard)(node)
        return None


def _look(source: Source, node: str, target: str) -> Record:
    try:
        source.pull_file(STATE, _RECORD, target, _LIMIT)
        with open(target, "rb") as file:
            record = load(file.read())
    finally:
        if os.path.lexists(target):
            os.unlink(target)
    if record.node != node:
        raise RecordUnusable(f"it calls itself {record.node}: is its address right?")
    return record

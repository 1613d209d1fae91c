"""Who is in the cluster, as Corosync sees it: each change, in order, as it happens.

corosync-quorumtool(8) prints a whole picture at every change. Its output to a pipe waits in a
buffer, so stdbuf(1) has it print line by line.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ocf_py.system import commands

from .tied import TIED_ALONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_WATCH = ("stdbuf", "--output=L", "corosync-quorumtool", "-m")
_QUIET = 0.05  # seconds without another line: the picture is whole
_BEGIN = "Quorum information"
_TWO_NODES, _WAITED_FOR_ALL = "2Node", "WaitForAll"


@dataclass(frozen=True)
class View:
    """One picture: the nodes in the membership by their names, and what quorum stands on.

    ``quorum`` is a real one: of a majority, or of two nodes that wait for each other when they
    start (wait_for_all, votequorum(5)). One node of two that does not wait proves nothing.
    """

    members: frozenset[str]
    quorum: bool


def parse_view(text: str) -> View:
    """Read one picture of corosync-quorumtool; what is not in it counts as absent."""
    quorate, flags = False, frozenset[str]()
    members: set[str] = set()
    column = 0
    for line in text.splitlines():
        words = line.split()
        if column:
            # A quorum device stands among the nodes, under the number 0.
            if len(words) > column and words[0].isdigit() and words[0] != "0":
                members.add(words[column])
        elif words[:1] == ["Nodeid"]:
            column = words.index("Name") if "Name" in words else len(words)
        elif words[:1] == ["Quorate:"]:
            quorate = words[1:2] == ["Yes"]
        elif words[:1] == ["Flags:"]:
            flags = frozenset(words[1:])
    is_real = _TWO_NODES not in flags or _WAITED_FOR_ALL in flags
    return View(frozenset(members), quorate and is_real)


async def watch() -> AsyncIterator[View]:
    """Yield the membership now, and at every change; it ends where Corosync cannot be heard."""
    argv = [*TIED_ALONE, *_WATCH]
    process = await asyncio.create_subprocess_exec(
        commands.find(argv[0]),
        *argv[1:],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    text = ""
    try:
        while process.stdout is not None:
            part = await _read_until_quiet(process.stdout)
            if not part:
                return
            text += part
            first, *more = text.split(_BEGIN)[1:] or [""]
            for picture in (first, *more):
                if picture:
                    yield parse_view(picture)
            text = ""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _read_until_quiet(stream: asyncio.StreamReader) -> str:
    """All that comes until nothing more does; "" at the end."""
    content = await stream.read(1 << 16)
    while content:
        try:
            part = await asyncio.wait_for(stream.read(1 << 16), _QUIET)
        except asyncio.TimeoutError:
            break
        if not part:
            break
        content += part
    return content.decode("utf-8", "replace")

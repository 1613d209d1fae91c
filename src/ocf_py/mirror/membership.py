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
    from collections.abc import AsyncIterator, Iterator

_WATCH = ("stdbuf", "--output=L", "corosync-quorumtool", "-m")
_BEGIN = "Quorum information"
_HURRY = 2.0  # seconds in which a picture that has begun is whole: it is printed in one go
_DEVICE = "0"  # the number of a quorum device, which stands among the nodes
_WAITED_FOR_ALL = "WaitForAll"
#: With these, two parts of a cluster can have quorum one after the other and never have met.
_WEAK = frozenset({"2Node", "AutoTieBreaker", "LastManStanding"})


@dataclass(frozen=True)
class View:
    """One picture: the nodes in the membership by their names, and what quorum stands on.

    ``quorum`` is a real one: of a majority, or of two nodes that wait for each other when they
    start (wait_for_all, votequorum(5)). One node of two that does not wait proves nothing, nor does
    half of a cluster (auto_tie_breaker), or a remainder that is counted anew (last_man_standing).
    ``ring`` is Corosync's own name for this membership.
    """

    members: frozenset[str]
    quorum: bool
    ring: str = ""


def parse_view(text: str) -> View:
    """Read one picture of corosync-quorumtool; what is not in it counts as absent."""
    quorate, ring, flags = False, "", frozenset[str]()
    members: set[str] = set()
    column = 0
    for line in text.splitlines():
        words = line.split()
        if column:
            if len(words) > column and words[0].isdigit() and words[0] != _DEVICE:
                members.add(words[column])
        elif words[:1] == ["Nodeid"]:
            column = words.index("Name") if "Name" in words else len(words)
        elif words[:2] == ["Ring", "ID:"]:
            ring = " ".join(words[2:])
        elif words[:1] == ["Quorate:"]:
            quorate = words[1:2] == ["Yes"]
        elif words[:1] == ["Flags:"]:
            flags = frozenset(words[1:])
    is_real = not flags & _WEAK or _WAITED_FOR_ALL in flags
    return View(frozenset(members), quorate and is_real, ring)


class Pictures:
    """Cuts what corosync-quorumtool prints, in whatever pieces it comes, into whole pictures.

    One is whole with as many nodes in its table as it says there are. A membership of which the
    half was read is one that others have left.
    """

    def __init__(self) -> None:
        self._text = ""

    @property
    def is_amid(self) -> bool:
        """Whether one has begun that is not whole yet."""
        return _BEGIN in self._text

    def take(self, part: str) -> Iterator[str]:
        """Yield each picture that is whole with this ``part``."""
        self._text += part
        while _BEGIN in self._text:
            _, _, rest = self._text.partition(_BEGIN)
            content, begin, later = rest.partition(_BEGIN)
            end = _find_end(content)
            if end:
                self._text = content[end:] + begin + later
                yield content[:end]
            elif begin:
                self._text = begin + later  # it broke off, and another has begun
            else:
                return


def _find_end(content: str) -> int:
    """Where a picture ends: behind the line of its last node; 0 where that is not there yet."""
    count, in_table, at = 0, False, 0
    for line in content.splitlines(keepends=True):
        if not line.endswith("\n"):
            return 0
        at += len(line)
        words = line.split()
        if words[:1] == ["Nodes:"]:
            count = int(words[1]) if words[1:] and words[1].isdigit() else 0
        elif words[:1] == ["Nodeid"]:
            in_table = True
        elif in_table and words and words[0].isdigit() and words[0] != _DEVICE:
            count -= 1
            if count == 0:
                return at
    return 0


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
    pictures = Pictures()
    try:
        while process.stdout is not None:
            limit = _HURRY if pictures.is_amid else None
            part = await asyncio.wait_for(process.stdout.read(1 << 16), limit)
            if not part:
                return
            for picture in pictures.take(part.decode("utf-8", "replace")):
                yield parse_view(picture)
    except asyncio.TimeoutError:
        return
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

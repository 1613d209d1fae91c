"""The processes that a call of an agent has left behind."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import psutil

_END_SECONDS = 2.0  # what a busy machine may take to end what was killed


@dataclass(frozen=True)
class Left:
    """A process that lives on behind the call, or had to be ended by us."""

    pid: int
    command: str


def list_children() -> tuple[Left, ...]:
    """All that live below this process, which has to be the parent of what agents leave."""
    import psutil

    found = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(_describe(process))
    return tuple(found)


def end_holders(pipes: Iterable[int]) -> tuple[Left, ...]:
    """Kills who holds one of `pipes`, descriptors of this process, and says who that was.

    This process made the pipes for one agent: whoever has an end of one is of that agent, in
    whatever session, and no stranger.
    """
    import psutil

    wanted = {f"pipe:[{os.fstat(pipe).st_ino}]" for pipe in pipes}
    own = psutil.Process()
    command = own.cmdline()
    found, killed = [], []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            # A child that a thread of ours is just about to start is still called like us.
            if (
                process.pid != own.pid
                and wanted & _links(process.pid)
                and process.cmdline() != command
            ):
                found.append(_describe(process))
                process.kill()
                killed.append(process)
    psutil.wait_procs(killed, timeout=_END_SECONDS)  # it is said that they have ended
    return tuple(found)


def _describe(process: psutil.Process) -> Left:
    return Left(process.pid, " ".join(process.cmdline()) or process.name())


def _links(pid: int) -> set[str]:
    """What its descriptors lead to; nothing for one that has ended or is of another user."""
    folder = f"/proc/{pid}/fd"
    links = set()
    with contextlib.suppress(OSError):
        for one in os.listdir(folder):
            with contextlib.suppress(OSError):
                links.add(os.readlink(f"{folder}/{one}"))
    return links

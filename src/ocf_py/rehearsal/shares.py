"""Who plays what: one lab after the other, or several at once, each held by its own process."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
from collections import deque
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.kernel import end_with_parent
from ocf_py.rehearsal.ending import deaf, end_once
from ocf_py.rehearsal.record import Play
from ocf_py.rehearsal.run import Rehearsal
from ocf_py.toolkit.errors import ToolkitError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from ocf_py.lab.progress import Progress
    from ocf_py.rehearsal.planning import Plan

    # Brings a lab up and plays a share on it, into that record; each play is told at once.
    PlayShare = Callable[["Share", Rehearsal, Callable[[Play], None]], None]

# Whoever plays has neither threads nor locks yet, and its plans cannot be sent.
_FORK = multiprocessing.get_context("fork")
_INTERRUPTED = 130  # as a shell says it of what Ctrl-C has ended


@dataclass(frozen=True)
class Share:
    """Faults of one CIB that one lab plays; `number`, from 1, is no other's of the run."""

    number: int
    plan: Plan
    faults: tuple[str, ...]

    @property
    def takes_all(self) -> bool:
        """Whether nothing may run beside it: guests compute with all that the machine has."""
        return self.plan.stage.needs_guests


def deal(plans: Sequence[Plan], faults: Sequence[str], labs: int) -> list[Share]:
    """As cards are dealt: of a CIB's faults each of `labs` gets one by turns; guests get all."""
    shares: list[Share] = []
    for plan in plans:
        hands = 1 if plan.stage.needs_guests else min(labs, len(faults))
        for first in range(hands):
            shares.append(Share(len(shares) + 1, plan, tuple(faults[first::hands])))
    return shares


def play_one_by_one(
    plans: Sequence[Plan],
    faults: Sequence[str],
    play: PlayShare,
    record: Rehearsal,
    tell: Callable[[Play], None],
    progress: Progress,
) -> None:
    """All of them, here; with several CIBs, a lab that breaks down ends the plays of its own.

    LabError where there is but one: it is the whole run's.
    """
    for share in deal(plans, faults, 1):
        try:
            play(share, record, tell)
        except LabError as error:
            if isinstance(error.__context__, (KeyboardInterrupt, SystemExit)):
                raise error.__context__ from error  # the lab's end failed after it
            if len(plans) == 1:
                raise
            _break_off(share, error, record, progress)


def play_side_by_side(
    plans: Sequence[Plan],
    faults: Sequence[str],
    labs: int,
    play: PlayShare,
    record: Rehearsal,
    tell: Callable[[Play], None],
    progress: Progress,
) -> None:
    """Deal, and play up to `labs` shares at once; a lab that breaks down ends its own share alone.

    The record is in the order of `plans` and `faults`, also where it ends early.
    """
    waiting = deque(deal(plans, faults, labs))
    running: dict[Connection, tuple[Share, BaseProcess]] = {}
    try:
        while waiting or running:
            while waiting and _has_room(waiting[0], [one for one, _ in running.values()], labs):
                share = waiting.popleft()
                with deaf():  # or nobody would know of a process that has just begun
                    connection, process = _begin(share, play)
                    running[connection] = (share, process)
            ready = wait(running)
            for connection in [one for one in running if one in ready]:
                _listen(connection, running, record, tell, progress)
    finally:
        for connection, (_, process) in running.items():
            connection.close()  # nobody waits in there for someone to listen
            _interrupt(process)
        order = [(plan.name, fault) for plan in plans for fault in faults]
        ranks = {pair: rank for rank, pair in enumerate(order)}
        record.plays.sort(key=lambda one: ranks[one.cib, one.fault])
        record.left_out.sort(key=lambda one: ranks.get((one.cib, one.fault), -1))


def _has_room(share: Share, running: Sequence[Share], labs: int) -> bool:
    alone = share.takes_all or any(one.takes_all for one in running)
    return len(running) < (1 if alone else labs)


def _break_off(share: Share, why: object, record: Rehearsal, progress: Progress) -> None:
    progress.step(f"{share.plan.name}: broken off: {why}")
    record.troubles.append(f"{share.plan.name}: {why}")


def _begin(share: Share, play: PlayShare) -> tuple[Connection, BaseProcess]:
    ours, theirs = _FORK.Pipe(duplex=False)
    process = _FORK.Process(target=_play_apart, args=(share, play, theirs))
    process.start()
    theirs.close()  # for its end to be seen
    return ours, process


def _play_apart(share: Share, play: PlayShare, connection: Connection) -> None:
    """In a process of its own: send each play, then why it ended early, and what else it noted."""
    end_with_parent()  # and the lab ends with this one
    end_once()
    part = Rehearsal(share.plan.name)
    try:
        with contextlib.suppress(BrokenPipeError):  # who interrupts hears no more
            try:
                play(share, part, connection.send)
            except (ToolkitError, OSError) as error:
                connection.send(str(error))
            part.plays.clear()  # each was sent when it was over
            connection.send(part)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)  # to anybody else it says that plays are missing


def _listen(
    connection: Connection,
    running: dict[Connection, tuple[Share, BaseProcess]],
    record: Rehearsal,
    tell: Callable[[Play], None],
    progress: Progress,
) -> None:
    share, process = running[connection]
    try:
        told = connection.recv()
    except EOFError:
        del running[connection]
        process.join()
        if process.exitcode:
            why = f"the process of lab {share.number} ended with {process.exitcode}"
            _break_off(share, why, record, progress)
        return
    if isinstance(told, Play):
        record.plays.append(told)
        tell(told)
    elif isinstance(told, Rehearsal):
        record.left_out += told.left_out
        for line in told.notes:
            record.note(line)
    else:
        _break_off(share, told, record, progress)


def _interrupt(process: BaseProcess) -> None:
    """Have it take its lab down, and wait for that."""
    if process.pid is not None and process.is_alive():
        os.kill(process.pid, signal.SIGINT)
    process.join()

"""What a client of the database waits: at a planned move, and when the primary loses its power."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ocf_py.lab.errors import LabError
from ocf_py.lab.faults import PowerLoss, suffer
from tests.cluster.conftest import other_node
from tests.cluster.database import ADDRESS
from tests.cluster.rows import RowWriter
from tests.vm.drbd_database import DATABASE, SLOW

if TYPE_CHECKING:
    from tests.bench.drbd.session import Session


_MOMENTS = 3.0  # seconds of writing, in which the power fails


@dataclass(frozen=True)
class Outage:
    """One run, in seconds: without a commit, and of it what came after the confirmed fencing."""

    provider: str
    silence: float
    after_fencing: float = 0.0


def play_move(session: Session, provider: str) -> Outage:
    """Move the database to the other node; LabError where a row is lost."""
    lab, database = session.lab, session.database
    here = database.serves()
    there = other_node(lab, here)
    with RowWriter.going_on(lab, ADDRESS) as writer:
        writer.await_more(timeout=SLOW)
        since = lab.note(f"{provider}: a planned move to {there}")
        move = ["crm_resource", "--resource", DATABASE]
        lab.node(there).run([*move, "--move", "--node", there])
        database.serves(there)
        writer.await_more(timeout=SLOW)
        silence = writer.longest_silence(since)
        _check(writer)
    lab.node(there).run([*move, "--clear"])
    database.await_rest()
    session.progress.step(f"{provider}: a planned move: {silence:.1f} s without a commit")
    return Outage(provider, silence)


def play_power_loss(session: Session, provider: str) -> Outage:
    """Cut the power of the primary at any moment; LabError where a row is lost."""
    lab, database = session.lab, session.database
    lost = database.serves()
    survivor = other_node(lab, lost)
    with RowWriter.going_on(lab, ADDRESS) as writer:
        writer.await_more(timeout=SLOW)
        time.sleep(random.uniform(0, _MOMENTS))  # noqa: S311 - a moment
        with suffer(lab, PowerLoss(lost)) as at:
            database.serves(survivor)
            writer.await_more(timeout=SLOW)
            silence = writer.longest_silence(at)
            _check(writer)
        told = list(writer.told)
    fenced = [event.at for event in lab.events(at) if event.what == "fencing confirmed"]
    if not fenced:
        raise LabError(f"{lost} was never fenced, and yet the database moved")
    after = min(one for one in told if one > fenced[0]) - fenced[0]
    lab.await_online()
    database.await_rest()
    session.progress.step(
        f"{provider}: a power loss: {silence:.1f} s without a commit, {after:.1f} s of them from "
        "the confirmed fencing on"
    )
    return Outage(provider, silence, after)


def _check(writer: RowWriter) -> None:
    lost = writer.lost()
    if lost:
        raise LabError(f"rows that were acknowledged are lost: {lost[:10]}")

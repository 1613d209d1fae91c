"""A play as it is recorded when all goes well, and what a test has otherwise in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ocf_py.rehearsal.record import (
    MOVES,
    VICTIM,
    Aftermath,
    Expectation,
    Gap,
    Heard,
    Held,
    Moment,
    Play,
    Stay,
    Written,
)

if TYPE_CHECKING:
    from typing import Any

LOSS = Expectation(MOVES, 15.0, VICTIM, losing=True)


def power_loss(**other: Any) -> Play:
    """n1 loses its power: it is fenced at 3.2 s, n2 has address and disk by 3.4 s."""
    play = Play("power-loss", "the power fails", "database.xml", "ocfpy", "n1", LOSS)
    play.ended, play.repair = 20.0, 5.0
    play.moments = [
        Moment(0.0, "fault", "the power fails", "n1"),
        Moment(0.1, "power", "n1: power off", "n1"),
        Moment(2.1, "detection", "Corosync of n2 has lost n1", "n1"),
        Moment(3.1, "detection", "n2 asks for the fencing of n1", "n1"),
        Moment(3.2, "fencing", "n1 is fenced", "n1"),
        Moment(3.4, "operation", "start of vip on n2", "n2", "vip", 0.05),
        Moment(5.0, "repair", "the fault is repaired", "n1"),
        Moment(5.1, "power", "n1: power on", "n1"),
    ]
    play.heard = [Heard("10.77.2.100", "n1", [Gap(-0.01, 3.45, "n2")], "n2", 3.45, 5.01)]
    play.held = [
        Held("address", "10.77.2.100", [Stay("n1", -3.0, 0.1), Stay("n2", 3.3, None)], 0.002),
        Held("mount", "/srv/database", [Stay("n1", -3.0, 0.1), Stay("n2", 3.4, None)], 0.002),
    ]
    play.written = [Written("writer", "database", 100, [])]
    play.fenced = ["n1"]
    return replace(play, **other)


def aftermath(**other: list[str]) -> Aftermath:
    """Nothing is left, but for what is given."""
    return replace(Aftermath([], [], []), **other)

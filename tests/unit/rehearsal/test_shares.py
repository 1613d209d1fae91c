"""How plays are shared out among labs, and what becomes of shares that end in each way."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.errors import LabError
from ocf_py.lab.progress import Silence
from ocf_py.rehearsal.planning import plan
from ocf_py.rehearsal.run import LeftOut, Rehearsal
from ocf_py.rehearsal.shares import deal, play_side_by_side

from .plays import power_loss

if TYPE_CHECKING:
    from collections.abc import Callable

    from ocf_py.rehearsal.planning import Plan
    from ocf_py.rehearsal.record import Play
    from ocf_py.rehearsal.shares import Share

EXAMPLES = Path(__file__).parents[3] / "examples/cib"
FAULTS = ["power-loss", "hang", "move", "standby"]


@pytest.fixture
def plans() -> list[Plan]:
    return [plan(EXAMPLES / f"{name}.xml", 2) for name in ("dummy", "block-mirror", "address")]


def _play(share: Share, record: Rehearsal, tell: Callable[[Play], None]) -> None:
    """The first share is the slowest, and a fault that none of it has is left out."""
    time.sleep(0.2 / share.number)
    for name in share.faults:
        if name == "hang":
            record.left_out.append(LeftOut(name, "", share.plan.name, "it does not hang"))
        else:
            tell(power_loss(fault=name, cib=share.plan.name, victim=str(os.getpid())))


def test_faults_are_dealt_by_turns_and_guests_get_them_all(plans: list[Plan]) -> None:
    assert [(one.number, one.plan.name, one.faults) for one in deal(plans, FAULTS, 3)] == [
        (1, "dummy.xml", ("power-loss", "standby")),
        (2, "dummy.xml", ("hang",)),
        (3, "dummy.xml", ("move",)),
        (4, "block-mirror.xml", tuple(FAULTS)),
        (5, "address.xml", ("power-loss", "standby")),
        (6, "address.xml", ("hang",)),
        (7, "address.xml", ("move",)),
    ]
    assert len(deal(plans, FAULTS[:1], 3)) == len(plans)


def test_the_record_is_in_order_whoever_was_done_first(plans: list[Plan]) -> None:
    record, told = Rehearsal("all"), list[str]()
    record.left_out.append(LeftOut("all", "every fault", "other.xml", "no lab has it"))
    play_side_by_side(
        plans, FAULTS, 3, _play, record, lambda one: told.append(one.fault), Silence()
    )
    played = ["power-loss", "move", "standby"]
    assert [(one.cib, one.fault) for one in record.plays] == [
        (cib.name, fault) for cib in plans for fault in played
    ]
    assert sorted(told) == sorted(played * 3)
    assert told[0] == "move"
    assert [one.cib for one in record.left_out] == ["other.xml", *(one.name for one in plans)]
    assert not record.troubles
    assert str(os.getpid()) not in {one.victim for one in record.plays}


def test_nothing_plays_beside_guests(plans: list[Plan], tmp_path: Path) -> None:
    def play(share: Share, record: Rehearsal, tell: Callable[[Play], None]) -> None:
        mine = tmp_path / str(share.number)
        mine.touch()
        beside = len(list(tmp_path.iterdir())) - 1
        time.sleep(0.1)
        beside = max(beside, len(list(tmp_path.iterdir())) - 1)
        tell(power_loss(fault=share.faults[0], cib=share.plan.name, ended=float(beside)))
        mine.unlink()

    record = Rehearsal("all")
    play_side_by_side(plans, FAULTS, 3, play, record, lambda _: None, Silence())
    beside = {one.cib: one.ended for one in record.plays}
    assert beside["block-mirror.xml"] == 0
    assert beside["dummy.xml"] > 0


def test_a_lab_that_breaks_down_ends_its_own_share_alone(plans: list[Plan]) -> None:
    def play(share: Share, record: Rehearsal, tell: Callable[[Play], None]) -> None:
        if share.number == 1:
            record.left_out.append(LeftOut("standby", "", share.plan.name, "nobody stands by"))
            raise LabError("no node answers")
        if share.number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        if share.number == 3:
            os.kill(os.getpid(), signal.SIGINT)  # it alone, not who waits for it
        if share.number == 4:
            os.kill(os.getpid(), signal.SIGTERM)
        _play(share, record, tell)

    record = Rehearsal("all")
    faults = [*FAULTS, "ring-cut"]
    play_side_by_side(plans[:1], faults, 5, play, record, lambda _: None, Silence())
    assert sorted(record.troubles) == [
        "dummy.xml: no node answers",
        "dummy.xml: the process of lab 2 ended with -9",
        "dummy.xml: the process of lab 3 ended with 130",
        "dummy.xml: the process of lab 4 ended with 143",
    ]
    assert [one.fault for one in record.plays] == ["ring-cut"]
    assert [one.reason for one in record.left_out] == ["nobody stands by"]


def test_who_has_enough_keeps_what_was_played_and_every_lab_is_taken_down(
    plans: list[Plan], tmp_path: Path
) -> None:
    def play(share: Share, record: Rehearsal, tell: Callable[[Play], None]) -> None:
        del record
        tell(power_loss(fault=share.faults[0], cib=share.plan.name))
        try:
            time.sleep(60)
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):  # a job's and ours: one is enough
                os.kill(os.getpid(), number)
            time.sleep(0.1)
            (tmp_path / str(share.number)).touch()

    record = Rehearsal("all")

    def tell(_: Play) -> None:
        if len(record.plays) == 2:
            # As Ctrl-C does, at any moment.
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        play_side_by_side(plans[:1], FAULTS, 2, play, record, tell, Silence())
    assert [one.fault for one in record.plays] == FAULTS[:2]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["1", "2"]

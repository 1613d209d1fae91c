"""A rehearsal on guests, of the block mirror: its disks and its database are made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.lab.progress import Silence
from ocf_py.lab.vm.drbd_pair import DrbdPair
from ocf_py.rehearsal.planning import plan
from ocf_py.rehearsal.rehearsal import Company
from ocf_py.rehearsal.run import Rehearsal
from tests.cluster.conftest import calm

from .drbd_database import CIB, MirroredDatabase

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ocf_py.lab import Lab
    from ocf_py.rehearsal.record import Play, Verdict


@pytest.fixture
def bare_lab(lab: Lab) -> Iterator[Lab]:
    """It has no mirror, before and after."""
    yield lab
    MirroredDatabase(DrbdPair(calm(lab))).remove()


def test_faults_of_a_block_mirror_are_played_and_judged(bare_lab: Lab) -> None:
    record = Rehearsal("a block mirror")
    company = Company(bare_lab, record, lambda _: None, Silence())
    company.play_all(plan(CIB, 2), ["power-loss", "move", "filesystem-frozen", "memory-pressure"])
    broken = [(one.fault, one.trouble, bad) for one in record.plays if (bad := _broken(one))]
    assert broken == []
    loss = record.plays[0]
    assert loss.fenced == [loss.victim]
    assert all(written.acknowledged for play in record.plays for written in play.written)


def _broken(play: Play) -> list[Verdict]:
    return [one for one in play.verdicts if not one.holds]

"""One source and two copies: the later one is promoted, or what it has is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ocf_py.lab import Lab
from ocf_py.lab.faults import PowerLoss, suffer
from tests.cluster.conftest import SEEN_LABS, name_lab

from .pair import ADDRESS, KEEPING, PORT, Pair
from .writer import LineWriter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

THIRD = ('value="n1=10.77.2.11 n2=10.77.2.12"', 'value="n1=10.77.2.11 n2=10.77.2.12 n3=10.77.2.13"')
_RULE = '<rsc_location id="site-prefers-n1" rsc="site-clone">'
# Next after n1.
PREFERS_N3 = (
    _RULE,
    """<rsc_location id="site-prefers-n3" rsc="site-clone">
      <rule id="site-prefers-n3-rule" role="Promoted" score="900">
        <expression id="site-prefers-n3-node" attribute="#uname" operation="eq" value="n3"/>
      </rule>
    </rsc_location>
    """
    + _RULE,
)


@pytest.fixture
def trio(tmp_path: Path) -> Iterator[Pair]:
    """Three nodes; n1 is promoted, and the others have current copies."""
    with Lab.up(name_lab("trio"), nodes=3) as lab:
        SEEN_LABS.append(lab)
        trio = Pair(lab)
        trio.wipe()
        trio.fill("n1")
        trio.load(tmp_path, KEEPING, THIRD, PREFERS_N3)
        trio.promoted("n1")
        trio.follows("n2")
        trio.follows("n3")
        yield trio


def test_an_older_copy_that_is_preferred_takes_the_later_one_first(trio: Pair) -> None:
    with LineWriter(trio.lab, ADDRESS, PORT, trio.next_line()) as writer:
        writer.await_more()
        trio.lab.cut("n3", "service")  # its passes stop, and the cluster does not notice
        writer.await_more()
        last = writer.kept[-1].number
        trio.lab.wait_until("n2 has it", lambda: last in trio.lines("n2"))
        assert last not in trio.lines("n3")
        with suffer(trio.lab, PowerLoss("n1")):
            trio.lab.mend("n3", "service")
            trio.promoted("n3", seen_from="n3")
            kept = {one.number for one in writer.kept if one.number <= last}
            assert kept <= trio.lines("n3")
            trio.follows("n2")
            writer.await_more()
        trio.follows("n1")
